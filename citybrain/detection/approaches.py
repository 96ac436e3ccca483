"""Where a road leads: the stop lines ahead of every lane, as a map shows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network

REACH_M = 400.0
"""How far ahead stop lines are looked for."""
_MOST_HOPS = 12


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways to stop lines; source ``i`` owns rows ``at[i]:at[i + 1]``.

    Attributes
    ----------
    at : ndarray of int64, shape (n_sources + 1,)
    source, stop_lane : ndarray of int64
    distance_m : ndarray of float64
        From the end of a source lane, or from the start of a source edge, to the stop line.
    share : ndarray of float64
        Of the source's traffic, if all ways on were equal; less than 1 in all where some lead to no signal.
    """

    at: NDArray[np.int64]
    source: NDArray[np.int64]
    stop_lane: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    share: NDArray[np.float64]

    def weights(self, flow_vps: NDArray[np.float64], *, least_vps: float = 0.01) -> NDArray[np.float64]:
        """Return the shares given the flow at every lane's stop line; the sum for each source stays."""
        weight = self.share * (flow_vps[self.stop_lane] + least_vps)
        total = np.bincount(self.source, weights=weight, minlength=len(self.at) - 1)
        before = np.bincount(self.source, weights=self.share, minlength=len(self.at) - 1)
        return np.asarray(weight * (before / np.maximum(total, 1e-12))[self.source])

    def expand(self, source: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for each way of each given source: which of the given it is of, and the row of the way."""
        first = self.at[source]
        count = self.at[source + 1] - first
        owner = np.repeat(np.arange(len(source)), count)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        return owner, first[owner] + place


class Approaches:
    """Static geometry of a network's approaches.

    Attributes
    ----------
    length_m, limit_mps : ndarray of float64, by lane
    edge : ndarray of int64, by lane
    is_stop : ndarray of bool, by lane
        Whether the lane ends at a signal.
    junction : ndarray of int64, by lane
        The junction of that signal, or -1.
    only_movement : ndarray of int32, by lane
        The movement of a lane that allows one alone, else -1.
    lanes_ways, edges_ways : Ways
        From the end of each lane; from the start of each edge, whose lanes can be changed.

    Parameters
    ----------
    reach_m : float
        How far ahead stop lines are looked for.
    """

    def __init__(self, network: Network, *, reach_m: float = REACH_M) -> None:
        self._reach_m = reach_m
        lanes, n = network.lanes, len(network.lanes)
        self.length_m = np.array([lane.length_m for lane in lanes])
        self.limit_mps = np.maximum([lane.speed_mps for lane in lanes], 1.0)
        self.edge = np.array([lane.edge for lane in lanes], dtype=np.int64)
        self.is_stop = np.zeros(n, dtype=np.bool_)
        self.junction = np.full(n, -1, dtype=np.int64)
        self.only_movement = np.full(n, -1, dtype=np.int32)
        movements: dict[int, set[int]] = {}
        for movement in network.movements:
            if not movement.is_crossing:
                movements.setdefault(movement.from_lane, set()).add(movement.index)
                self.junction[movement.from_lane] = movement.junction
        for lane, found in movements.items():
            self.is_stop[lane] = True
            if len(found) == 1:
                self.only_movement[lane] = next(iter(found))
        self._known: dict[int, dict[int, tuple[float, float]]] = {}
        from_lane = [self._from_end(network, lane.index, _MOST_HOPS) for lane in lanes]
        self.lanes_ways = _flat(from_lane)
        from_edge: list[dict[int, tuple[float, float]]] = []
        for edge in network.edges:
            found_ways: dict[int, tuple[float, float]] = {}
            for i in edge.lanes:
                for stop, (metres, share) in from_lane[i].items():
                    known = found_ways.get(stop, (np.inf, 0.0))
                    found_ways[stop] = (min(known[0], metres + edge.length_m), known[1] + share / len(edge.lanes))
            from_edge.append(found_ways)
        self.edges_ways = _flat(from_edge)

    def _from_end(self, network: Network, lane: int, hops: int) -> dict[int, tuple[float, float]]:
        """Stop lines ahead of the end of a lane: distance and share."""
        if self.is_stop[lane]:
            return {lane: (0.0, 1.0)}
        if lane in self._known:
            return self._known[lane]
        found: dict[int, tuple[float, float]] = {}
        # hardly anybody turns round where there is no signal, and who drives away must not count as coming
        links = [link for link in network.lanes[lane].links if not _turns_round(network, lane, link.to_lane)]
        self._known[lane] = found  # a ring of roads without signals leads nowhere
        for link in links if hops > 0 else ():
            ahead = self._from_end(network, link.to_lane, hops - 1)
            on_m = link.via_m + network.lanes[link.to_lane].length_m
            for stop, (metres, share) in ahead.items():
                if metres + on_m <= self._reach_m:
                    known = found.get(stop, (np.inf, 0.0))
                    found[stop] = (min(known[0], metres + on_m), known[1] + share / len(links))
        return found


def _turns_round(network: Network, lane: int, to_lane: int) -> bool:
    here, there = network.edges[network.lanes[lane].edge], network.edges[network.lanes[to_lane].edge]
    return here.from_node == there.to_node and here.to_node == there.from_node


def _flat(found: list[dict[int, tuple[float, float]]]) -> Ways:
    at = np.concatenate(([0], np.cumsum([len(ways) for ways in found]))).astype(np.int64)
    rows = [(i, stop, *way) for i, ways in enumerate(found) for stop, way in sorted(ways.items())]
    source, stop, metres, share = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Ways(
        at,
        np.array(source, np.int64),
        np.array(stop, np.int64),
        np.array(metres, np.float64),
        np.array(share, np.float64),
    )
