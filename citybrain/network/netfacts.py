"""What a net file says of its roads beyond the graph model: who may drive there, road classes, the projection."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import sumolib
from lxml import etree

from citybrain.errors import InputError

_CAR = "passenger"
_NO_PROJECTION = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """How the metres of a net lie on the earth.

    Attributes
    ----------
    projection : str
        A PROJ string, or ``!`` where the net has none.
    """

    net_offset: str = "0,0"
    bounds: str = "0,0,0,0"
    geo_bounds: str = "0,0,0,0"
    projection: str = _NO_PROJECTION

    @property
    def is_geographic(self) -> bool:
        """Whether places can be told as longitude and latitude."""
        return self.projection not in ("", "-", _NO_PROJECTION)

    def lon_lat(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return longitude and latitude (WGS84, degrees) of places of the net in metres.

        Raises
        ------
        InputError
            If the net has no projection.
        """
        if not self.is_geographic:
            raise InputError(f"the net has no projection ({self.projection!r}), so its places have no coordinates")
        net = sumolib.net.Net()
        net.setLocation(self.net_offset, self.bounds, self.geo_bounds, self.projection)
        east, north = net.getLocationOffset()
        project = net.getGeoProj()
        lon, lat = project([x - east for x, _ in points], [y - north for _, y in points], inverse=True)
        return list(zip(lon, lat, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetFacts:
    """See the module.

    Attributes
    ----------
    car_lanes : frozenset of str
        Lanes that cars may use, by id.
    road_class : dict
        Type of every edge that has one (``highway.primary``, ``arterial``).
    """

    location: Location = field(default_factory=Location)
    car_lanes: frozenset[str] = frozenset()
    road_class: dict[str, str] = field(default_factory=dict)


def read_facts(net_file: Path) -> NetFacts:
    """Read the facts of a ``.net.xml`` or ``.net.xml.gz``.

    Raises
    ------
    InputError
        If the file is missing or is not XML.
    """
    location, cars, classes = Location(), set(), {}
    opener = gzip.open if net_file.suffix == ".gz" else open
    try:
        with opener(net_file, "rb") as file:
            for _, element in etree.iterparse(file, tag=("location", "edge")):
                if element.tag == "location":
                    location = _location(element)
                elif not element.get("function"):
                    cars |= {lane.get("id", "") for lane in element.iterchildren("lane") if _allows_cars(lane)}
                    if kind := element.get("type"):
                        classes[element.get("id", "")] = kind
                element.clear()
    except FileNotFoundError:
        raise InputError(f"{net_file}: no such network file") from None
    except (etree.XMLSyntaxError, EOFError, OSError, zlib.error) as error:
        raise InputError(f"{net_file}: not a SUMO network ({' '.join(str(error).split())})") from None
    return NetFacts(location=location, car_lanes=frozenset(cars), road_class=classes)


def _location(element: etree._Element) -> Location:
    return Location(
        net_offset=element.get("netOffset", "0,0"),
        bounds=element.get("convBoundary", "0,0,0,0"),
        geo_bounds=element.get("origBoundary", "0,0,0,0"),
        projection=element.get("projParameter", _NO_PROJECTION),
    )


def _allows_cars(lane: etree._Element) -> bool:
    allowed, refused = lane.get("allow"), lane.get("disallow", "")
    if allowed is not None:
        return bool({_CAR, "all"} & set(allowed.split()))
    return not {_CAR, "all"} & set(refused.split())
