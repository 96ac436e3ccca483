"""Where a vehicle's next stop line is, given the lane it is on and its route."""

from __future__ import annotations

import math
from typing import NamedTuple

from citybrain.network.model import Network

SIGHT_M = 400.0
"""How far ahead the next stop line is looked for."""


class Ahead(NamedTuple):
    """Next stop line; the distance to it is ``reach_m`` less the position on the present lane.

    ``crossing`` is the movement that a vehicle inside a junction is making, else -1;
    ``stop_index`` the place in the route of the edge that ends at the stop line.
    """

    lane: int
    stop_lane: int
    movement: int
    reach_m: float
    crossing: int = -1
    stop_index: int = -1


class _Turn(NamedTuple):
    """One way from an edge to the next."""

    lane: int
    to_lane: int
    movement: int
    via_m: float


class RouteTracker:
    """Finds the next stop line along a route. Asked once per lane change, not per step.

    A vehicle stays on the lanes that its own lane leads to, as far as they lead on along its
    route, so that a queue on one lane is not taken for one that can leave by several.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._turns: dict[tuple[int, int], list[_Turn]] = {}
        for lane in network.lanes:
            for link in lane.links:
                key = (lane.edge, network.lanes[link.to_lane].edge)
                self._turns.setdefault(key, []).append(_Turn(lane.index, link.to_lane, link.movement, link.via_m))
        self._turn_count: dict[tuple[int, ...], int] = {}

    def locate(
        self, lane_id: str, lane_length_m: float, route: tuple[str, ...], route_index: int, before: int = -1
    ) -> Ahead:
        """Return the next stop line of a vehicle on ``lane_id``.

        Parameters
        ----------
        route : tuple of str
            Edge ids; ``route_index`` is the last normal edge it has reached.
        before : int
            Lane that it was on before, where it is inside a junction now; -1 if unknown.
        """
        own = self.network.lane_index(lane_id)
        reach, index = lane_length_m, route_index
        on: tuple[int, ...] = (own,)
        if own < 0:  # inside a junction: the way goes on with the next edge
            index += 1
            if index >= len(route):
                return Ahead(own, -1, -1, math.inf)
            edge = self.network.edge_index(route[index])
            if edge < 0:
                return Ahead(own, -1, -1, math.inf)
            reach += self.network.edges[edge].length_m
            on = self._entered(before, edge)
        while index + 1 < len(route) and reach < SIGHT_M + lane_length_m:
            here, there = self.network.edge_index(route[index]), self.network.edge_index(route[index + 1])
            turns = self._turns.get((here, there))
            if not turns:
                break
            ways = _nearest(turns, on)
            way = self._by_turns(ways)
            if way.movement >= 0:
                return Ahead(own, way.lane, way.movement, reach, stop_index=index)
            reach += way.via_m + self.network.edges[there].length_m
            on = tuple(dict.fromkeys(turn.to_lane for turn in ways))
            index += 1
        return Ahead(own, -1, -1, math.inf)

    def _entered(self, before: int, edge: int) -> tuple[int, ...]:
        """Lanes of an edge that a vehicle inside a junction may be about to enter."""
        lanes = self.network.lanes
        links = lanes[before].links if before >= 0 else ()
        return tuple(k.to_lane for k in links if lanes[k.to_lane].edge == edge) or self.network.edges[edge].lanes

    def _by_turns(self, ways: list[_Turn]) -> _Turn:
        if len(ways) == 1:
            return ways[0]
        key = tuple(way.lane for way in ways) + tuple(way.to_lane for way in ways)
        count = self._turn_count.get(key, 0)
        self._turn_count[key] = count + 1
        return ways[count % len(ways)]


def _nearest(turns: list[_Turn], on: tuple[int, ...]) -> list[_Turn]:
    """Ways from the lanes it may be on; where none leads there, from the lane beside."""
    ways = [turn for turn in turns if turn.lane in on]
    if ways or not on:
        return ways or turns
    near = min(abs(turn.lane - lane) for turn in turns for lane in on)
    return [turn for turn in turns if any(abs(turn.lane - lane) == near for lane in on)]
