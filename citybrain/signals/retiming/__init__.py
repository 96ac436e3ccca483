"""The retiming optimiser: better fixed plans from the scenario's own demand.

::

    routes ─► streams ─► samples ─► queues ─► platoon model ─► Webster start ─► offsets (CP-SAT) ─► polish ─► plans
"""
