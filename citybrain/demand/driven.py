"""The routes that vehicles really drove, and when they passed each edge, from a ``vehroute-output``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from citybrain.demand.validate import open_maybe_gzip

_OF_THE_RUN = {"arrival", "departLane", "departPos", "departSpeed", "speedFactor"}
"""Attributes that say how the run went, not what the vehicle wants."""
_VEHICLES = ("vehicle", "trip", "flow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One vehicle of a run.

    Attributes
    ----------
    exit_s : tuple of float
        When it left each edge; negative for those it did not leave before the run ended.
    attributes : dict
        What a route file says of it beyond id, departure and route.
    stops : tuple of str
        Its stops, as XML.
    """

    id: str
    depart_s: float
    edges: tuple[str, ...]
    exit_s: tuple[float, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    stops: tuple[str, ...] = ()


def read_drives(path: Path) -> list[Drive]:
    """Read a ``vehroute-output`` that has exit times and one route a vehicle."""
    drives = []
    for _, vehicle in etree.iterparse(str(path), tag="vehicle"):
        route = vehicle.find("route")
        if route is not None:
            drives.append(_drive(vehicle, route))
        vehicle.clear()
    return drives


def _drive(vehicle: etree._Element, route: etree._Element) -> Drive:
    attributes = {
        key: value for key, value in vehicle.attrib.items() if key not in _OF_THE_RUN and key not in ("id", "depart")
    }
    # numbers that fitted the run once may not fit again: the words for the same wish do
    attributes["departLane"] = "best"
    if vehicle.get("departSpeed") and vehicle.get("departSpeed") not in ("0", "0.0", "0.00"):
        attributes["departSpeed"] = "max"
    if vehicle.get("departPos"):
        attributes["departPos"] = "random_free"
    return Drive(
        id=vehicle.get("id"),
        depart_s=float(vehicle.get("depart")),
        edges=tuple(route.get("edges").split()),
        exit_s=tuple(float(time) for time in (route.get("exitTimes") or "").split()),
        attributes=attributes,
        stops=tuple(etree.tostring(stop).decode().strip() for stop in vehicle.iterchildren("stop")),
    )


def other_elements(route_files: Iterable[Path]) -> list[str]:
    """Return the vehicle types, and whatever else is neither a vehicle nor a route, of route files, as XML."""
    found: list[str] = []
    for path in route_files:
        with open_maybe_gzip(path) as file:
            for _, element in etree.iterparse(file, events=("end",)):
                parent = element.getparent()
                if parent is None or parent.getparent() is not None:
                    continue
                if isinstance(element.tag, str) and element.tag not in (*_VEHICLES, "route", "routeDistribution"):
                    found.append(etree.tostring(element).decode().strip())
                element.clear()
    return found


def write_drives(drives: Iterable[Drive], path: Path, *, others: Iterable[str] = ()) -> None:
    """Write vehicles as a route file, by departure; a path that ends in ``.gz`` is compressed."""
    root = etree.Element("routes")
    for text in others:
        root.append(etree.fromstring(text))
    for drive in sorted(drives, key=lambda drive: drive.depart_s):
        vehicle = etree.SubElement(root, "vehicle", id=drive.id, depart=f"{drive.depart_s:.1f}", **drive.attributes)
        etree.SubElement(vehicle, "route", edges=" ".join(drive.edges))
        for stop in drive.stops:
            vehicle.append(etree.fromstring(stop))
    compression = 9 if path.suffix == ".gz" else 0
    etree.ElementTree(root).write(str(path), xml_declaration=True, encoding="utf-8", compression=compression)
