"""Which junction answers for the delay on a road, and whose delay a change at a junction can touch."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network
from citybrain.signals.retiming.groups import Leg

NOBODY = -1


def next_signal(network: Network) -> NDArray[np.int32]:
    """Return the junction that each road leads to first, by distance along the road; -1 where it leads to none."""
    owner = np.full(len(network.edges), NOBODY, dtype=np.int32)
    for movement in network.movements:
        if not movement.is_crossing:
            owner[network.lanes[movement.from_lane].edge] = movement.junction
    before: list[set[int]] = [set() for _ in network.edges]
    for lane in network.lanes:
        for link in lane.links:
            before[network.lanes[link.to_lane].edge].add(lane.edge)
    at_signal = owner >= 0
    distance = np.where(at_signal, 0.0, np.inf)
    waiting = [(0.0, int(edge)) for edge in np.flatnonzero(at_signal)]
    while waiting:
        so_far, edge = heapq.heappop(waiting)
        if so_far > distance[edge]:
            continue
        for other in before[edge]:
            length = so_far + network.edges[other].length_m
            if not at_signal[other] and length < distance[other]:
                distance[other], owner[other] = length, owner[edge]
                heapq.heappush(waiting, (length, other))
    return owner


class Neighbourhoods:
    """Junctions with those that they send traffic to or get it from.

    A change at a junction is felt there, downstream by what arrives, and upstream by what no longer fits.
    """

    def __init__(self, n_junctions: int, legs: Mapping[tuple[int, int], Leg]) -> None:
        self.beside: list[frozenset[int]] = [frozenset()] * n_junctions
        found: list[set[int]] = [set() for _ in range(n_junctions)]
        for start, end in legs:
            found[start].add(end)
            found[end].add(start)
        self.beside = [frozenset(others) for others in found]

    def around(self, junctions: Iterable[int], *, steps: int = 1) -> frozenset[int]:
        """Return the junctions within some steps of any of these, themselves included."""
        ball = set(junctions)
        for _ in range(steps):
            ball |= {other for junction in tuple(ball) for other in self.beside[junction]}
        return frozenset(ball)


def by_junction(edge_s: NDArray[np.float64], owner: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Sum the delay on roads over the junctions that they lead to."""
    known = owner >= 0
    return np.bincount(owner[known], edge_s[known], count).astype(np.float64)
