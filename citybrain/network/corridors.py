"""A written city: places and the corridors that join them, as a person wrote them down.

``junctions.csv`` has one place a row; ``corridors.toml`` one stretch of road a table. This module
reads and checks them; :mod:`citybrain.network.plain` turns them into SUMO's plain files.
"""

from __future__ import annotations

import csv
import math
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from citybrain.errors import InputError, nearest_hint

Point = tuple[float, float]
"""Latitude and longitude, degrees."""

METRES_PER_DEGREE = 110_574.0
_KINDS = ("junction", "crossing", "node", "gateway")
SIGNALISED = frozenset({"junction", "crossing"})
_CLASSES = ("expressway", "arterial", "street")
_COLUMNS = ("id", "name", "lat", "lon", "kind", "group", "basis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A junction, a signalised crossing, a plain node or a gateway at the edge of the model.

    Attributes
    ----------
    kind : str
        ``junction`` (signalised), ``crossing`` (signalised pedestrian crossing between
        junctions), ``node`` (no signal) or ``gateway`` (roads end there).
    group : str
        Control group of a signal, empty for the others.
    basis : str
        Where the position comes from, as the city's README explains.
    """

    id: str
    name: str
    lat: float
    lon: float
    kind: str
    group: str
    basis: str

    @property
    def point(self) -> Point:
        """Latitude and longitude."""
        return self.lat, self.lon

    @property
    def signalised(self) -> bool:
        """Whether a signal stands here."""
        return self.kind in SIGNALISED


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor:
    """A stretch of road with one cross-section; see the head of ``corridors.toml`` for the fields."""

    name: str
    path: tuple[str | Point, ...]
    lanes: tuple[int, int]
    speed_kmh: float
    road_class: str = "street"
    level: int = 0
    beside_m: float = 0.0
    turn_lane: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """The places on the path, in order."""
        return tuple(step for step in self.path if isinstance(step, str))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCity:
    """All places by id, and all corridors, of one city folder."""

    folder: Path
    places: dict[str, Place]
    corridors: tuple[Corridor, ...]

    @property
    def signals(self) -> tuple[Place, ...]:
        """The places with a signal, in the order they are written."""
        return tuple(place for place in self.places.values() if place.signalised)


def distance_m(a: Point, b: Point) -> float:
    """Distance between two points of one city, on the local plane."""
    north = (a[0] - b[0]) * METRES_PER_DEGREE
    east = (a[1] - b[1]) * 111_320.0 * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)


def read_city(folder: Path) -> WrittenCity:
    """Read and check ``junctions.csv`` and ``corridors.toml``.

    Raises
    ------
    InputError
        Naming the file, the place or corridor and the value that is wrong.
    """
    places = _read_places(folder / "junctions.csv")
    corridors = _read_corridors(folder / "corridors.toml", places)
    used = {place for corridor in corridors for place in corridor.places}
    for place in places:
        if place not in used:
            raise InputError(f"{folder / 'junctions.csv'}: {place} is on no corridor; add it to one or remove it")
    return WrittenCity(folder=folder, places=places, corridors=corridors)


def _read_places(path: Path) -> dict[str, Place]:
    places: dict[str, Place] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != _COLUMNS:
                raise InputError(f"{path}: columns are {reader.fieldnames}, needed {list(_COLUMNS)}")
            for row in reader:
                place = _place(path, row)
                if place.id in places:
                    raise InputError(f"{path}: {place.id} stands twice")
                places[place.id] = place
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; a city needs it") from None
    return places


def _place(path: Path, row: dict[str, str]) -> Place:
    try:
        place = Place(**{**row, "lat": float(row["lat"]), "lon": float(row["lon"])})  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"{path}: row {row.get('id')!r} has no number in lat or lon, or too many columns") from None
    if place.kind not in _KINDS:
        raise InputError(f"{path}: {place.id} is of kind {place.kind!r}{nearest_hint(place.kind, _KINDS)}")
    if place.signalised != bool(place.group):
        raise InputError(
            f"{path}: {place.id} is a {place.kind} with group {place.group!r}; signals need one, others none"
        )
    return place


def _read_corridors(path: Path, places: dict[str, Place]) -> tuple[Corridor, ...]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("corridor", [])
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; a city needs it") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML ({error})") from None
    corridors = tuple(_corridor(path, table, places) for table in tables)
    seen: dict[tuple[str, str], str] = {}
    for corridor in corridors:
        for a, b in zip(corridor.places, corridor.places[1:], strict=False):
            pairs = [(a, b)] * (corridor.lanes[0] > 0) + [(b, a)] * (corridor.lanes[1] > 0)
            for pair in pairs:
                if pair in seen:
                    raise InputError(
                        f"{path}: {corridor.name!r} and {seen[pair]!r} both go from {pair[0]} to {pair[1]}; "
                        "put a place on one of them"
                    )
                seen[pair] = corridor.name
    return corridors


def _corridor(path: Path, table: dict[str, Any], places: dict[str, Place]) -> Corridor:
    name = table.get("name", "?")
    known = {field.name for field in fields(Corridor)} - {"road_class"} | {"class"}
    for key in table:
        if key not in known:
            raise InputError(f"{path}: {name!r} has unknown key {key!r}{nearest_hint(key, known)}")
    values = {"road_class" if key == "class" else key: value for key, value in table.items()}
    try:
        values["path"] = tuple(
            step if isinstance(step, str) else (float(step[0]), float(step[1])) for step in table["path"]
        )
        forward, backward = (int(n) for n in table["lanes"])
        corridor = Corridor(**{**values, "lanes": (forward, backward)})
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{path}: {name!r} is not usable ({' '.join(str(error).split())})") from None
    for place in corridor.places:
        if place not in places:
            raise InputError(
                f"{path}: {name!r} passes {place!r}, which junctions.csv lacks{nearest_hint(place, places)}"
            )
    ends = corridor.path[0], corridor.path[-1]
    if len(corridor.places) < 2 or not all(isinstance(end, str) for end in ends):
        raise InputError(f"{path}: {name!r} must begin and end at a place; its ends are {ends}")
    if corridor.road_class not in _CLASSES:
        raise InputError(
            f"{path}: {name!r} is of class {corridor.road_class!r}{nearest_hint(corridor.road_class, _CLASSES)}"
        )
    if not 0 < corridor.speed_kmh <= 130 or min(corridor.lanes) < 0 or not 0 < max(corridor.lanes) <= 6:
        raise InputError(f"{path}: {name!r} has {corridor.speed_kmh} km/h and lanes {corridor.lanes}")
    return corridor
