"""Counts of a set of routes: vehicles an hour by edge and by movement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from citybrain.demand.trips import Trip

PASSENGER_UNITS = {"car": 1.0, "motorcycle": 0.75, "lorry": 1.9, "bus": 2.3}
"""Road space at a stop line in passenger cars, by vehicle kind, at the lengths and gaps of ``vehicles.py``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Flows of a period.

    Attributes
    ----------
    edge_vph : mapping
        Vehicles an hour by edge.
    movement_pcu : mapping
        Passenger car units an hour by (edge, next edge).
    """

    edge_vph: dict[str, float]
    movement_pcu: dict[tuple[str, str], float]


def count_flows(trips: Iterable[Trip], *, hours: float) -> Flows:
    """Count routes as if every vehicle finished within the ``hours`` that its departures span."""
    edges: dict[str, float] = defaultdict(float)
    movements: dict[tuple[str, str], float] = defaultdict(float)
    for trip in trips:
        units = PASSENGER_UNITS[trip.kind] / hours
        for edge in trip.edges:
            edges[edge] += 1.0 / hours
        for pair in zip(trip.edges, trip.edges[1:], strict=False):
            movements[pair] += units
    return Flows(edge_vph=dict(edges), movement_pcu=dict(movements))
