"""Makes the changes of a what-if: a copy of the scenario's net and routes, edited.

Closures, speeds and turns are edited in place, so that everything else stays as it is, signals
included. Another number of lanes has SUMO's ``netconvert`` rebuild the junctions at both ends. Where a way
is lost, ``duarouter`` gives the trips that had it the quickest other one; trips that have none left are
dropped, and their number is in the scenario's notes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

from lxml import etree

from citybrain.demand.scenario import Scenario
from citybrain.errors import InputError, PlantError, nearest_hint
from citybrain.network.cities import cache_folder
from citybrain.simulation.sumo import sumo_binary, sumo_version
from citybrain.studies.what_if import WhatIf

_VEHICLES = ("vehicle", "trip")
_FLOWS = ("flow", "person", "personFlow", "container")


def edited(scenario: Scenario, what_if: WhatIf, digest: str) -> Scenario:
    """Return the scenario with the changes made; made once and kept in the cache.

    Parameters
    ----------
    digest : str
        Of the scenario's files.

    Raises
    ------
    InputError
        If an edge or a turn does not exist, or demand that is a flow is to be moved.
    PlantError
        If SUMO's tools refuse.
    """
    text = what_if.model_dump_json() + digest + sumo_version()
    place = cache_folder("what-if") / hashlib.sha256(text.encode()).hexdigest()[:20]
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".making-") as name:
            made = Path(name) / "made"
            made.mkdir()
            _make(scenario, what_if, made)
            if not place.is_dir():
                try:
                    made.rename(place)
                except OSError:  # another run was quicker
                    if not place.is_dir():
                        raise
    routes = tuple(sorted(place.glob("*.rou.xml")))
    note = f"what if: {what_if.name}" + (place / "dropped").read_text(encoding="utf-8")
    return replace(
        scenario, net_file=place / "edited.net.xml", route_files=routes, notes=(*scenario.notes, note), warmup_s=0.0
    )


def _make(scenario: Scenario, what_if: WhatIf, folder: Path) -> None:
    tree = etree.parse(str(scenario.net_file))
    _check(scenario, what_if, tree)
    _edit(tree, what_if)
    net = folder / "edited.net.xml"
    tree.write(str(net), encoding="utf-8", xml_declaration=True)
    if what_if.lanes:
        _rebuild(net, what_if, tree)
    for number, file in enumerate(scenario.route_files):
        copy = folder / f"{number:02d}.rou.xml"
        if what_if.move is None:
            shutil.copyfile(file, copy)
        else:
            _move(file, copy, what_if)
    dropped = 0
    if what_if.reroutes:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as name:
            dropped = _reroute(scenario, _routing_net(net, what_if, Path(name)), folder)
    (folder / "dropped").write_text(f" ({dropped} trips have no way left)" if dropped else "", encoding="utf-8")


def _check(scenario: Scenario, what_if: WhatIf, tree: Any) -> None:
    edges = {e.get("id") for e in tree.getroot().iter("edge") if not str(e.get("id")).startswith(":")}
    turns = {(c.get("from"), c.get("to")) for c in tree.getroot().iter("connection")}
    named = (*what_if.close, *what_if.speed_kmh, *what_if.lanes, *(e for turn in what_if.forbid_turns for e in turn))
    for edge in named:
        if edge not in edges:
            raise InputError(
                f"{scenario.net_file}: what_if {what_if.name!r} names edge {edge!r}, which is not there"
                f"{nearest_hint(edge, edges) if len(edges) < 5000 else ''}"
            )
    for turn in what_if.forbid_turns:
        if turn not in turns:
            raise InputError(
                f"{scenario.net_file}: what_if {what_if.name!r} forbids the turn from {turn[0]!r} to {turn[1]!r}, "
                "which nobody can make"
            )


def _edit(tree: Any, what_if: WhatIf) -> None:
    for edge in tree.getroot().iter("edge"):
        name = edge.get("id")
        for lane in edge.iter("lane"):
            if name in what_if.close:
                lane.attrib.pop("disallow", None)
                lane.set("allow", "authority")  # the net stays whole; nobody of that class is in the demand
            if name in what_if.speed_kmh:
                lane.set("speed", f"{what_if.speed_kmh[name] / 3.6:.2f}")
    forbidden = set(what_if.forbid_turns)
    for connection in tree.getroot().iter("connection"):
        if (connection.get("from"), connection.get("to")) in forbidden:
            connection.attrib.pop("disallow", None)
            connection.set("allow", "authority")


def _rebuild(net: Path, what_if: WhatIf, tree: Any) -> None:
    count = {e.get("id"): len(e.findall("lane")) for e in tree.getroot().iter("edge")}
    lines = []
    for edge, change in what_if.lanes.items():
        lanes = count[edge] + change
        if lanes < 1:
            raise InputError(f"what_if {what_if.name!r}: edge {edge!r} has {count[edge]} lanes, {change} leaves none")
        lines.append(f'<edge id="{edge}" numLanes="{lanes}"/>')
    patch = net.with_name("patch.edg.xml")
    patch.write_text(f"<edges>{''.join(lines)}</edges>", encoding="utf-8")
    _tool("netconvert", "--sumo-net-file", net, "--edge-files", patch, "--output-file", net, "--no-warnings")


def _move(source: Path, copy: Path, what_if: WhatIf) -> None:
    """Move the start of some trips; which ones follows from their ids, the same in every run."""
    assert what_if.move is not None
    tree = etree.parse(str(source))
    root = tree.getroot()
    for element in root:
        if element.tag in _FLOWS:
            raise InputError(
                f"{source}: demand of <{element.tag}> {element.get('id')!r} cannot be moved, only trips can"
            )
        depart = element.get("depart")
        if element.tag in _VEHICLES and depart is not None and _chance(str(element.get("id"))) < what_if.move.share:
            element.set("depart", f"{max(0.0, float(depart) + what_if.move.by_s):.2f}")
    root[:] = sorted(root, key=_departure)
    tree.write(str(copy), encoding="utf-8", xml_declaration=True)


def _departure(element: Any) -> float:
    """When a vehicle starts; types and routes come first."""
    depart = element.get("depart") if element.tag in _VEHICLES else None
    return -1.0 if depart is None else float(depart)


def _chance(vehicle: str) -> float:
    return crc32(vehicle.encode()) / 2**32


def _routing_net(net: Path, what_if: WhatIf, folder: Path) -> Path:
    """Return the net for the router, which does not know that a single turn can be closed: without it."""
    if not what_if.forbid_turns:
        return net
    tree = etree.parse(str(net))
    for connection in tree.getroot().findall("connection"):
        if (connection.get("from"), connection.get("to")) in what_if.forbid_turns:
            tree.getroot().remove(connection)
    routing = folder / "routing.net.xml"
    tree.write(str(routing), encoding="utf-8", xml_declaration=True)
    return routing


def _reroute(scenario: Scenario, net: Path, folder: Path) -> int:
    """Repair all routes; return how many vehicles were dropped."""
    dropped = 0
    types = [f for f in scenario.additional_files if _holds_types(f)]
    for file in sorted(folder.glob("*.rou.xml")):
        before = _vehicles(file)
        routed = file.with_suffix(".routed")
        _tool(
            "duarouter", "--net-file", net, "--route-files", file, "--output-file", routed, "--repair",
            "--ignore-errors", "--no-warnings", "--no-step-log", "--begin", "0", "--alternatives-output", os.devnull,
            *(("--additional-files", ",".join(map(str, types))) if types else ()),
        )  # fmt: skip
        routed.replace(file)
        dropped += before - _vehicles(file)
    return dropped


def _holds_types(file: Path) -> bool:
    return any(True for _ in etree.iterparse(str(file), tag=("vType", "vTypeDistribution", "route")))


def _vehicles(file: Path) -> int:
    return sum(1 for _ in etree.iterparse(str(file), tag=(*_VEHICLES, *_FLOWS)))


def _tool(program: str, *arguments: object) -> None:
    command = [sumo_binary(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PlantError(f"{program} refused the what-if: {_first_error(done.stderr.splitlines())}")


def _first_error(lines: Iterable[str]) -> str:
    return next((line.strip() for line in lines if line.startswith("Error")), "no reason given")[:300]
