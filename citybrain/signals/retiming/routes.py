"""Which way the vehicles of a scenario drive: their departure and the edges of their route.

Routes that are written down are read as they are; trips and flows are routed
by SUMO's ``duarouter`` on free-flow times, as SUMO does when it loads them.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.demand.validate import open_maybe_gzip
from citybrain.errors import InputError, PlantError
from citybrain.simulation.sumo import sumo_binary

_VEHICLE_M, _GAP_M, _HEADWAY_S = 5.0, 2.5, 1.0  # SUMO's defaults
_BUS_M = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """One vehicle.

    Attributes
    ----------
    depart_s : float
    edges : tuple of str
    is_bus : bool
    space_m : float
        Its length and the gap before it.
    headway_s : float
        Time gap that its driver keeps.
    """

    depart_s: float
    edges: tuple[str, ...]
    is_bus: bool
    space_m: float
    headway_s: float


def read_routes(scenario: Scenario, *, seed: int = 0) -> list[Routed]:
    """Return every vehicle that departs before the end of the window, in the order of departure.

    Raises
    ------
    InputError
        If no vehicle departs in the window.
    """
    written, complete = _read_files(scenario.route_files)
    if not complete:
        with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
            routed, _ = _read_files((_route(scenario, Path(name), seed),))
        written = {**routed, **written}
    begin_s = scenario.begin_s - scenario.warmup_s
    inside = [vehicle for vehicle in written.values() if begin_s <= vehicle.depart_s < scenario.end_s]
    if not inside:
        raise InputError(
            f"{scenario.name}: none of its {len(written)} vehicles departs in the window "
            f"{scenario.begin_s:g} to {scenario.end_s:g} s; there is nothing to retime for"
        )
    return sorted(inside, key=lambda vehicle: vehicle.depart_s)


def _route(scenario: Scenario, folder: Path, seed: int) -> Path:
    """Let duarouter route trips and flows; returns its file."""
    out = folder / "routed.rou.xml"
    arguments = {
        "net-file": str(scenario.net_file),
        "route-files": ",".join(map(str, scenario.route_files)),
        "additional-files": ",".join(map(str, silenced(scenario.additional_files, folder))),
        "output-file": str(out),
        "begin": f"{scenario.begin_s - scenario.warmup_s:g}",
        "end": f"{scenario.end_s:g}",
        "seed": str(seed),
        "ignore-errors": "true",
        "no-warnings": "true",
        "no-step-log": "true",
    }
    command = [sumo_binary("duarouter"), *(p for k, v in arguments.items() if v for p in (f"--{k}", v))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not out.exists():
        raise PlantError(f"{scenario.name}: duarouter failed: {' '.join(done.stderr.split())[:300]}")
    return out


def _read_files(files: tuple[Path, ...]) -> tuple[dict[str, Routed], bool]:
    """Vehicles with a written route by id, and whether that is all of them."""
    types: dict[str, tuple[bool, float, float]] = {}
    routes: dict[str, tuple[str, ...]] = {}
    found: dict[str, Routed] = {}
    complete = True
    for file in files:
        with open_maybe_gzip(file) as stream:
            for _, element in etree.iterparse(stream, tag=("vType", "route", "vehicle", "trip", "flow")):
                if element.tag == "vType":
                    types[element.get("id")] = _type(element)
                elif element.tag == "route":
                    if element.get("id"):
                        routes[element.get("id")] = tuple((element.get("edges") or "").split())
                    continue  # a vehicle reads its own route when it ends
                elif element.tag == "vehicle" and (edges := _edges(element, routes)):
                    is_bus, space_m, headway_s = types.get(element.get("type", ""), _type(element))
                    found[element.get("id")] = Routed(
                        depart_s=_depart(element), edges=edges, is_bus=is_bus, space_m=space_m, headway_s=headway_s
                    )
                else:
                    complete = False
                if element.getparent() is not None and element.getparent().tag != "vehicle":
                    element.clear()
    return found, complete


def _edges(vehicle: etree._Element, routes: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    own = vehicle.find("route")
    if own is not None:
        return tuple((own.get("edges") or "").split())
    return routes.get(vehicle.get("route", ""), ())


def _depart(vehicle: etree._Element) -> float:
    try:
        return float(vehicle.get("depart", "0"))
    except ValueError:  # "triggered", or a time as h:m:s
        parts = vehicle.get("depart", "").split(":")
        return sum(float(p) * f for p, f in zip(reversed(parts), (1, 60, 3600), strict=False)) if parts[1:] else 0.0


def _type(element: etree._Element) -> tuple[bool, float, float]:
    is_bus = element.get("vClass", "") in ("bus", "coach")
    length_m = float(element.get("length", _BUS_M if is_bus else _VEHICLE_M))
    return is_bus, length_m + float(element.get("minGap", _GAP_M)), float(element.get("tau", _HEADWAY_S))
