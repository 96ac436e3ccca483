"""Gateways and zones of a written city: where trips begin and end."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citybrain.errors import InputError
from citybrain.network.corridors import Place, Point, WrittenCity
from citybrain.network.plain import Road, Roads

_SHORTEST_LOADING_M = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A place where trips begin and end.

    Attributes
    ----------
    homes, jobs : float
        Sizes, in one unit of the city's own.
    out_edges, in_edges : tuple of (edge id, weight)
        Edges on which trips begin, and on which they end.
    """

    name: str
    gateway: bool
    homes: float
    jobs: float
    centre: Point
    out_edges: tuple[tuple[str, float], ...]
    in_edges: tuple[tuple[str, float], ...]


def read_zones(city: WrittenCity, roads: Roads) -> tuple[Zone, ...]:
    """Read ``zones.toml`` of a city; gateways first.

    Raises
    ------
    InputError
        Naming the zone and what is wrong with it.
    """
    path = city.folder / "zones.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; a city with demand needs it") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML ({error})") from None
    gateways = [_gateway(path, table, city, roads) for table in tables.get("gateway", [])]
    zones = [_zone(path, table, city, roads) for table in tables.get("zone", [])]
    if len(gateways) + len(zones) < 2:
        raise InputError(f"{path}: {len(gateways) + len(zones)} gateways and zones; demand needs two at least")
    return (*gateways, *zones)


def _place(path: Path, city: WrittenCity, place: str) -> Place:
    if place not in city.places:
        raise InputError(f"{path}: place {place!r} is not in junctions.csv")
    return city.places[place]


def _size(path: Path, table: dict[str, Any], key: str) -> float:
    value = table.get(key)
    if not isinstance(value, (int, float)) or value < 0:
        raise InputError(f"{path}: {table.get('name', table.get('place'))!r} has {key} = {value!r}, not a size")
    return float(value)


def _gateway(path: Path, table: dict[str, Any], city: WrittenCity, roads: Roads) -> Zone:
    place = _place(path, city, str(table.get("place")))
    if place.kind != "gateway":
        raise InputError(f"{path}: {place.id} is a {place.kind}, not a gateway")
    return Zone(
        name=place.id,
        gateway=True,
        homes=_size(path, table, "homes"),
        jobs=_size(path, table, "jobs"),
        centre=place.point,
        out_edges=tuple((road.id, 1.0) for road in roads.roads.values() if road.start == place.id),
        in_edges=tuple((road.last_edge, 1.0) for road in roads.roads.values() if road.end == place.id),
    )


def _zone(path: Path, table: dict[str, Any], city: WrittenCity, roads: Roads) -> Zone:
    name = str(table.get("name"))
    places = [_place(path, city, str(place)) for place in table.get("places", [])]
    ids = {place.id for place in places}
    loading = [road for road in roads.roads.values() if {road.start, road.end} <= ids and _loads(road)]
    if not loading:
        loading = [road for road in roads.roads.values() if road.end in ids and _loads(road)]
    if not loading:
        raise InputError(f"{path}: zone {name!r} has no road of {_SHORTEST_LOADING_M:g} m or more to load")
    weights = tuple((road.id, road.length_m / (1 + (road.corridor.road_class == "arterial"))) for road in loading)
    return Zone(
        name=name,
        gateway=False,
        homes=_size(path, table, "homes"),
        jobs=_size(path, table, "jobs"),
        centre=(sum(p.lat for p in places) / len(places), sum(p.lon for p in places) / len(places)),
        out_edges=weights,
        in_edges=weights,
    )


def _loads(road: Road) -> bool:
    """Whether cars can stop beside the road: no expressway, no ramp, no flyover, not too short."""
    corridor = road.corridor
    return (
        corridor.road_class != "expressway"
        and corridor.level == 0
        and not corridor.beside_m
        and (road.cut_m or road.length_m) >= _SHORTEST_LOADING_M
    )
