"""OpenStreetMap extracts: cutting a ``.osm.pbf`` to roads in a box, and what can be told before importing."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from citybrain.errors import InputError
from citybrain.network.driving_side import MAIN_ROADS, SideSigns, side_signs

_KINDS = (".osm", ".osm.gz", ".osm.pbf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box of longitudes and latitudes, degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Return whether a place is in the box."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def as_text(self) -> str:
        """Return ``W,S,E,N``."""
        return f"{self.west:g},{self.south:g},{self.east:g},{self.north:g}"


def parse_box(text: str) -> Box:
    """Read ``W,S,E,N``, degrees.

    Raises
    ------
    InputError
        If it is not four numbers in that order.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--bbox {text!r}: needs four numbers W,S,E,N, such as 101.68,3.13,101.72,3.17") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(
            f"--bbox {text!r}: needs W < E and S < N in degrees (W {west:g}, E {east:g}, S {south:g}, N {north:g})"
        )
    return Box(west=west, south=south, east=east, north=north)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an extract holds.

    Attributes
    ----------
    roads, signals : int
        Ways with a ``highway`` tag, and ``highway=traffic_signals`` nodes, in the box.
    signs : SideSigns
        What tells on which side people drive, in the whole extract.
    """

    roads: int
    signals: int
    signs: SideSigns


def plain_xml(osm_file: Path, work: Path, box: Box | None) -> Path:
    """Return an extract as XML, which is all that SUMO reads; a ``.osm.pbf`` is converted and cut.

    Raises
    ------
    InputError
        If the file is missing, of another kind or broken, or osmium is not installed.
    """
    if not osm_file.is_file():
        raise InputError(f"{osm_file}: no such OpenStreetMap extract")
    if not osm_file.name.endswith(_KINDS):
        raise InputError(f"{osm_file}: is none of {', '.join(_KINDS)}")
    return _cut_pbf(osm_file, work / "extract.osm", box) if osm_file.name.endswith(".pbf") else osm_file


def _cut_pbf(osm_file: Path, target: Path, box: Box | None) -> Path:
    """Write the roads that touch the box, whole, with their nodes and turn bans."""
    try:
        import osmium
    except ImportError:
        raise InputError(f"{osm_file}: reading .osm.pbf needs osmium; pip install 'citybrain[osm]'") from None
    kept: set[int] = set()
    source = str(osm_file)
    try:
        osmium.io.Reader(source).header()  # refuses a broken file before the writer makes its own
        objects: Any = osmium.FileProcessor(source).with_locations()
        objects = objects.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY | osmium.osm.RELATION))
        objects = objects.with_filter(osmium.filter.KeyFilter("highway", "type"))
        with osmium.BackReferenceWriter(str(target), ref_src=source, overwrite=True, remove_tags=False) as writer:
            for item in objects:
                if item.is_way() and "highway" in item.tags and _touches(item, box):
                    kept.add(item.id)
                    writer.add(item)
                elif item.is_relation() and _is_turn_ban(item, kept):
                    writer.add(item)
    except RuntimeError as error:
        raise InputError(f"{osm_file}: not an OpenStreetMap extract ({' '.join(str(error).split())})") from None
    if not kept:
        where = f" in --bbox {box.as_text()}" if box else ""
        raise InputError(f"{osm_file}: no road{where} (0 highway ways)")
    return target


def _touches(way: Any, box: Box | None) -> bool:
    return box is None or any(node.location.valid() and box.holds(node.lon, node.lat) for node in way.nodes)


def _is_turn_ban(relation: Any, kept: set[int]) -> bool:
    members = all(member.type != "w" or member.ref in kept for member in relation.members)
    return members and relation.tags.get("type") == "restriction"


def scan(extract: Path, asked: Path, box: Box | None) -> Seen:
    """Look an XML extract through.

    Parameters
    ----------
    asked : Path
        What to call it in errors.

    Raises
    ------
    InputError
        If it is not OpenStreetMap XML, or has no road (in the box).
    """
    roads, signals = 0, 0
    rings: list[list[str]] = []
    one_way: dict[str, list[list[str]]] = {}
    place: dict[str, tuple[float, float]] = {}
    touched: set[str] = set()
    try:
        for element in _elements(extract):
            key = element.get("id", "")
            tags = {tag.get("k"): tag.get("v") for tag in element.iterchildren("tag")}
            if element.tag == "node":
                lon, lat = float(element.get("lon", "nan")), float(element.get("lat", "nan"))
                place[key] = lon, lat
                inside = box is None or box.holds(lon, lat)
                signals += inside and tags.get("highway") == "traffic_signals"
                if inside:
                    touched.add(key)
            elif "highway" in tags:
                nodes = [nd.get("ref", "") for nd in element.iterchildren("nd")]
                roads += not touched.isdisjoint(nodes)
                ahead = nodes[::-1] if tags.get("oneway") == "-1" else nodes
                if tags.get("junction") in ("roundabout", "circular"):
                    rings.append(ahead)
                elif tags.get("oneway") in ("yes", "1", "true", "-1") and tags["highway"] in MAIN_ROADS:
                    one_way.setdefault(tags.get("name", ""), []).append(ahead)
    except (etree.XMLSyntaxError, ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{asked}: not OpenStreetMap XML ({' '.join(str(error).split())})") from None
    if not roads:
        raise InputError(f"{asked}: no road{f' in --bbox {box.as_text()}' if box else ''} (0 highway ways)")

    def lines(ways: list[list[str]]) -> list[list[tuple[float, float]]]:
        found = ([place[node] for node in way if node in place] for way in ways)
        return [line for line in found if len(line) > 1]

    streets = [lines(ways) for name, ways in one_way.items() if name]
    return Seen(roads=roads, signals=signals, signs=side_signs(lines(rings), streets))


def _elements(extract: Path) -> Iterator[etree._Element]:
    opener = gzip.open if extract.suffix == ".gz" else open
    with opener(extract, "rb") as file:
        for _, element in etree.iterparse(file, tag=("node", "way")):
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
