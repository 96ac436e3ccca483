"""Check a scenario's demand against its network before anything runs."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO, cast

from lxml import etree

from citybrain.demand.scenario import Scenario
from citybrain.errors import InputError

_EDGE_ATTRIBUTES = ("edges", "from", "to", "via")


def check_demand(scenario: Scenario) -> None:
    """Check that route files exist, parse, hold a vehicle, and name edges of the net.

    Raises
    ------
    InputError
        With the file, the vehicle and the edge it names.
    """
    if not scenario.route_files and not scenario.additional_files:
        raise InputError(f"{scenario.name}: names no route-files; there would be no traffic")
    for path in (*scenario.route_files, *scenario.additional_files):
        if not path.is_file():
            raise InputError(f"{path}: no such file (named by {scenario.name})")
    edges = all_edge_ids(scenario.net_file)
    for path in scenario.route_files:
        _check_file(path, edges)


def all_edge_ids(net_file: Path) -> frozenset[str]:
    """Return the ids of every edge of a net, footpaths and rails included."""
    with open_maybe_gzip(net_file) as file:
        ids = set()
        for _, element in etree.iterparse(file, tag="edge"):
            ids.add(element.get("id"))
            element.clear()
    return frozenset(ids)


def open_maybe_gzip(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, unpacking it where its name ends in ``.gz``."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _check_file(path: Path, edges: frozenset[str]) -> None:
    owner = ""
    try:
        with open_maybe_gzip(path) as file:
            for event, element in etree.iterparse(file, events=("start", "end")):
                if event == "end":
                    element.clear()
                    continue
                if element.get("id") is not None:
                    owner = f"{element.tag} {element.get('id')!r}"
                if element.tag not in ("route", "trip", "flow", "vehicle", "walk", "ride", "personTrip"):
                    continue
                for attribute in _EDGE_ATTRIBUTES:
                    for edge in (element.get(attribute) or "").split():
                        if edge not in edges and element.get("fromTaz") is None:
                            raise InputError(
                                f"{path}: {owner} uses edge {edge!r}, which is not in the network "
                                f"({len(edges)} edges); were the routes made for another net?"
                            )
    except (etree.XMLSyntaxError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: broken XML ({' '.join(str(error).split())})") from None
