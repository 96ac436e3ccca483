"""Build a network from an OpenStreetMap extract with SUMO's importer.

What the importer is told, and why::

    geometry.remove          one road between two junctions, not one per bend
    junctions.join           the nodes of one big junction become one
    tls.guess-signals        stop-line signals become the signal of the junction behind them
    tls.discard-simple       a signal where nothing meets is no signal
    tls.join                 one controller for what stands close together
    osm.turn-lanes           turn arrows of the map decide which lane goes where
    osm.lane-access          bus lanes stay bus lanes
    no-turnarounds.except-deadend   no U-turns but where the road ends
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from citybrain.errors import CitybrainError, InputError
from citybrain.network.driving_side import DrivingSide, driving_side
from citybrain.network.model import Network
from citybrain.network.netconvert import run_sumo_tool
from citybrain.network.osm_extract import Box, plain_xml, scan
from citybrain.network.reader import read_network

OPTIONS = (
    "--geometry.remove", "--roundabouts.guess", "--ramps.guess", "--junctions.join", "--junctions.corner-detail", "5",
    "--tls.guess-signals", "--tls.discard-simple", "--tls.join", "--osm.turn-lanes", "--osm.lane-access",
    "--no-turnarounds.except-deadend", "--keep-edges.by-vclass", "passenger", "--remove-edges.isolated",
    "--keep-edges.components", "1", "--proj.utm", "--output.street-names",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_ASSUMPTIONS = (
    "only roads that cars may use; the largest connected part",
    "lanes, speeds and turn arrows as mapped, netconvert's defaults by road class where not mapped",
    "signal programs are netconvert's guesses: the map holds signals, not their timing",
    "no footpaths and no pedestrian crossings",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltNetwork:
    """What was built.

    Attributes
    ----------
    side : DrivingSide
        On which side people drive, and how that is known.
    warnings : tuple of str
        What the importer complained of.
    """

    folder: Path
    net_file: Path
    network: Network
    side: DrivingSide
    warnings: tuple[str, ...]


def build_from_osm(
    name: str,
    osm_file: Path,
    folder: Path,
    *,
    box: Box | None = None,
    left_hand: bool | None = None,
    force: bool = False,
) -> BuiltNetwork:
    """Build ``NAME.net.xml``, ``NAME.sumocfg`` and ``meta.toml`` in a folder.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, ``-`` and ``_``.
    osm_file : Path
        ``.osm``, ``.osm.gz``, or ``.osm.pbf`` (which needs the extra ``osm``).
    box : Box, optional
        Keep only roads in it.
    left_hand : bool, optional
        Where not given, the roundabouts and dual carriageways of the map tell.
    force : bool
        Replace a network that the folder holds.

    Raises
    ------
    InputError
        If the extract cannot be read, or holds no road or no signal; nothing is written then.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"name {name!r}: use lower-case letters, digits, '-' and '_', such as 'my-city'")
    net_file = folder / f"{name}.net.xml"
    if net_file.exists() and not force:
        raise InputError(f"{net_file}: is there already; give another --out, or --force to replace it")
    with tempfile.TemporaryDirectory(prefix="citybrain-osm-") as scratch:
        work = Path(scratch)
        extract = plain_xml(osm_file, work, box)
        seen = scan(extract, osm_file, box)
        side = driving_side(seen.signs, left_hand)
        made = work / net_file.name
        warnings = _convert(extract, made, osm_file, side=side, box=box)
        try:
            network = read_network(made)
        except InputError as error:
            reason = str(error).removeprefix(f"{made}: ")
            raise InputError(f"{osm_file}: {reason} ({seen.signals} traffic_signals nodes in the extract)") from None
        (work / f"{name}.sumocfg").write_text(_sumocfg(name), encoding="utf-8")
        (work / "meta.toml").write_text(_meta(name, osm_file, box, side), encoding="utf-8")
        (work / "netconvert.log").write_text("".join(f"{line}\n" for line in warnings), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        for made_file in (made.name, f"{name}.sumocfg", "meta.toml", "netconvert.log"):
            shutil.move(work / made_file, folder / made_file)
    return BuiltNetwork(
        folder=folder,
        net_file=net_file,
        network=dataclasses.replace(network, source=str(net_file)),
        side=side,
        warnings=warnings,
    )


def _convert(extract: Path, made: Path, asked: Path, *, side: DrivingSide, box: Box | None) -> tuple[str, ...]:
    options = [*OPTIONS]
    if side.left_hand:
        options.append("--lefthand")
    if box is not None:
        options += ["--keep-edges.in-geo-boundary", box.as_text()]
    try:
        said = run_sumo_tool("netconvert", "--osm-files", str(extract), "-o", str(made), *options)
    except CitybrainError as error:
        raise InputError(f"{asked}: SUMO cannot use it ({error})") from None
    return tuple(line for line in said.splitlines() if line.startswith("Warning"))


def _sumocfg(name: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Traffic is missing: put a route file beside this one and name it below, for example
     one made by randomTrips.py or od2trips, which come with SUMO. -->
<configuration>
    <input>
        <net-file value="{name}.net.xml"/>
        <!-- <route-files value="{name}.rou.xml"/> -->
    </input>
    <time>
        <begin value="0"/>
        <end value="3600"/>
    </time>
    <processing>
        <time-to-teleport value="300"/>
    </processing>
</configuration>
"""


def _meta(name: str, osm_file: Path, box: Box | None, side: DrivingSide) -> str:
    with osm_file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    quoted = ",\n  ".join(json.dumps(text) for text in _ASSUMPTIONS)
    return f"""name = {json.dumps(name)}
source = {json.dumps(osm_file.name)}
source_sha256 = "{digest}"
licence = "ODbL 1.0, (c) OpenStreetMap contributors"
bbox = {json.dumps(box.as_text() if box else "")}
left_hand = {json.dumps(side.left_hand)}
left_hand_basis = {json.dumps(side.basis)}
built = "{datetime.now(tz=UTC):%Y-%m-%d}"
sumo_version = "{version("eclipse-sumo")}"
netconvert_options = {json.dumps(list(OPTIONS))}
assumptions = [
  {quoted},
]
"""
