"""Emergency vehicles in the plant: where they truly are, and the advice they follow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from typing import NamedTuple, Protocol


class FleetReading(NamedTuple):
    """An emergency vehicle on the road.

    Attributes
    ----------
    edge : str
        Edge that it is on; inside a junction the one it comes from.
    distance_m : float
        Driven since it started.
    """

    vehicle_id: str
    x_m: float
    y_m: float
    speed_mps: float
    edge: str
    distance_m: float


class Fleet(Protocol):
    """The emergency vehicles of a plant."""

    def read(self) -> Sequence[FleetReading]:
        """Return the vehicles that are on the road."""

    def guide(self, vehicle_id: str, route: Sequence[str]) -> bool:
        """Tell a driver to follow other edges, the first being where it is; False where that came too late."""

    def edge_speeds(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return mean speed and vehicles by edge of the network, as floating cars would report them."""


def along(shape: Sequence[tuple[float, float]], share: float) -> tuple[float, float]:
    """Return the point at a share of a line's length."""
    steps = [(a, b, hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(shape)]
    rest = share * sum(length for _, _, length in steps)
    for a, b, length in steps:
        if rest <= length:
            part = rest / length if length else 0.0
            return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])
        rest -= length
    return shape[-1]
