"""A folder of GMNS tables, read and checked against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from citybrain.errors import InputError
from citybrain.integrations.exchange.gmns_write import lane_index
from citybrain.integrations.exchange.tables import NEEDED, Row, number, read_table, whole

_MILE_KM = 1.609344
_GEOGRAPHIC = ("4326", "wgs84", "wgs 84", "crs84")
_MOST_LAMPS = 1000


@dataclass(slots=True)
class GmnsTables:
    """The tables of a folder, checked against each other."""

    folder: Path
    nodes: dict[str, Row]
    links: dict[str, Row]
    crossings: list[Row]
    lanes: dict[str, list[Row]]
    movements: list[Row]
    config: Row
    lamp_of: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    @property
    def left_hand(self) -> bool:
        """Whether people drive on the left."""
        return self.config.get("opt_left_hand", "") in ("1", "true", "True")

    @property
    def is_geographic(self) -> bool:
        """Whether places are longitude and latitude."""
        crs = self.config.get("crs", "").lower()
        return any(word in crs for word in _GEOGRAPHIC)

    @property
    def kmh(self) -> float:
        """Kilometres per hour in one unit of speed of the tables."""
        return _MILE_KM if "mi" in self.config.get("speed", "").lower().replace("kilometer", "km") else 1.0


def read_folder(folder: Path) -> GmnsTables:
    """Read the tables of a folder.

    Raises
    ------
    InputError
        If node.csv or link.csv is missing, or a table is broken or names what is not there.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of GMNS tables (node.csv, link.csv, movement.csv, ...)")
    nodes = {row["node_id"]: row for row in read_table(folder / "node.csv", NEEDED["node"])}
    rows = read_table(folder / "link.csv", NEEDED["link"])
    for row in rows:
        for end in ("from_node_id", "to_node_id"):
            if row[end] not in nodes:
                raise InputError(
                    f"{folder / 'link.csv'}: link {row['link_id']!r} has {end} {row[end]!r}, which node.csv lacks"
                )
    links = {row["link_id"]: row for row in rows if row.get("facility_type") != "crossing"}
    if not links:
        raise InputError(f"{folder / 'link.csv'}: holds 0 links, needed 1 at least")
    lanes: dict[str, list[Row]] = defaultdict(list)
    for row in read_table(folder / "lane.csv", ("link_id", "lane_num")) if (folder / "lane.csv").is_file() else ():
        lanes[row["link_id"]].append(row)
    config = read_table(folder / "config.csv")[:1] if (folder / "config.csv").is_file() else []
    tables = GmnsTables(
        folder, nodes, links, [row for row in rows if row.get("facility_type") == "crossing"], lanes,
        _movements(folder, links), config[0] if config else {},
    )  # fmt: skip
    _number_lamps(tables)
    return tables


def _movements(folder: Path, links: Mapping[str, Row]) -> list[Row]:
    path = folder / "movement.csv"
    if not path.is_file():
        return []
    rows = read_table(path, NEEDED["movement"])
    for row in rows:
        for end in ("ib_link_id", "ob_link_id"):
            if row[end] not in links:
                raise InputError(f"{path}: movement {row['mvmt_id']!r} has {end} {row[end]!r}, which link.csv lacks")
    return rows


def _number_lamps(tables: GmnsTables) -> None:
    """Give every signalled movement and crossing its lamp: the one it says, else the next of its controller."""
    used: dict[str, int] = defaultdict(int)
    path = tables.folder / "movement.csv"
    for key, rows in (("mvmt_id", tables.movements), ("link_id", tables.crossings)):
        for row in rows:
            signalled = row.get("opt_controller_id") or (
                row.get("ctrl_type", "").startswith("signal") and row["node_id"]
            )
            if not signalled:
                continue
            lamp = whole(path, row, "opt_lamp", used[signalled])
            if not 0 <= lamp < _MOST_LAMPS:
                raise InputError(f"{path}: {key} {row[key]!r} has lamp {lamp}; lamps are numbered from 0")
            used[signalled] = max(used[signalled], lamp + 1)
            tables.lamp_of[key, row[key]] = (signalled, lamp)


def n_lanes(tables: GmnsTables, link_id: str) -> int:
    """Return how many lanes a link has: those listed, else as many as it says."""
    listed = len(tables.lanes.get(link_id, ()))
    return listed or max(1, whole(tables.folder / "link.csv", tables.links[link_id], "lanes", 1))


def sumo_index(tables: GmnsTables, link_id: str, row: Row, key: str, table: str) -> int:
    """Return SUMO's index of a lane that a row names."""
    path, lanes = tables.folder / table, n_lanes(tables, link_id)
    num = whole(path, row, key, 1)
    # turn pockets left of lane 1 have negative numbers, and there is no lane 0
    pockets = sum(number(tables.folder / "lane.csv", r, "lane_num") < 0 for r in tables.lanes.get(link_id, ()))
    index = lane_index(num + pockets + (1 if num < 0 else 0), lanes, left_hand=tables.left_hand)
    if not 0 <= index < lanes:
        raise InputError(
            f"{path}: {key} of {next(iter(row.values()))!r} is {num}, but link {link_id!r} has {lanes} lanes"
        )
    return index


def lane_pairs(tables: GmnsTables, row: Row) -> Iterator[tuple[int, int]]:
    """Yield the lanes that a movement joins: the n-th with the n-th, the last one more often where they are fewer."""
    sides = []
    for link, start, end in (
        ("ib_link_id", "start_ib_lane", "end_ib_lane"),
        ("ob_link_id", "start_ob_lane", "end_ob_lane"),
    ):
        first = sumo_index(tables, row[link], row, start, "movement.csv")
        last = sumo_index(tables, row[link], row, end, "movement.csv") if row.get(end) else first
        sides.append(range(first, last + (1 if last >= first else -1), 1 if last >= first else -1))
    inbound, outbound = sides
    for place in range(max(len(inbound), len(outbound))):
        yield inbound[min(place, len(inbound) - 1)], outbound[min(place, len(outbound) - 1)]
