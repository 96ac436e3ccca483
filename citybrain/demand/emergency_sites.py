"""Fire stations and hospitals of a written city, with the roads at their gates."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from citybrain.errors import InputError
from citybrain.network.corridors import Point, distance_m
from citybrain.network.plain import Road, Roads

FARTHEST_ROAD_M = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencySite:
    """One site.

    Attributes
    ----------
    edges : tuple of (edge id, metres)
        Edges at its gate and how far along them it lies.
    """

    name: str
    kind: str
    point: Point
    edges: tuple[tuple[str, float], ...]


def read_emergency_sites(roads: Roads) -> tuple[EmergencySite, ...]:
    """Read ``emergency_sites.toml`` of a city; an absent file means no sites.

    Raises
    ------
    InputError
        If a site names a road that does not exist or is far from it.
    """
    path = roads.city.folder / "emergency_sites.toml"
    if not path.is_file():
        return ()
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("site", [])
    sites = []
    for table in tables:
        point = float(table["lat"]), float(table["lon"])
        edges = tuple(_edge(path, table["name"], roads, name, point) for name in table["roads"])
        sites.append(EmergencySite(name=table["name"], kind=table["kind"], point=point, edges=edges))
    return tuple(sites)


def _edge(path: Path, site: str, roads: Roads, name: str, point: Point) -> tuple[str, float]:
    if name not in roads.roads:
        raise InputError(f"{path}: {site!r} is on road {name!r}, which the city does not have")
    road = roads.roads[name]
    away_m, along_m = _nearest(road, point)
    if away_m > FARTHEST_ROAD_M:
        raise InputError(
            f"{path}: {site!r} is {away_m:.0f} m from road {name!r}, at most {FARTHEST_ROAD_M:.0f} m makes sense"
        )
    if road.cut_m and along_m > road.cut_m:
        return road.last_edge, along_m - road.cut_m
    return road.id, along_m


def _nearest(road: Road, point: Point) -> tuple[float, float]:
    """Distance from a point to a road, and how far along the road that is."""
    best = float("inf"), 0.0
    gone = 0.0
    for a, b in zip(road.shape, road.shape[1:], strict=False):
        step = distance_m(a, b)
        for k in range(11):
            at = a[0] + (b[0] - a[0]) * k / 10, a[1] + (b[1] - a[1]) * k / 10
            best = min(best, (distance_m(at, point), gone + step * k / 10))
        gone += step
    return best
