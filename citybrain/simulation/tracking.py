"""Where a vehicle's next stop line is, given the lane it is on and its route."""

from __future__ import annotations

import math
from typing import NamedTuple

from citybrain.network.model import Network

SIGHT_M = 400.0
"""How far ahead the next stop line is looked for."""


class Ahead(NamedTuple):
    """Next stop line; the distance to it is ``reach_m`` less the position on the present lane.

    ``crossing`` is the movement that a vehicle inside a junction is making, else -1.
    """

    lane: int
    stop_lane: int
    movement: int
    reach_m: float
    crossing: int = -1


class RouteTracker:
    """Finds the next stop line along a route. Asked once per lane change, not per step."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._turns: dict[tuple[int, int], list[tuple[int, int, float]]] = {}
        for lane in network.lanes:
            for link in lane.links:
                key = (lane.edge, network.lanes[link.to_lane].edge)
                self._turns.setdefault(key, []).append((lane.index, link.movement, link.via_m))
        self._turn_count: dict[tuple[int, int], int] = {}

    def locate(self, lane_id: str, lane_length_m: float, route: tuple[str, ...], route_index: int) -> Ahead:
        """Return the next stop line of a vehicle on ``lane_id``.

        Parameters
        ----------
        route : tuple of str
            Edge ids; ``route_index`` is the last normal edge it has reached.
        """
        own = self.network.lane_index(lane_id)
        reach, index = lane_length_m, route_index
        if own < 0:  # inside a junction: the way goes on with the next edge
            index += 1
            if index >= len(route):
                return Ahead(own, -1, -1, math.inf)
            edge = self.network.edge_index(route[index])
            if edge < 0:
                return Ahead(own, -1, -1, math.inf)
            reach += self.network.edges[edge].length_m
        while index + 1 < len(route) and reach < SIGHT_M + lane_length_m:
            here, there = self.network.edge_index(route[index]), self.network.edge_index(route[index + 1])
            turns = self._turns.get((here, there))
            if not turns:
                break
            first = own >= 0 and index == route_index
            lane, movement, via_m = self._choose(turns, own if first else -1, (here, there))
            if movement >= 0:
                return Ahead(own, lane, movement, reach)
            reach += via_m + self.network.edges[there].length_m
            index += 1
        return Ahead(own, -1, -1, math.inf)

    def _choose(
        self, turns: list[tuple[int, int, float]], own: int, key: tuple[int, int]
    ) -> tuple[int, int, float]:
        """The vehicle's own lane where it leads there, the nearest where not, by turns further up."""
        if own >= 0:
            return min(turns, key=lambda turn: abs(turn[0] - own))
        count = self._turn_count.get(key, 0)
        self._turn_count[key] = count + 1
        return turns[count % len(turns)]
