"""What of a city stays as it is: roads, junctions, and corridors found in the network."""

from __future__ import annotations

import itertools

from citybrain.network.model import Movement, Network
from citybrain.network.netfacts import NetFacts
from citybrain.operations.details import CorridorGeometry, EdgeGeometry, Geometry, JunctionGeometry, Point
from citybrain.operations.link_ends import link_ends

_MOST_CORRIDORS = 16
_LEAST_JUNCTIONS = 3
_MOST_HOPS = 12
_DIGITS = 7


def make_geometry(network: Network, scenario: str, facts: NetFacts) -> Geometry:
    """Return the geometry of a network; with longitude and latitude where the net has a projection."""
    points = [point for edge in network.edges for point in edge.shape]
    points += [(junction.x_m, junction.y_m) for junction in network.junctions]
    geographic = facts.location.is_geographic
    placed = iter(facts.location.lon_lat(points) if geographic else ())

    def lon_lat() -> Point:
        lon, lat = next(placed)
        return round(lon, _DIGITS), round(lat, _DIGITS)

    edges = tuple(
        EdgeGeometry(
            id=edge.id,
            name=edge.name,
            lanes=len(edge.lanes),
            length_m=round(edge.length_m, 1),
            limit_mps=edge.speed_mps,
            points_m=tuple((round(x, 1), round(y, 1)) for x, y in edge.shape),
            lon_lat=tuple(lon_lat() for _ in edge.shape) if geographic else (),
        )
        for edge in network.edges
    )
    junctions = []
    for junction in network.junctions:
        lon, lat = lon_lat() if geographic else (None, None)
        approaches, exits = link_ends(network, junction)
        junctions.append(
            JunctionGeometry(
                id=junction.id, name=junction.name, x_m=round(junction.x_m, 1), y_m=round(junction.y_m, 1),
                lon=lon, lat=lat, stages=len(junction.stages), approaches=approaches, exits=exits,
            )
        )  # fmt: skip
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Geometry(
        scenario=scenario,
        left_hand=network.left_hand,
        geographic=geographic,
        bounds_m=(min(xs), min(ys), max(xs), max(ys)),
        edges=edges,
        junctions=tuple(junctions),
        corridors=find_corridors(network),
    )


def find_corridors(network: Network) -> tuple[CorridorGeometry, ...]:
    """Return the longest ways straight on through three signals or more, none of which is part of another."""
    straight = {
        network.lanes[m.from_lane].edge: m for m in network.movements if m.turn == "straight" and not m.is_crossing
    }
    chains = sorted((_follow(network, straight, edge) for edge in straight), key=lambda c: (-len(c[1]), c[0]))
    found: list[CorridorGeometry] = []
    taken: set[tuple[int, int]] = set()
    for edges, junctions in chains:
        if len(junctions) < _LEAST_JUNCTIONS or len(found) == _MOST_CORRIDORS:
            break
        steps = set(itertools.pairwise(edges))
        if len(steps & taken) > len(steps) // 2:
            continue
        taken |= steps
        found.append(_corridor(network, len(found) + 1, edges, junctions, straight))
    return tuple(found)


def _follow(network: Network, straight: dict[int, Movement], first: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Go straight on from an approach as long as that leads to another one."""
    edges, edge = [first], first
    junctions: list[int] = []
    while edge in straight:
        move = straight[edge]
        if move.junction in junctions:
            break
        junctions.append(move.junction)
        edge = network.lanes[move.to_lane].edge
        edges.append(edge)
        for _ in range(_MOST_HOPS):  # over nodes without a signal
            onward = {
                network.lanes[link.to_lane].edge
                for lane in network.edges[edge].lanes
                for link in network.lanes[lane].links
                if link.movement < 0
            }
            if edge in straight or len(onward) != 1:
                break
            edge = onward.pop()
            if edge in edges:
                return tuple(edges), tuple(junctions)
            edges.append(edge)
    return tuple(edges), tuple(junctions)


def _corridor(
    network: Network, number: int, edges: tuple[int, ...], junctions: tuple[int, ...], straight: dict[int, Movement]
) -> CorridorGeometry:
    at_m, limit = 0.0, 0.0
    stops: list[float] = []
    for edge in edges:
        at_m += network.edges[edge].length_m
        limit = max(limit, network.edges[edge].speed_mps)
        if edge in straight and straight[edge].junction in junctions and len(stops) < len(junctions):
            stops.append(round(at_m, 1))
            at_m += straight[edge].path_m
    names = [network.edges[edge].name for edge in edges if network.edges[edge].name]
    ends = [network.junctions[j].name or network.junctions[j].id for j in (junctions[0], junctions[-1])]
    name = max(set(names), key=lambda n: (names.count(n), n)) if names else ""
    return CorridorGeometry(
        id=f"corridor-{number}",
        name=f"{name}: {ends[0]} → {ends[1]}" if name else f"{ends[0]} → {ends[1]}",
        edges=tuple(network.edges[edge].id for edge in edges),
        junctions=tuple(network.junctions[j].id for j in junctions),
        at_m=tuple(stops),
        limit_mps=limit,
    )
