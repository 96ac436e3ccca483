"""Bus lines of a written city, as vehicles on fixed routes."""

from __future__ import annotations

import heapq
import itertools
import tomllib
from collections import defaultdict
from collections.abc import Iterable

from citybrain.demand.trips import Trip
from citybrain.errors import InputError
from citybrain.network.plain import Road, Roads

SERVICE_LEVELS = ("peak", "midday", "night")


def bus_trips(roads: Roads, *, service: str, begin_s: float, end_s: float) -> list[Trip]:
    """Make the buses that depart within a time span, by line and headway.

    Parameters
    ----------
    service : str
        ``peak``, ``midday`` or ``night``: which of a line's three headways holds.

    Raises
    ------
    InputError
        Naming the line whose places cannot be joined.
    """
    path = roads.city.folder / "buses.toml"
    if not path.is_file():
        return []
    level = SERVICE_LEVELS.index(service)
    trips: list[Trip] = []
    for number, line in enumerate(tomllib.loads(path.read_text(encoding="utf-8")).get("line", [])):
        headway_s = 60.0 * float(line["headway_min"][level])
        if headway_s <= 0:
            continue
        edges = line_edges(roads, line["via"], where=f"{path}: {line.get('name')!r}")
        # lines start out of step with each other
        depart = begin_s + headway_s * (number % 7) / 7
        for k in itertools.count():
            at = depart + k * headway_s
            if at >= end_s:
                break
            through = [roads.city.places[line["via"][end]].kind == "gateway" for end in (0, -1)]
            trips.append(
                Trip(
                    id=f"b{number}.{k}", kind="bus", depart_s=at, from_edge=edges[0], to_edge=edges[-1],
                    through_from=through[0], through_to=through[1], edges=edges,
                )
            )  # fmt: skip
    return trips


def line_edges(roads: Roads, via: Iterable[str], *, where: str) -> tuple[str, ...]:
    """Join places by the shortest drivable roads; returns the edges.

    Raises
    ------
    InputError
        If one place cannot be reached from the one before.
    """
    onward: dict[str, set[str]] = defaultdict(set)
    for c in roads.connections:
        onward[c.from_road].add(c.to_road)
    chain: list[Road] = []
    for a, b in itertools.pairwise(via):
        starts = [r for r in roads.roads.values() if r.start == a and (not chain or r.id in onward[chain[-1].id])]
        leg = _shortest(roads.roads, onward, starts, b)
        if not leg:
            raise InputError(f"{where}: no way from {a} to {b}")
        chain += leg
    edges: list[str] = []
    for road in chain:
        edges += [road.id] if not road.cut_m else [road.id, road.last_edge]
    return tuple(edges)


def _shortest(roads: dict[str, Road], onward: dict[str, set[str]], starts: list[Road], goal: str) -> list[Road]:
    queue: list[tuple[float, str, tuple[str, ...]]] = [(r.length_m, r.id, (r.id,)) for r in starts]
    heapq.heapify(queue)
    done: set[str] = set()
    while queue:
        length, name, path = heapq.heappop(queue)
        if name in done:
            continue
        done.add(name)
        if roads[name].end == goal:
            return [roads[step] for step in path]
        for following in onward[name]:
            heapq.heappush(queue, (length + roads[following].length_m, following, (*path, following)))
    return []
