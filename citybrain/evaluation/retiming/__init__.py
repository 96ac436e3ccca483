"""``citybrain retime``: plans from the optimiser, judged by SUMO, written down and explained."""
