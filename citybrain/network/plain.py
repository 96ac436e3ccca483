"""From a written city to the roads, stop lines and lane connections that SUMO's netconvert reads.

A two-way corridor becomes two directed roads between each pair of places. A road that ends at a
signalised junction and allows a far turn gets one more lane near its stop line, for that turn: the
road is cut there into its *run* and its *approach*.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from citybrain.network.corridors import METRES_PER_DEGREE, Corridor, Place, Point, WrittenCity, distance_m
from citybrain.network.lane_turns import Exit, allot_lanes, merge_lanes

TURN_LANE_M = 60.0
_SHORTEST_WITH_TURN_LANE_M = 85.0
_STRAIGHT_WITHIN_DEG = 40.0
_UTURN_BEYOND_DEG = 150.0
_RAMP_WITHIN_DEG = 100.0
"""Where roads fork or join without a signal nobody turns sharper than this."""
_HEADING_OVER_M = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A directed road between two places.

    Attributes
    ----------
    lanes, approach_lanes : int
        Lanes along the road, and at its stop line.
    cut_m : float
        Where the approach begins, measured from the start; 0 if the road is in one piece.
    """

    start: str
    end: str
    corridor: Corridor
    shape: tuple[Point, ...]
    lanes: int
    approach_lanes: int = 0
    cut_m: float = 0.0

    @property
    def id(self) -> str:
        """Name of its first edge; the approach adds ``.stop``."""
        return f"{self.start}--{self.end}"

    @property
    def last_edge(self) -> str:
        """Name of the edge that reaches the end place."""
        return f"{self.id}.stop" if self.cut_m else self.id

    @property
    def last_lanes(self) -> int:
        """Lanes where the road reaches the end place."""
        return self.approach_lanes if self.cut_m else self.lanes

    @property
    def length_m(self) -> float:
        """Length of the shape."""
        return sum(distance_m(a, b) for a, b in pairwise(self.shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A lane of a road's last edge leads to a lane of another road's first edge."""

    from_road: str
    to_road: str
    lane: int
    to_lane: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """All directed roads of a city by id, and how their lanes connect at the places."""

    city: WrittenCity
    roads: dict[str, Road]
    connections: tuple[Connection, ...]


def lay_roads(city: WrittenCity) -> Roads:
    """Lay the directed roads of a written city and connect their lanes."""
    bare = [road for corridor in city.corridors for road in _roads_of(corridor, city.places)]
    leaving: dict[str, list[Road]] = defaultdict(list)
    for road in bare:
        leaving[road.start].append(road)
    raised = {(road.start, road.end) for road in bare if road.corridor.level}
    roads = {road.id: _with_turn_lane(road, city.places[road.end], leaving[road.end], raised) for road in bare}
    arriving: dict[str, list[Road]] = defaultdict(list)
    for road in roads.values():
        arriving[road.end].append(road)
    connections: list[Connection] = []
    for place in city.places.values():
        connect = _at_signal if place.signalised else _at_node
        connections += connect(arriving[place.id], leaving[place.id], raised)
    return Roads(city=city, roads=roads, connections=tuple(connections))


def _roads_of(corridor: Corridor, places: dict[str, Place]) -> list[Road]:
    found: list[Road] = []
    start, shape = "", []
    for step in corridor.path:
        point = places[step].point if isinstance(step, str) else step
        shape.append(point)
        if isinstance(step, str):
            if start:
                for a, b, lanes, line in (
                    (start, step, corridor.lanes[0], shape),
                    (step, start, corridor.lanes[1], shape[::-1]),
                ):
                    if lanes:
                        beside = _shifted(tuple(line), corridor.beside_m) if corridor.beside_m else tuple(line)
                        found.append(Road(start=a, end=b, corridor=corridor, shape=beside, lanes=lanes))
            start, shape = step, [point]
    return found


def _shifted(shape: tuple[Point, ...], left_m: float) -> tuple[Point, ...]:
    """Move a line to the left of its direction, keeping its end points."""
    east = METRES_PER_DEGREE * math.cos(math.radians(shape[0][0]))
    moved: list[Point] = [shape[0]]
    dense = _with_ends(shape)
    for i in range(1, len(dense) - 1):
        dy = dense[i + 1][0] - dense[i - 1][0]
        dx = dense[i + 1][1] - dense[i - 1][1]
        norm = math.hypot(dx, dy)
        moved.append((dense[i][0] + dx / norm * left_m / METRES_PER_DEGREE, dense[i][1] - dy / norm * left_m / east))
    return (*moved, shape[-1])


def _with_ends(shape: tuple[Point, ...]) -> list[Point]:
    """Add points a little after the start and before the end, so that a shifted line leaves its ends at once."""

    def between(a: Point, b: Point, share: float) -> Point:
        return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share

    first = min(25.0 / distance_m(shape[0], shape[1]), 0.4)
    last = min(25.0 / distance_m(shape[-1], shape[-2]), 0.4)
    return [
        shape[0],
        between(shape[0], shape[1], first),
        *shape[1:-1],
        between(shape[-1], shape[-2], last),
        shape[-1],
    ]


def heading_deg(shape: tuple[Point, ...], *, at_end: bool) -> float:
    """Compass heading of a road where it leaves its start or reaches its end, degrees."""
    line = shape[::-1] if at_end else shape
    gone = 0.0
    tip = line[-1]
    for a, b in pairwise(line):
        step = distance_m(a, b)
        if gone + step >= _HEADING_OVER_M:
            share = (_HEADING_OVER_M - gone) / step
            tip = a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
            break
        gone += step
    a, b = (tip, line[0]) if at_end else (line[0], tip)
    return math.degrees(math.atan2((b[1] - a[1]) * math.cos(math.radians(a[0])), b[0] - a[0])) % 360


def turn_deg(arriving: Road, leaving: Road) -> float:
    """Angle from one road to the next, -180 to 180; negative is to the left."""
    change = heading_deg(leaving.shape, at_end=False) - heading_deg(arriving.shape, at_end=True)
    return (change + 180) % 360 - 180


def _ways_out(arriving: Road, leaving: list[Road], raised: set[tuple[str, str]]) -> list[tuple[float, Road]]:
    """The roads a driver can take, leftmost first.

    Turning back is not one of them, nor is leaving a main road by a ramp and joining it again by
    the next one, where a flyover or underpass goes straight there.
    """
    ways = [
        (turn_deg(arriving, road), road)
        for road in leaving
        if road.end != arriving.start and not ((arriving.start, road.end) in raised and not road.corridor.level)
    ]
    return sorted(((a, r) for a, r in ways if abs(a) <= _UTURN_BEYOND_DEG), key=lambda way: way[0])


def _exits(ways: list[tuple[float, Road]]) -> list[Exit]:
    """Classify ways out; the straightest one within reach is the straight one."""
    exits = []
    for angle, road in ways:
        turn = "near" if angle < -_STRAIGHT_WITHIN_DEG else "far" if angle > _STRAIGHT_WITHIN_DEG else "straight"
        exits.append(Exit(turn, road.lanes))
    return exits


def _fork(ways: list[tuple[float, Road]]) -> list[Exit]:
    """Classify the branches of a fork: the straightest is the main road, the others leave it to either side.

    A slip road is never the main road while there is another.
    """
    if not ways:
        return []
    main = min(range(len(ways)), key=lambda k: (bool(ways[k][1].corridor.beside_m), abs(ways[k][0])))
    turns = ["near" if k < main else "far" if k > main else "straight" for k in range(len(ways))]
    return [Exit(turn, road.lanes) for turn, (_, road) in zip(turns, ways, strict=True)]


def _with_turn_lane(road: Road, end: Place, leaving: list[Road], raised: set[tuple[str, str]]) -> Road:
    exits = _exits(_ways_out(road, leaving, raised))
    wanted = end.kind == "junction" and road.corridor.turn_lane and len(exits) > 1 and exits[-1].turn == "far"
    # more lanes than there are lanes beyond would have to merge inside the junction
    wanted = wanted and road.lanes < sum(item.lanes for item in exits)
    if not wanted or road.length_m < _SHORTEST_WITH_TURN_LANE_M:
        return road
    cut = max(road.length_m - TURN_LANE_M, road.length_m / 2)
    return Road(
        start=road.start, end=road.end, corridor=road.corridor, shape=road.shape, lanes=road.lanes,
        approach_lanes=road.lanes + 1, cut_m=cut,
    )  # fmt: skip


def _at_signal(arriving: list[Road], leaving: list[Road], raised: set[tuple[str, str]]) -> list[Connection]:
    found = []
    for road in arriving:
        ways = _ways_out(road, leaving, raised)
        turns = allot_lanes(road.last_lanes, _exits(ways), far_alone=bool(road.cut_m))
        found += [_connection(road, ways[turn.exit][1], turn.lane, turn.to_lane) for turn in turns]
    return found


def _at_node(arriving: list[Road], leaving: list[Road], raised: set[tuple[str, str]]) -> list[Connection]:
    """Without a signal: diverges give lanes to exits, merges give exit lanes to roads."""
    wanted: dict[str, list[tuple[float, Road, list[int]]]] = defaultdict(list)
    targets = {road.id: road for road in leaving}
    for road in arriving:
        ways = [way for way in _ways_out(road, leaving, raised) if abs(way[0]) <= _RAMP_WITHIN_DEG]
        ways.sort(key=lambda way: (not way[1].corridor.beside_m, way[0]))
        lanes_to: dict[int, list[int]] = defaultdict(list)
        for turn in allot_lanes(road.last_lanes, _fork(ways)):
            lanes_to[turn.exit].append(turn.lane)
        for index, lanes in lanes_to.items():
            angle, target = ways[index]
            # a road that joins from the left turns left into the target; a slip road lies left of the rest
            wanted[target.id].append((angle - 10.0 * road.corridor.beside_m, road, lanes))
    found = []
    for target_id, sources in wanted.items():
        sources.sort(key=lambda source: source[0])
        merged = merge_lanes([len(lanes) for _, _, lanes in sources], targets[target_id].lanes)
        for (_, road, lanes), pairs in zip(sources, merged, strict=True):
            found += [_connection(road, targets[target_id], lanes[k], to_lane) for k, to_lane in pairs]
    return found


def _connection(road: Road, target: Road, lane: int, to_lane: int) -> Connection:
    return Connection(from_road=road.id, to_road=target.id, lane=lane, to_lane=to_lane)
