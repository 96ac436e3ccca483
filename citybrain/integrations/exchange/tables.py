"""CSV tables, and the columns of GMNS.

GMNS, the General Modeling Network Specification (Zephyr Foundation), is a folder of CSV tables. Every column of the
specification (0.96) is written, empty where a net does not say it; what SUMO needs beyond it is in columns that begin
with ``opt_``, as the specification's own examples name theirs.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from citybrain.errors import InputError

Row = dict[str, str]

COLUMNS: dict[str, tuple[str, ...]] = {
    "config": (
        "dataset_name", "short_length", "long_length", "speed", "crs", "geometry_field_format", "currency", "version_number",
        "id_type", "opt_left_hand",
    ),
    "use_definition": ("use", "persons_per_vehicle", "pce", "special_conditions", "description"),
    "node": (
        "node_id", "name", "x_coord", "y_coord", "z_coord", "node_type", "ctrl_type", "zone_id", "parent_node_id", "opt_type",
        "opt_controller_id",
    ),
    "link": (
        "link_id", "name", "from_node_id", "to_node_id", "directed", "geometry_id", "geometry", "parent_link_id", "dir_flag",
        "length", "grade", "facility_type", "capacity", "free_speed", "lanes", "bike_facility", "ped_facility", "parking",
        "allowed_uses", "toll", "jurisdiction", "row_width", "opt_priority", "opt_spread_type", "opt_crossing_edges",
        "opt_controller_id", "opt_lamp",
    ),
    "lane": (
        "lane_id", "link_id", "lane_num", "allowed_uses", "r_barrier", "l_barrier", "width", "opt_speed", "opt_allow",
        "opt_disallow",
    ),
    "movement": (
        "mvmt_id", "node_id", "name", "ib_link_id", "start_ib_lane", "end_ib_lane", "ob_link_id", "start_ob_lane", "end_ob_lane",
        "type", "penalty", "capacity", "ctrl_type", "mvmt_code", "allowed_uses", "geometry", "opt_controller_id", "opt_lamp",
    ),
    "signal_controller": ("controller_id",),
    "signal_timing_plan": ("timing_plan_id", "controller_id", "timeday_id", "time_day", "cycle_length", "opt_type"),
    "signal_coordination": (
        "coordination_id", "timing_plan_id", "controller_id", "coord_contr_id", "coord_phase", "coord_ref_to", "offset",
    ),
    "signal_timing_phase": (
        "timing_phase_id", "timing_plan_id", "signal_phase_num", "min_green", "max_green", "extension", "clearance",
        "walk_time", "ped_clearance", "ring", "barrier", "position", "opt_intergreen",
    ),
    "signal_phase_mvmt": ("signal_phase_mvmt_id", "timing_phase_id", "mvmt_id", "link_id", "protection"),
}  # fmt: skip
NEEDED = {
    "node": ("node_id", "x_coord", "y_coord"),
    "link": ("link_id", "from_node_id", "to_node_id"),
    "movement": ("mvmt_id", "node_id", "ib_link_id", "ob_link_id"),
    "signal_timing_plan": ("timing_plan_id", "controller_id"),
    "signal_timing_phase": ("timing_phase_id", "timing_plan_id", "signal_phase_num"),
    "signal_phase_mvmt": ("timing_phase_id",),
}
"""Columns without which a table is of no use to us."""


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV table; what a row does not say stays empty.

    UTF-8 with a byte-order mark, by which spreadsheets know the encoding.
    """
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)


def read_table(path: Path, needed: Iterable[str] = ()) -> list[Row]:
    """Read a CSV table with a header; empty and ``NaN`` cells are empty text.

    Raises
    ------
    InputError
        If the file is missing, is no text, or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            found = tuple(reader.fieldnames or ())
            missing = [name for name in needed if name not in found]
            if missing:
                raise InputError(
                    f"{path}: column {missing[0]!r} is missing (found: {' '.join(', '.join(found).split()) or 'none'})"
                )
            return [
                {
                    key: "" if value in (None, "NaN") else str(value).strip()
                    for key, value in row.items()
                    if key is not None
                }
                for row in reader
            ]
    except FileNotFoundError:
        raise InputError(f"{path}: no such table") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the table as CSV in UTF-8") from None
    except (csv.Error, OSError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from None


def number(path: Path, row: Row, key: str, default: float | None = None) -> float:
    """Return a cell as a finite number.

    Raises
    ------
    InputError
        If it is none, or empty without a default.
    """
    text = row.get(key, "")
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        first = next(iter(row.values()), "")
        raise InputError(f"{path}: {key} of {first!r} is {text!r}, needed a number")
    return value


def whole(path: Path, row: Row, key: str, default: int | None = None) -> int:
    """Return a cell as a whole number; see :func:`number`."""
    value = number(path, row, key, default)
    if value != int(value):
        raise InputError(f"{path}: {key} of {next(iter(row.values()), '')!r} is {row[key]!r}, needed a whole number")
    return int(value)
