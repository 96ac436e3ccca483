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
_LEFT_SIGNALLED, _LEFT_OTHER = 0.2, 0.8
_TURN_S = 1.0
_GAP_S, _LONGEST_GAP_WAIT_S = 5.0, 60.0


class RoutePlanner:
    """Finds ways; built once for a network.

    Attributes
    ----------
    free_s : ndarray, by edge
        Seconds to drive it at the limit.
    fed_by : ndarray of int64, by edge
        Of an edge that ends at a signal, the one road that it widens from; else -1.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._next: list[dict[int, tuple[float, bool, bool]]] = []
        for edge in network.edges:
            onward: dict[int, tuple[float, bool, bool]] = {}
            for lane in edge.lanes:
                for link in network.lanes[lane].links:
                    target = network.lanes[link.to_lane].edge
                    signalled = link.movement >= 0
                    straight = signalled and network.movements[link.movement].turn == "straight"
                    via_s = link.via_m / max(network.lanes[link.to_lane].speed_mps, 1.0)
                    via_s += 0.0 if straight else _TURN_S
                    known = onward.get(target, (np.inf, False, True))
                    onward[target] = (min(known[0], via_s), known[1] or signalled, known[2] and link.gives_way)
            self._next.append(onward)
        self.free_s = np.array([edge.length_m / max(edge.speed_mps, 1.0) for edge in network.edges])
        nodes = {node: number for number, node in enumerate(dict.fromkeys(edge.to_node for edge in network.edges))}
        self._node = np.array([nodes[edge.to_node] for edge in network.edges], dtype=np.int64)
        self._lanes = np.array([max(len(edge.lanes), 1) for edge in network.edges])
        self.fed_by = self._pockets()
        self._behind = np.zeros(len(network.edges), dtype=np.bool_)
        self._behind[[edge for edge in self.fed_by if edge >= 0]] = True

    def _pockets(self) -> NDArray[np.int64]:
        """Return :attr:`fed_by`.

        A road that gets its turning lanes some way before the stop line is two edges, and the
        queue of that signal stands mostly on the first, where no signal is.
        """
        into: dict[str, list[int]] = {}
        for edge in self.network.edges:
            into.setdefault(edge.to_node, []).append(edge.index)
        fed_by = np.full(len(self.network.edges), -1, dtype=np.int64)
        for edge in self.network.edges:
            onward = self._next[edge.index]
            alone = len(into[edge.to_node]) == 1 and len(onward) == 1
            for target, (_, signalled, gives_way) in onward.items():
                ends_at_signal = any(known[1] for known in self._next[target].values())
                if alone and ends_at_signal and not signalled and not gives_way:
                    fed_by[target] = edge.index
        return fed_by

    def fastest(
        self,
        origin: int,
        destination: int,
        now_s: NDArray[np.float64],
        *,
        vehicles: NDArray[np.float64] | None = None,
        priority: bool = False,
        lead_s: float = 0.0,
        flow_vps: NDArray[np.float64] | None = None,
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
        flow_vps : ndarray, by edge, optional
            Traffic that the vehicle must find a gap in where it gives way without a signal.

        Raises
        ------
        ValueError
            If there is no way.
        """
        free = self.free_s
        queue_s = self._queue_s(np.zeros(len(free)) if vehicles is None else vehicles)
        gap_s = self._gap_wait_s(flow_vps)
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
            for target, (via_s, signalled, gives_way) in self._next[edge].items():
                if target in done:
                    continue
                spent = now_s[edge]
                if priority:
                    spent = self._with_priority_s(edge, now_s, queue_s, at + lead_s, signalled=signalled)
                reached = at + float(spent) + via_s + (float(gap_s[edge]) if gives_way else 0.0)
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
        self,
        route: Sequence[int],
        now_s: NDArray[np.float64],
        *,
        vehicles: NDArray[np.float64],
        priority: bool,
        flow_vps: NDArray[np.float64] | None = None,
    ) -> float:
        """Return the expected seconds of a given route."""
        at, gap_s, queue_s = 0.0, self._gap_wait_s(flow_vps), self._queue_s(vehicles)
        for edge, target in pairwise(route):
            via_s, signalled, gives_way = self._next[edge].get(target, (0.0, False, False))
            spent = float(now_s[edge])
            if priority:
                spent = self._with_priority_s(edge, now_s, queue_s, at, signalled=signalled)
            at += spent + via_s + (float(gap_s[edge]) if gives_way else 0.0)
        return at + float(self.free_s[route[-1]])

    def _with_priority_s(
        self, edge: int, now_s: NDArray[np.float64], queue_s: NDArray[np.float64], since_s: float, *, signalled: bool
    ) -> float:
        """Seconds on an edge whose signal is cleared, if it has one; ``since_s`` after the call it is entered."""
        free_s = float(self.free_s[edge])
        lost_s = float(now_s[edge]) - free_s
        spent = free_s + (_LEFT_SIGNALLED if signalled or self._behind[edge] else _LEFT_OTHER) * lost_s
        if not signalled:
            return spent
        most = max(float(now_s[edge]), spent)
        before = int(self.fed_by[edge])
        if before >= 0:
            most += (1.0 - _LEFT_SIGNALLED) * float(now_s[before] - self.free_s[before])
        return min(max(spent, _CHANGE_S + _START_UP_S + float(queue_s[edge]) - since_s), most)

    def _queue_s(self, vehicles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds that the vehicles before the end of each edge take to leave, its lanes side by side."""
        queue_s: NDArray[np.float64] = vehicles / self._lanes * _HEADWAY_S
        pockets = np.flatnonzero(self.fed_by >= 0)
        queue_s[pockets] += queue_s[self.fed_by[pockets]]
        return queue_s

    def _gap_wait_s(self, flow_vps: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """Mean wait for a gap at the end of each edge, in the traffic of the other edges to the same node.

        ``(exp(q T) - q T - 1) / q`` with a gap of ``T`` = 5 s (Adams, J. Inst. Civil Eng. 4(1), 1936), at most 60 s.
        """
        if flow_vps is None:
            return np.zeros(len(self._node))
        others = np.bincount(self._node, weights=flow_vps)[self._node] - flow_vps
        q = np.maximum(others, 1e-6)
        return np.minimum((np.exp(np.minimum(q * _GAP_S, 20.0)) - q * _GAP_S - 1.0) / q, _LONGEST_GAP_WAIT_S)
