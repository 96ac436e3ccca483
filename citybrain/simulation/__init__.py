"""The plant: SUMO, and a twin of it without SUMO."""
