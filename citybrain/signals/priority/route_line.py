"""A route as a line: its edges end to end, and the stop lines on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from citybrain.network.model import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A stop line on a route.

    Attributes
    ----------
    edge, next_edge : int
        Edges before and after it; -1 where the route ends before.
    at_m : float
        Distance along the route.
    lanes : tuple of int
        Lanes of the edge that lead on; ``exits`` are the lanes they lead to.
    movements : tuple of int
        From those lanes to the next edge.
    """

    junction: int
    edge: int
    next_edge: int
    at_m: float
    lanes: tuple[int, ...]
    exits: tuple[int, ...]
    movements: tuple[int, ...]


class RouteLine:
    """Distances along a route, from the start of its first edge.

    Parameters
    ----------
    edges : sequence of int
        Edge indices, each connected with the next.
    """

    def __init__(self, network: Network, edges: Sequence[int]) -> None:
        self.network, self.edges = network, tuple(edges)
        self.start_m: list[float] = []
        self.crossings: list[Crossing] = []
        self.gives_way: list[tuple[float, int]] = []
        """Where the route gives way without a signal: distance, and the edge that follows."""
        at = 0.0
        for place, edge in enumerate(self.edges):
            self.start_m.append(at)
            at += network.edges[edge].length_m
            if place + 1 < len(self.edges):
                at += self._through(edge, self.edges[place + 1], at)
        self.length_m = at
        self.tail = self._tail(at)
        """The stop line that the last edge leads to, beyond the destination, whose queue may reach back to it."""

    def _tail(self, at_m: float) -> Crossing | None:
        network, edge = self.network, self.edges[-1]
        links = [(lane, link) for lane in network.edges[edge].lanes for link in network.lanes[lane].links]
        signalled = [(lane, link) for lane, link in links if link.movement >= 0]
        if not signalled:
            return None
        return Crossing(
            junction=network.movements[signalled[0][1].movement].junction,
            edge=edge,
            next_edge=-1,
            at_m=at_m,
            lanes=tuple(dict.fromkeys(lane for lane, _ in signalled)),
            exits=tuple(dict.fromkeys(link.to_lane for _, link in signalled)),
            movements=tuple(link.movement for _, link in signalled),
        )

    def _through(self, edge: int, following: int, at_m: float) -> float:
        """Note the stop line at the end of an edge; return the length of the way through the junction."""
        network, via = self.network, math.inf
        lanes, exits, movements, gives_way = [], [], [], False
        for lane in network.edges[edge].lanes:
            for link in network.lanes[lane].links:
                if network.lanes[link.to_lane].edge != following:
                    continue
                via = min(via, link.via_m)
                gives_way |= link.gives_way
                if link.movement >= 0:
                    lanes.append(lane)
                    exits.append(link.to_lane)
                    movements.append(link.movement)
        if movements:
            self.crossings.append(
                Crossing(
                    junction=network.movements[movements[0]].junction,
                    edge=edge,
                    next_edge=following,
                    at_m=at_m,
                    lanes=tuple(dict.fromkeys(lanes)),
                    exits=tuple(dict.fromkeys(exits)),
                    movements=tuple(movements),
                )
            )
        if gives_way:
            self.gives_way.append((at_m, following))
        return via if via < math.inf else 0.0

    def place(self, edge: int, *, near_m: float = 0.0) -> int:
        """Return where an edge comes on the route, the nearest if twice; -1 where it does not."""
        places = [k for k, e in enumerate(self.edges) if e == edge]
        return min(places, key=lambda k: abs(self.start_m[k] - near_m)) if places else -1

    def project(self, place: int, x_m: float, y_m: float) -> float:
        """Return the distance along the route of a position on one of its edges."""
        edge = self.network.edges[self.edges[place]]
        best, gone, drawn = (math.inf, 0.0), 0.0, 0.0
        for (ax, ay), (bx, by) in zip(edge.shape, edge.shape[1:], strict=False):
            dx, dy = bx - ax, by - ay
            step = math.hypot(dx, dy)
            share = 0.0 if step == 0 else min(max(((x_m - ax) * dx + (y_m - ay) * dy) / step**2, 0.0), 1.0)
            away = math.hypot(ax + share * dx - x_m, ay + share * dy - y_m)
            best = min(best, (away, gone + share * step))
            gone += step
        drawn = gone or 1.0
        return self.start_m[place] + best[1] / drawn * edge.length_m

    def drive_s(self, from_m: float, to_m: float, speed_mps: float | None = None) -> float:
        """Return the time to drive between two places at the limits, from ``speed_mps`` where given."""
        seconds, at = 0.0, from_m
        for place, edge in enumerate(self.edges):
            end = self.start_m[place + 1] if place + 1 < len(self.edges) else self.length_m
            if end <= at:
                continue
            limit = max(self.network.edges[edge].speed_mps, 1.0)
            if speed_mps is not None and seconds == 0.0:
                seconds += max(0.0, limit - speed_mps) ** 2 / (2 * _PICK_UP_MPS2 * limit)
            seconds += max(0.0, min(end, to_m) - at) / limit
            at = min(end, to_m)
            if at >= to_m:
                break
        return seconds


_PICK_UP_MPS2 = 2.0
