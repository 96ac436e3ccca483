"""Traffic counts: read them, and bring the trips of a demand in line with them."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from citybrain.demand.trips import Trip
from citybrain.errors import InputError

_COLUMNS = {"edge", "begin_s", "end_s", "vehicles"}
_SHIFT_S = 300.0
_LEAST_FACTOR, _MOST_FACTOR = 0.4, 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Vehicles counted on an edge within a time span, seconds after midnight."""

    edge: str
    begin_s: float
    end_s: float
    vehicles: float

    @property
    def vph(self) -> float:
        """Vehicles an hour."""
        return self.vehicles * 3600.0 / (self.end_s - self.begin_s)


def read_counts(path: Path) -> list[Count]:
    """Read a CSV with columns ``edge,begin_s,end_s,vehicles``; further columns are ignored.

    Raises
    ------
    InputError
        Naming the line and what is wrong there.
    """
    counts: list[Count] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = _COLUMNS - set(reader.fieldnames or ())
            if missing:
                raise InputError(f"{path}: column {min(missing)!r} is missing; needed {', '.join(sorted(_COLUMNS))}")
            for number, row in enumerate(reader, start=2):
                counts.append(_count(path, number, row))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the table as CSV in UTF-8") from None
    return counts


def _count(path: Path, number: int, row: dict[str, str]) -> Count:
    try:
        count = Count(
            edge=row["edge"], begin_s=float(row["begin_s"]), end_s=float(row["end_s"]), vehicles=float(row["vehicles"])
        )
    except (TypeError, ValueError):
        raise InputError(f"{path}, line {number}: begin_s, end_s and vehicles must be numbers") from None
    if not (count.begin_s < count.end_s and count.vehicles >= 0 and math.isfinite(count.vehicles)):
        raise InputError(
            f"{path}, line {number}: {count.vehicles:g} vehicles from {count.begin_s:g} s to {count.end_s:g} s; "
            "needed 0 or more, and an end after the begin"
        )
    return count


def geh(modelled_vph: float, counted_vph: float) -> float:
    """GEH statistic of two hourly flows, ``sqrt(2 (m - c)^2 / (m + c))``; below 5 is a good fit.

    Source: UK Department for Transport, TAG unit M3.1.
    """
    total = modelled_vph + counted_vph
    return math.sqrt(2 * (modelled_vph - counted_vph) ** 2 / total) if total > 0 else 0.0


def match_counts(
    trips: list[Trip], target_vph: dict[str, float], modelled_vph: dict[str, float], *, keep_total: bool,
    generator: np.random.Generator,
) -> list[Trip]:  # fmt: skip
    """Repeat or drop trips so that the flows on counted edges come nearer to the counts.

    A trip over counted edges gets the geometric mean of their ratios of count to model as its
    factor, within bounds; it is kept that often, on average. Copies leave a few minutes earlier or later;
    all trips are numbered anew.

    Parameters
    ----------
    keep_total : bool
        Drop as many other trips as are added, at random, so that the demand stays as large.
    """
    ratio = {edge: target / max(modelled_vph.get(edge, 0.0), 1.0) for edge, target in target_vph.items() if target > 0}
    factors = np.array([_factor(trip, ratio) for trip in trips])
    counted = np.array([any(edge in ratio for edge in trip.edges) for trip in trips])
    if keep_total and counted.any() and not counted.all():
        surplus = float((factors[counted] - 1.0).sum())
        factors[~counted] = max(0.0, 1.0 - surplus / float((~counted).sum()))
    copies = np.floor(factors + generator.random(len(trips))).astype(int)
    first, last = min(t.depart_s for t in trips), max(t.depart_s for t in trips)
    matched: list[Trip] = []
    for trip, n in zip(trips, copies, strict=True):
        for k in range(int(n)):
            shift = generator.uniform(-_SHIFT_S, _SHIFT_S) if k else 0.0
            matched.append(replace(trip, depart_s=float(np.clip(trip.depart_s + shift, first, last))))
    matched.sort(key=lambda trip: trip.depart_s)
    return [replace(trip, id=f"{trip.kind[0]}{number}") for number, trip in enumerate(matched)]


def _factor(trip: Trip, ratio: dict[str, float]) -> float:
    logs = [math.log(ratio[edge]) for edge in trip.edges if edge in ratio]
    if not logs:
        return 1.0
    return min(max(math.exp(sum(logs) / len(logs)), _LEAST_FACTOR), _MOST_FACTOR)
