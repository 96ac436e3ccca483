"""GMNS tables as a SUMO net: SUMO's plain files, and netconvert."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lxml import etree

from citybrain.errors import CitybrainError, InputError
from citybrain.integrations.exchange.gmns_folder import GmnsTables, lane_pairs, n_lanes, read_folder, sumo_index
from citybrain.integrations.exchange.gmns_programs import Program, read_programs
from citybrain.integrations.exchange.tables import number
from citybrain.network.netconvert import run_sumo_tool

_DEFAULT_KMH = 50.0
_NODE_TYPE = {
    "signal": "traffic_light",
    "4_stop": "allway_stop",
    "stop": "priority_stop",
    "yield": "priority",
    "none": "priority",
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_OPTIONS = (
    "--no-turnarounds", "--junctions.corner-detail", "5", "--output.street-names", "--no-warnings",
    "--offset.disable-normalization",
)  # fmt: skip


def read_gmns(folder: Path, net_file: Path) -> list[Program]:
    """Build a SUMO net from GMNS tables; returns the signal programs that it carries.

    Raises
    ------
    InputError
        If a table is missing or broken, names what is not there, or netconvert cannot use it. Nothing is written then.
    """
    tables = read_folder(folder)
    programs = read_programs(folder, tables.lamp_of)
    with tempfile.TemporaryDirectory(prefix="citybrain-gmns-") as scratch:
        work = Path(scratch)
        arguments = _plain(tables, programs, work)
        arguments += ["--lefthand"] if tables.left_hand else []
        arguments += ["--proj.utm"] if tables.is_geographic else []
        made = work / "made.net.xml"
        try:
            run_sumo_tool("netconvert", *arguments, "-o", str(made), *_OPTIONS)
        except CitybrainError as error:
            raise InputError(f"{folder}: SUMO cannot use these tables ({error})") from None
        net_file.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, net_file)
    return programs


def _plain(tables: GmnsTables, programs: Sequence[Program], work: Path) -> list[str]:
    arguments = []
    for option, name, root in (
        ("-n", "nodes", _nodes(tables)), ("-e", "edges", _edges(tables)), ("-x", "connections", _connections(tables)),
        ("-i", "tlLogics", _programs(tables, programs)),
    ):  # fmt: skip
        path = work / f"{name}.xml"
        etree.ElementTree(root).write(str(path), xml_declaration=True, encoding="utf-8")
        arguments += [option, str(path)]
    return arguments


def _nodes(tables: GmnsTables) -> etree._Element:
    root, path = etree.Element("nodes"), tables.folder / "node.csv"
    controller_at = {row["node_id"]: tables.lamp_of["mvmt_id", row["mvmt_id"]][0] for row in tables.movements
                     if ("mvmt_id", row["mvmt_id"]) in tables.lamp_of}  # fmt: skip
    for node_id, row in tables.nodes.items():
        kind = row.get("opt_type") or _NODE_TYPE.get(row.get("ctrl_type", ""), "priority")
        node = etree.SubElement(
            root, "node", id=node_id, x=f"{number(path, row, 'x_coord'):.10g}", y=f"{number(path, row, 'y_coord'):.10g}"
        )
        controller = row.get("opt_controller_id") or controller_at.get(node_id, "")
        node.set(
            "type", "traffic_light" if controller else "priority" if kind in ("traffic_light", "dead_end") else kind
        )
        if controller:
            node.set("tl", controller)
    return root


def _edges(tables: GmnsTables) -> etree._Element:
    root, path = etree.Element("edges"), tables.folder / "link.csv"
    for link_id, row in tables.links.items():
        kmh = number(path, row, "free_speed", _DEFAULT_KMH / tables.kmh) * tables.kmh
        edge = etree.SubElement(
            root, "edge", id=link_id, to=row["to_node_id"], numLanes=str(n_lanes(tables, link_id)), speed=f"{kmh / 3.6:.2f}",
        )  # fmt: skip
        edge.set("from", row["from_node_id"])
        for key, name in (
            ("name", "name"),
            ("facility_type", "type"),
            ("opt_priority", "priority"),
            ("opt_spread_type", "spreadType"),
        ):
            if row.get(key):
                edge.set(name, row[key])
        points = _NUMBER.findall(row.get("geometry", ""))
        if len(points) >= 4 and len(points) % 2 == 0:
            edge.set("shape", " ".join(f"{x},{y}" for x, y in zip(points[::2], points[1::2], strict=True)))
        for lane_row in tables.lanes.get(link_id, ()):
            lane = etree.SubElement(
                edge, "lane", index=str(sumo_index(tables, link_id, lane_row, "lane_num", "lane.csv"))
            )
            for key, name in (
                ("width", "width"),
                ("opt_speed", "speed"),
                ("opt_allow", "allow"),
                ("opt_disallow", "disallow"),
            ):
                if lane_row.get(key):
                    lane.set(name, lane_row[key])
    return root


def _connections(tables: GmnsTables) -> etree._Element:
    root = etree.Element("connections")
    started: set[str] = set()
    signalled = {row["node_id"] for row in tables.movements if ("mvmt_id", row["mvmt_id"]) in tables.lamp_of}
    for row in tables.movements:
        started.add(row["ib_link_id"])
        lamp = tables.lamp_of.get(("mvmt_id", row["mvmt_id"]))
        for from_lane, to_lane in lane_pairs(tables, row):
            c = etree.SubElement(root, "connection", to=row["ob_link_id"], fromLane=str(from_lane), toLane=str(to_lane))
            c.set("from", row["ib_link_id"])
            if lamp is None and row["node_id"] in signalled:
                c.set("uncontrolled", "true")
    for link_id in tables.links if tables.movements else ():
        if link_id not in started:  # or netconvert would guess where it leads
            etree.SubElement(root, "connection").set("from", link_id)
    for row in tables.crossings:
        crossing = etree.SubElement(
            root, "crossing", node=row["from_node_id"], edges=row.get("opt_crossing_edges", ""), priority="true"
        )
        if row.get("row_width"):
            crossing.set("width", row["row_width"])
        lamp = tables.lamp_of.get(("link_id", row["link_id"]))
        if lamp is not None:
            crossing.set("linkIndex", str(lamp[1]))
    return root


def _programs(tables: GmnsTables, programs: Sequence[Program]) -> etree._Element:
    root = etree.Element("tlLogics")
    for program in programs:
        logic = etree.SubElement(
            root, "tlLogic", id=program.controller, type="static", programID="0", offset=f"{program.offset_s:g}"
        )
        for phase in program.phases:
            etree.SubElement(logic, "phase", duration=f"{phase.duration_s:g}", state=phase.state)
    with_program = {program.controller for program in programs}
    for row in tables.movements:
        controller, lamp = tables.lamp_of.get(("mvmt_id", row["mvmt_id"]), ("", -1))
        if controller not in with_program:
            continue
        for from_lane, to_lane in lane_pairs(tables, row):
            c = etree.SubElement(root, "connection", to=row["ob_link_id"], fromLane=str(from_lane), toLane=str(to_lane))
            c.set("from", row["ib_link_id"])
            c.set("tl", controller)
            c.set("linkIndex", str(lamp))
    return root
