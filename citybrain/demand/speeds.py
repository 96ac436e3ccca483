"""Measured speeds: what a probe fleet or a journey-time camera says of an edge."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from citybrain.errors import InputError

_COLUMNS = ("edge", "begin_s", "end_s", "speed_kmh")
_FASTEST_KMH = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Mean speed measured on an edge within a time span, seconds after midnight."""

    edge: str
    begin_s: float
    end_s: float
    speed_kmh: float


def read_speeds(path: Path) -> list[Speed]:
    """Read a CSV with columns ``edge,begin_s,end_s,speed_kmh``; further columns are ignored.

    Raises
    ------
    InputError
        Naming the line and what is wrong there.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path}: column {missing[0]!r} is missing; needed {', '.join(_COLUMNS)}")
            return [_speed(path, number, row) for number, row in enumerate(reader, start=2)]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the table as CSV in UTF-8") from None


def _speed(path: Path, number: int, row: dict[str, str]) -> Speed:
    try:
        speed = Speed(
            edge=row["edge"],
            begin_s=float(row["begin_s"]),
            end_s=float(row["end_s"]),
            speed_kmh=float(row["speed_kmh"]),
        )
    except (TypeError, ValueError):
        raise InputError(f"{path}, line {number}: begin_s, end_s and speed_kmh must be numbers") from None
    if not (0 <= speed.begin_s < speed.end_s < math.inf and 0 < speed.speed_kmh <= _FASTEST_KMH):
        raise InputError(
            f"{path}, line {number}: {speed.speed_kmh:g} km/h from {speed.begin_s:g} s to {speed.end_s:g} s; "
            f"needed a speed above 0 and up to {_FASTEST_KMH:g} km/h, and an end after the begin"
        )
    return speed
