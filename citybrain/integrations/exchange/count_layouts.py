"""Counts as detectors and consultants write them, as the table that ``citybrain network calibrate`` reads.

Three layouts, told by their header::

    detector,time,volume          one row a place and interval
    time,north,east               one row an interval, one column a place
    site,00:00,00:15,00:30        one row a place, one column an interval

Columns are separated by commas, semicolons or tabs. A time is a clock time (``7:15``), a span (``07:00-07:15``), a date with
a clock time, an hour (``7``) or seconds after midnight (``25200``). Days of the same place and time are averaged.
"""

from __future__ import annotations

import csv
import math
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from citybrain.demand.counts import Count
from citybrain.errors import InputError

PLACES = (
    "edge",
    "detector",
    "detector_id",
    "site",
    "site_id",
    "station",
    "location",
    "link",
    "link_id",
    "sensor",
    "id",
    "place",
)
TIMES = (
    "time",
    "timestamp",
    "datetime",
    "date_time",
    "begin",
    "begin_s",
    "start",
    "start_time",
    "interval_start",
    "period",
    "hour",
)
VOLUMES = ("vehicles", "volume", "vol", "count", "total", "flow", "q", "veh", "qpkw")
_CLOCK = re.compile(r"(?:.*[ T])?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")
_DAY_S = 86400.0
_HOURS = 24


def read_layout(
    path: Path, *, places: Mapping[str, str] | None = None, interval_s: float | None = None, per_hour: bool = False
) -> list[Count]:
    """Read counts in any of the layouts.

    Parameters
    ----------
    places : mapping of str to str, optional
        Edge of each place; places that are not in it are left out. Without it the names are the edges.
    interval_s : float, optional
        Length of an interval; the shortest step between times where not given.
    per_hour : bool
        The values are vehicles an hour, not vehicles in the interval.

    Raises
    ------
    InputError
        If the layout is none of these, a value or time is no number, or no row is of a known place.
    """
    header, rows = _table(path)
    cells = list(_cells(path, header, rows))
    known = {place for place, *_ in cells}
    if places is not None:
        cells = [(places[place], begin_s, end_s, v) for place, begin_s, end_s, v in cells if place in places]
        if not cells:
            raise InputError(
                f"{path}: none of its {len(known)} places ({_some(known)}) is among the {len(places)} of --places ({_some(places)})"
            )
    values: dict[tuple[str, float, float | None], list[float]] = defaultdict(list)
    for edge, begin_s, end_s, value in cells:
        values[edge, begin_s, end_s].append(value)
    step_s = interval_s or _shortest_step(
        path, {begin_s for _, begin_s, _ in values}, needed=any(end is None for *_, end in values)
    )
    counts = []
    for (edge, begin_s, end_s), found in sorted(values.items(), key=lambda item: item[0][:2]):
        until_s = begin_s + step_s if end_s is None else end_s
        vehicles = fmean(found) * ((until_s - begin_s) / 3600.0 if per_hour else 1.0)
        counts.append(Count(edge=edge, begin_s=begin_s, end_s=until_s, vehicles=round(vehicles, 2)))
    return counts


def write_counts(path: Path, counts: Sequence[Count]) -> None:
    """Write counts as ``edge,begin_s,end_s,vehicles``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("edge", "begin_s", "end_s", "vehicles"))
        writer.writerows((c.edge, f"{c.begin_s:g}", f"{c.end_s:g}", f"{c.vehicles:g}") for c in counts)


def read_places(path: Path) -> dict[str, str]:
    """Read which edge each place is on: TOML ``place = "edge"``, or CSV with two columns and a header.

    Raises
    ------
    InputError
        If the file is missing or is neither.
    """
    if path.suffix.lower() == ".csv":
        header, rows = _table(path)
        if len(header) != 2:
            raise InputError(f"{path}: has {len(header)} columns, needed 2: the place and its edge")
        return {row[0]: row[1] for row in rows}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: broken TOML ({error})") from None
    wrong = next((name for name, edge in found.items() if not isinstance(edge, str)), None)
    if wrong is not None or not found:
        raise InputError(f'{path}: {wrong or "it"} names no edge; write lines such as north = "edge-7"')
    return found


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not UTF-8 text ({error}); save the table as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = max(";\t,", key=first.count)
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)
        ]
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from None
    if len(rows) < 2 or len(rows[0]) < 2:
        raise InputError(
            f"{path}: holds {len(rows)} rows, needed a header and one row at least, of two columns or more"
        )
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise InputError(f"{path}, line {number}: has {len(row)} columns, the header {len(rows[0])}")
    return rows[0], rows[1:]


def _cells(path: Path, header: list[str], rows: list[list[str]]) -> Iterator[tuple[str, float, float | None, float]]:
    """Yield place, begin, end where the table says it, and value."""
    names = [name.lower().replace(" ", "_") for name in header]
    place, time, volume = (
        next((names.index(n) for n in known if n in names), -1) for known in (PLACES, TIMES, VOLUMES)
    )
    if place >= 0 and time >= 0 and volume >= 0:
        until = names.index("end_s") if "end_s" in names else -1
        for number, row in enumerate(rows, start=2):
            begin_s, end_s = _time(path, number, row[time])
            if until >= 0:
                end_s = _time(path, number, row[until])[0]
            yield row[place], begin_s, end_s, _value(path, number, row[volume])
    elif time >= 0 and place < 0:
        for number, row in enumerate(rows, start=2):
            begin_s, end_s = _time(path, number, row[time])
            for column, name in enumerate(header):
                if column != time and row[column]:
                    yield name, begin_s, end_s, _value(path, number, row[column])
    elif place >= 0:
        spans = {column: _time(path, 1, name) for column, name in enumerate(header) if column != place}
        for number, row in enumerate(rows, start=2):
            for column, (begin_s, end_s) in spans.items():
                if row[column]:
                    yield row[place], begin_s, end_s, _value(path, number, row[column])
    else:
        raise InputError(
            f"{path}: cannot tell its layout from the columns {', '.join(header[:6])}; needed a place ({PLACES[1]}), a time "
            f"({TIMES[0]}) and a volume ({VOLUMES[1]}), or a time and one column a place, or a place and one column a time"
        )


def _time(path: Path, number: int, text: str) -> tuple[float, float | None]:
    """Return begin, and end where a span tells it, in seconds after midnight."""
    first, dash, last = text.partition("-") if re.fullmatch(r"[\d:]+ ?- ?[\d:]+", text) else (text, "", "")
    begin_s = _clock_s(first.strip())
    end_s = _clock_s(last.strip()) if dash else None
    if begin_s is None or (dash and end_s is None):
        raise InputError(
            f"{path}, line {number}: {text!r} is no time; write 07:15, 07:00-07:15 or seconds after midnight"
        )
    if end_s is not None and end_s <= begin_s:
        end_s += _DAY_S
    return begin_s, end_s


def _clock_s(text: str) -> float | None:
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return hours * 3600.0 + minutes * 60.0 + seconds if hours <= _HOURS and minutes < 60 and seconds < 60 else None
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        return None
    value = float(text)
    return value * 3600.0 if value < _HOURS else value


def _value(path: Path, number: int, text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{path}, line {number}: {text!r} is no count; needed a number of 0 or more")
    return value


def _shortest_step(path: Path, begins_s: set[float], *, needed: bool) -> float:
    steps = [b - a for a, b in pairwise(sorted(begins_s))]
    if not steps and needed:
        raise InputError(f"{path}: one time only, so the length of an interval is unknown; give --interval SECONDS")
    return min(steps, default=0.0)


def _some(names: Mapping[str, str] | set[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
