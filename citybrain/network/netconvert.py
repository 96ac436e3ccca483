"""Write SUMO's plain files for laid roads, and have netconvert make the net."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from lxml import etree

from citybrain.errors import CitybrainError, InputError
from citybrain.network.corridors import METRES_PER_DEGREE, Point, distance_m
from citybrain.network.plain import Road, Roads, heading_deg

_FOOTPATH_M = 20.0
_PRIORITY = {"expressway": 12, "arterial": 8, "street": 4}
_OPTIONS = (
    "--lefthand", "--proj.utm", "--no-turnarounds", "--default.lanewidth", "3.2",
    "--junctions.corner-detail", "4", "--junctions.limit-turn-speed", "5.5",
    "--default.crossing-width", "4", "--tls.yellow.time", "3", "--no-internal-links", "false",
    "--offset.disable-normalization", "false", "--output.street-names",
)  # fmt: skip


def sumo_binary(name: str) -> str:
    """Find one of SUMO's programs: the one of this Python environment, else the one on the path.

    Raises
    ------
    InputError
        If it is not installed.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if not found:
        raise InputError(f"SUMO's {name} is not installed; pip install eclipse-sumo")
    return found


def run_sumo_tool(name: str, *arguments: str) -> str:
    """Run one of SUMO's programs and return what it wrote to standard error.

    Raises
    ------
    CitybrainError
        With the first error line, if it fails.
    """
    command = [sumo_binary(name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("Error")] or [done.stderr.strip()[-300:]]
        raise CitybrainError(f"{name} failed: {lines[0]}")
    return done.stderr


def write_plain(roads: Roads, folder: Path) -> dict[str, Path]:
    """Write ``city.nod.xml``, ``city.edg.xml`` and ``city.con.xml``; returns them by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {kind: folder / f"city.{kind}.xml" for kind in ("nod", "edg", "con")}
    nodes, edges, connections = (etree.Element(tag) for tag in ("nodes", "edges", "connections"))
    for place in roads.city.places.values():
        kind = "traffic_light" if place.signalised else "priority"
        node = etree.SubElement(nodes, "node", id=place.id, x=f"{place.lon:.6f}", y=f"{place.lat:.6f}", type=kind)
        if place.signalised:
            node.set("tl", place.id)
    for road in roads.roads.values():
        _write_road(road, nodes, edges, connections)
    for c in roads.connections:
        _connect(connections, roads.roads[c.from_road].last_edge, c.to_road, c.lane, c.to_lane)
    for place in roads.city.places.values():
        if place.kind == "crossing":
            _write_crossing(roads, place.id, nodes, edges, connections)
    for kind, root in (("nod", nodes), ("edg", edges), ("con", connections)):
        etree.ElementTree(root).write(str(files[kind]), pretty_print=True, xml_declaration=True, encoding="utf-8")
    return files


def _write_road(road: Road, nodes: etree._Element, edges: etree._Element, connections: etree._Element) -> None:
    if not road.cut_m:
        _write_edge(edges, road, road.id, road.start, road.end, road.lanes, road.shape)
        return
    head, tail = cut_line(road.shape, road.cut_m)
    node = f"{road.id}.cut"
    etree.SubElement(nodes, "node", id=node, x=f"{tail[0][1]:.6f}", y=f"{tail[0][0]:.6f}", type="priority")
    _write_edge(edges, road, road.id, road.start, node, road.lanes, head)
    _write_edge(edges, road, f"{road.id}.stop", node, road.end, road.approach_lanes, tail)
    for lane in range(road.lanes):
        _connect(connections, road.id, f"{road.id}.stop", lane, lane)
    for lane in range(road.lanes, road.approach_lanes):
        _connect(connections, road.id, f"{road.id}.stop", road.lanes - 1, lane)


def _write_edge(
    edges: etree._Element, road: Road, name: str, start: str, end: str, lanes: int, shape: tuple[Point, ...]
) -> None:
    edge = etree.SubElement(edges, "edge", id=name, numLanes=str(lanes), name=road.corridor.name)
    edge.set("from", start)
    edge.set("to", end)
    edge.set("speed", f"{road.corridor.speed_kmh / 3.6:.2f}")
    edge.set("priority", str(_PRIORITY[road.corridor.road_class] - (road.corridor.beside_m > 0)))
    edge.set("type", road.corridor.road_class)
    edge.set("disallow", "pedestrian")
    edge.set("spreadType", "right")
    height = 6.0 * road.corridor.level
    points = [f"{lon:.6f},{lat:.6f}" for lat, lon in shape]
    if height:
        points = [p if i in (0, len(points) - 1) else f"{p},{height:g}" for i, p in enumerate(points)]
        points = [p if p.count(",") == 2 else f"{p},0" for p in points]
    edge.set("shape", " ".join(points))


def _connect(root: etree._Element, from_edge: str, to_edge: str, lane: int, to_lane: int) -> None:
    element = etree.SubElement(root, "connection", to=to_edge, fromLane=str(lane), toLane=str(to_lane))
    element.set("from", from_edge)


def _write_crossing(
    roads: Roads, place_id: str, nodes: etree._Element, edges: etree._Element, connections: etree._Element
) -> None:
    """Lay a crossing over one arm, with a footpath at each kerb, without which netconvert drops it."""
    arms: dict[str, list[Road]] = defaultdict(list)
    for road in roads.roads.values():
        if place_id in (road.start, road.end):
            arms[road.start if road.end == place_id else road.end].append(road)
    # an arm that traffic comes from, or nobody would have to stop for the crossing
    arm = max(arms.values(), key=lambda found: (any(road.end == place_id for road in found), len(found), found[0].id))
    place = roads.city.places[place_id]
    heading = math.radians(heading_deg(arm[0].shape, at_end=arm[0].end == place_id))
    for side, turn in (("left", -math.pi / 2), ("right", math.pi / 2)):
        lat = place.lat + math.cos(heading + turn) * _FOOTPATH_M / METRES_PER_DEGREE
        lon = place.lon + math.sin(heading + turn) * _FOOTPATH_M / METRES_PER_DEGREE
        kerb = f"{place_id}.{side}"
        etree.SubElement(nodes, "node", id=kerb, x=f"{lon:.6f}", y=f"{lat:.6f}", type="priority")
        path = etree.SubElement(edges, "edge", id=f"{kerb}.path", to=place_id, numLanes="1", speed="1.5", width="2")
        path.set("from", kerb)
        path.set("allow", "pedestrian")
        path.set("priority", "1")
    over = " ".join(road.last_edge if road.end == place_id else road.id for road in arm)
    etree.SubElement(connections, "crossing", node=place_id, edges=over, priority="true")


def cut_line(shape: tuple[Point, ...], at_m: float) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """Cut a line at a distance from its start; both parts hold the point of the cut."""
    head: list[Point] = [shape[0]]
    gone = 0.0
    for i, (a, b) in enumerate(pairwise(shape)):
        step = distance_m(a, b)
        if gone + step >= at_m and not math.isclose(step, 0):
            share = (at_m - gone) / step
            cut = a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
            return (*head, cut), (cut, *shape[i + 1 :])
        head.append(b)
        gone += step
    return shape, (shape[-1],)


def convert(files: dict[str, Path], net_file: Path) -> list[str]:
    """Run netconvert on plain files; returns its warnings."""
    said = run_sumo_tool(
        "netconvert", "-n", str(files["nod"]), "-e", str(files["edg"]), "-x", str(files["con"]), "-o", str(net_file), *_OPTIONS,
    )  # fmt: skip
    return [line for line in said.splitlines() if line.startswith("Warning")]
