"""A SUMO net as GMNS tables.

One movement of ours is one GMNS movement: one lane to one lane. GMNS counts lanes from left to right from 1, SUMO from
the kerb from 0. Lengths are metres, speeds km/h, places longitude and latitude where the net has a projection, else metres.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from citybrain.errors import InputError
from citybrain.integrations.exchange.gmns_signals import signal_tables
from citybrain.integrations.exchange.tables import COLUMNS, write_table
from citybrain.network.netfacts import Location, read_facts
from citybrain.network.reader import read_network

SPECIFICATION = "0.96"
_DEGREE_DIGITS, _METRE_DIGITS = 7, 2  # both about a centimetre
_TURNS = {"s": "thru", "l": "left", "L": "left", "r": "right", "R": "right", "t": "uturn"}
_CONTROL = {"traffic_light": "signal", "allway_stop": "4_stop", "priority_stop": "stop", "priority": "yield"}
_USES = {"auto": "passenger", "bus": "bus", "truck": "truck", "bike": "bicycle", "walk": "pedestrian"}
Tables = dict[str, list[dict[str, Any]]]


def write_gmns(
    net_file: Path, folder: Path, additional_files: Sequence[Path] = (), *, name: str = ""
) -> dict[str, int]:
    """Write a net and its signal programs as GMNS tables; returns the rows of each.

    Parameters
    ----------
    additional_files : sequence of path
        Files whose programs replace those of the net.

    Raises
    ------
    InputError
        If the net or a program cannot be read.
    """
    tables = gmns_tables(net_file, additional_files, name=name or net_file.name)
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        write_table(folder / f"{table}.csv", COLUMNS[table], rows)
    return {table: len(rows) for table, rows in tables.items()}


def gmns_tables(net_file: Path, additional_files: Sequence[Path] = (), *, name: str) -> Tables:
    """Return every table as rows; see :func:`write_gmns`."""
    network = read_network(net_file, additional_files)
    with (gzip.open if net_file.suffix == ".gz" else open)(net_file, "rb") as file:
        root = etree.parse(file).getroot()
    location = read_facts(net_file).location
    net = _Net(root, location, network.left_hand, {edge.get("id"): edge for edge in root.iterchildren("edge")})
    tables: Tables = {
        "config": [
            {
                "dataset_name": name, "short_length": "meter", "long_length": "meter", "speed": "kilometer_per_hour",
                "crs": "EPSG:4326" if location.is_geographic else "", "geometry_field_format": "WKT",
                "version_number": SPECIFICATION, "id_type": "string", "opt_left_hand": int(network.left_hand),
            }
        ],
        "use_definition": [{"use": use, "pce": 2 if use in ("bus", "truck") else 1} for use in _USES],
        "node": list(net.nodes()),
        "link": [*net.links(), *net.crossings()],
        "lane": list(net.lanes()),
        "movement": list(net.movements()),
    }  # fmt: skip
    lamps: dict[str, dict[int, list[tuple[str, str]]]] = {}
    for table, key in (("movement", "mvmt_id"), ("link", "link_id")):
        for row in tables[table]:
            if row.get("opt_controller_id"):
                lamp = lamps.setdefault(row["opt_controller_id"], {}).setdefault(int(row["opt_lamp"]), [])
                lamp.append((key, row[key]))
    return {**tables, **signal_tables(network, lamps)}


@dataclass(frozen=True, slots=True)
class _Net:
    root: Any
    location: Location
    left_hand: bool
    edge_of: Mapping[str, Any]

    def nodes(self) -> Iterator[dict[str, Any]]:
        controllers = {self._edge(c.get("from")).get("to"): c.get("tl") for c in self._connections() if c.get("tl")}
        junctions = [j for j in self.root.iterchildren("junction") if j.get("type") != "internal"]
        places = self._placed([(float(j.get("x")), float(j.get("y"))) for j in junctions])
        for junction, (x, y) in zip(junctions, places, strict=True):
            kind = junction.get("type")
            yield {
                "node_id": junction.get("id"), "x_coord": x, "y_coord": y, "z_coord": junction.get("z", ""),
                "node_type": "intersection" if kind != "dead_end" else "end", "ctrl_type": _CONTROL.get(kind, "none"),
                "opt_type": kind, "opt_controller_id": controllers.get(junction.get("id"), ""),
            }  # fmt: skip

    def links(self) -> Iterator[dict[str, Any]]:
        at = {j.get("id"): (float(j.get("x")), float(j.get("y"))) for j in self.root.iterchildren("junction")}
        shapes = [_points(edge.get("shape")) or [at[edge.get("from")], at[edge.get("to")]] for edge in self._edges()]
        placed = iter(self._placed([point for shape in shapes for point in shape]))
        for edge, shape in zip(self._edges(), shapes, strict=True):
            lanes = edge.findall("lane")
            motor = [lane for lane in lanes if "auto" in _uses(lane) or "bus" in _uses(lane)]
            speed_mps = max(float(lane.get("speed")) for lane in motor or lanes)
            yield {
                "link_id": edge.get("id"), "name": edge.get("name", ""), "from_node_id": edge.get("from"),
                "to_node_id": edge.get("to"), "directed": 1, "geometry": _wkt(next(placed) for _ in shape), "dir_flag": 1,
                "length": lanes[0].get("length"), "facility_type": edge.get("type", ""),
                "free_speed": f"{speed_mps * 3.6:.2f}", "lanes": len(motor),
                "allowed_uses": ",".join(use for use in _USES if any(use in _uses(lane) for lane in lanes)),
                "opt_priority": edge.get("priority", ""), "opt_spread_type": edge.get("spreadType", ""),
            }  # fmt: skip

    def crossings(self) -> Iterator[dict[str, Any]]:
        lamps = {c.get("to"): c for c in self._connections(crossings=True) if c.get("tl")}
        for edge in self.root.iterchildren("edge"):
            if edge.get("function") != "crossing":
                continue
            node, lamp = edge.get("id")[1 : edge.get("id").rindex("_c")], lamps.get(edge.get("id"))
            lane = edge.find("lane")
            yield {
                "link_id": edge.get("id"), "from_node_id": node, "to_node_id": node, "directed": 0, "dir_flag": 0,
                "geometry": _wkt(self._placed(_points(lane.get("shape")))), "length": lane.get("length"),
                "facility_type": "crossing", "lanes": 0, "ped_facility": "offstreet_path", "allowed_uses": "walk",
                "row_width": lane.get("width", ""), "opt_crossing_edges": edge.get("crossingEdges", ""),
                "opt_controller_id": "" if lamp is None else lamp.get("tl"),
                "opt_lamp": "" if lamp is None else lamp.get("linkIndex"),
            }  # fmt: skip

    def lanes(self) -> Iterator[dict[str, Any]]:
        for edge in self._edges():
            lanes = edge.findall("lane")
            for lane in lanes:
                yield {
                    "lane_id": lane.get("id"), "link_id": edge.get("id"),
                    "lane_num": lane_number(int(lane.get("index")), len(lanes), left_hand=self.left_hand),
                    "allowed_uses": ",".join(_uses(lane)), "width": lane.get("width", ""), "opt_speed": lane.get("speed"),
                    "opt_allow": lane.get("allow", ""), "opt_disallow": lane.get("disallow", ""),
                }  # fmt: skip

    def movements(self) -> Iterator[dict[str, Any]]:
        for place, c in enumerate(self._connections()):
            start, end = self._edge(c.get("from")), self._edge(c.get("to"))
            from_lane = lane_number(int(c.get("fromLane")), len(start.findall("lane")), left_hand=self.left_hand)
            to_lane = lane_number(int(c.get("toLane")), len(end.findall("lane")), left_hand=self.left_hand)
            yield {
                "mvmt_id": f"m{place}", "node_id": start.get("to"), "ib_link_id": c.get("from"), "start_ib_lane": from_lane,
                "ob_link_id": c.get("to"), "start_ob_lane": to_lane, "type": _TURNS.get(c.get("dir"), "thru"),
                "ctrl_type": "signal" if c.get("tl") else "no_control", "opt_controller_id": c.get("tl", ""),
                "opt_lamp": c.get("linkIndex", ""),
            }  # fmt: skip

    def _edges(self) -> Iterator[Any]:
        return (edge for edge in self.root.iterchildren("edge") if not edge.get("function") and edge.get("from"))

    def _edge(self, edge_id: str) -> Any:
        found = self.edge_of.get(edge_id)
        if found is None:
            raise InputError(
                f"a connection names edge {edge_id!r}, which the net does not have; rebuild it with netconvert"
            )
        return found

    def _connections(self, *, crossings: bool = False) -> Iterator[Any]:
        for c in self.root.iterchildren("connection"):
            inside = c.get("from").startswith(":") or c.get("to").startswith(":")
            if inside == crossings:
                yield c

    def _placed(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return places as longitude and latitude where the net has a projection, else as they are."""
        digits = _DEGREE_DIGITS if self.location.is_geographic else _METRE_DIGITS
        found = self.location.lon_lat(list(points)) if self.location.is_geographic else points
        return [(round(float(x), digits), round(float(y), digits)) for x, y in found]


def lane_number(index: int, lanes: int, *, left_hand: bool) -> int:
    """Return GMNS's number of a lane, from the left from 1, of SUMO's index from the kerb from 0."""
    return index + 1 if left_hand else lanes - index


def lane_index(num: int, lanes: int, *, left_hand: bool) -> int:
    """Return SUMO's index of the lane that GMNS numbers ``num``."""
    return num - 1 if left_hand else lanes - num


def _uses(lane: Any) -> list[str]:
    allow, disallow = lane.get("allow"), lane.get("disallow", "").split()
    if allow is not None:
        return [use for use, kind in _USES.items() if kind in allow.split() or "all" in allow.split()]
    return [use for use, kind in _USES.items() if kind not in disallow and "all" not in disallow]


def _points(shape: str | None) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y, *_ in (point.split(",") for point in (shape or "").split())]


def _wkt(points: Iterable[tuple[float, float]]) -> str:
    return f"LINESTRING ({', '.join(f'{x:.10g} {y:.10g}' for x, y in points)})"
