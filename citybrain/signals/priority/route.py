"""The fastest way, given what the links take now and what priority will make of them.

A label-setting search over edges (Dijkstra) whose costs depend on the time at which an edge is
entered: a junction that is reached late enough can be cleared first, one that is near cannot.
Waiting never pays off, so labels may be set once (Kaufman and Smith, IVHS Journal 1(1), 1993).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network

_CHANGE_S = 8.0
_START_UP_S, _HEADWAY_S = 2.0, 2.1
_LEFT_SIGNALLED, _LEFT_OTHER = 0.35, 0.8
_TURN_S, _GIVE_WAY_S = 1.0, 20.0


class RoutePlanner:
    """Finds ways; built once for a network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._next: list[dict[int, tuple[float, bool]]] = []
        for edge in network.edges:
            onward: dict[int, tuple[float, bool]] = {}
            for lane in edge.lanes:
                for link in network.lanes[lane].links:
                    target = network.lanes[link.to_lane].edge
                    signalled = link.movement >= 0
                    straight = signalled and network.movements[link.movement].turn == "straight"
                    via_s = link.via_m / max(network.lanes[link.to_lane].speed_mps, 1.0)
                    via_s += 0.0 if straight else _TURN_S
                    via_s += _GIVE_WAY_S if link.gives_way else 0.0
                    known = onward.get(target, (np.inf, False))
                    onward[target] = (min(known[0], via_s), known[1] or signalled)
            self._next.append(onward)
        self._free_s = np.array([edge.length_m / max(edge.speed_mps, 1.0) for edge in network.edges])
        self._lanes = np.array([max(len(edge.lanes), 1) for edge in network.edges])

    def fastest(
        self,
        origin: int,
        destination: int,
        now_s: NDArray[np.float64],
        *,
        vehicles: NDArray[np.float64] | None = None,
        priority: bool = False,
        lead_s: float = 0.0,
    ) -> tuple[tuple[int, ...], float]:
        """Return edges from origin to destination, both included, and the expected seconds.

        Parameters
        ----------
        now_s : ndarray, by edge
            What each edge takes now, signals included.
        vehicles : ndarray, by edge, optional
            Vehicles on it, for the queues that priority must clear.
        priority : bool
            Whether signals will be cleared for this vehicle.
        lead_s : float
            Time until it starts, which clearing may use.

        Raises
        ------
        ValueError
            If there is no way.
        """
        free = self._free_s
        queue_s = np.zeros(len(free)) if vehicles is None else vehicles / self._lanes * _HEADWAY_S
        best = {origin: 0.0}
        came: dict[int, int] = {}
        heap = [(0.0, origin)]
        done: set[int] = set()
        while heap:
            at, edge = heapq.heappop(heap)
            if edge in done:
                continue
            done.add(edge)
            if edge == destination:
                break
            for target, (via_s, signalled) in self._next[edge].items():
                if target in done:
                    continue
                spent = now_s[edge]
                if priority:
                    left = _LEFT_SIGNALLED if signalled else _LEFT_OTHER
                    spent = free[edge] + left * (now_s[edge] - free[edge])
                    if signalled:
                        need = _CHANGE_S + _START_UP_S + queue_s[edge]
                        spent = min(max(spent, need - at - lead_s), max(now_s[edge], spent))
                reached = at + float(spent) + via_s
                if reached < best.get(target, np.inf):
                    best[target] = reached
                    came[target] = edge
                    heapq.heappush(heap, (reached, target))
        if destination not in done:
            ids = self.network.edges[origin].id, self.network.edges[destination].id
            raise ValueError(f"there is no way from {ids[0]} to {ids[1]}")
        way = [destination]
        while way[-1] != origin:
            way.append(came[way[-1]])
        return tuple(way[::-1]), best[destination] + float(now_s[destination] if not priority else free[destination])

    def expected_s(
        self, route: Sequence[int], now_s: NDArray[np.float64], *, vehicles: NDArray[np.float64], priority: bool
    ) -> float:
        """Return the expected seconds of a given route."""
        at = 0.0
        for edge, target in pairwise(route):
            via_s, signalled = self._next[edge].get(target, (0.0, False))
            spent = float(now_s[edge])
            if priority:
                left = _LEFT_SIGNALLED if signalled else _LEFT_OTHER
                spent = float(self._free_s[edge] + left * (now_s[edge] - self._free_s[edge]))
                if signalled:
                    need = _CHANGE_S + _START_UP_S + float(vehicles[edge] / self._lanes[edge]) * _HEADWAY_S
                    spent = min(max(spent, need - at), max(float(now_s[edge]), spent))
            at += spent + via_s
        return at + float(self._free_s[route[-1]])
