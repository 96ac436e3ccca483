"""The periods of a written city's day, read from ``periods.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError, nearest_hint

_COURSE_STEP_S = 10.0
VEHICLE_KINDS = ("car", "motorcycle", "lorry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period; the head of ``periods.toml`` explains the fields."""

    name: str
    begin_h: float
    end_h: float
    warmup_s: float
    trips_vph: float
    to_work: float
    to_home: float
    through: float
    cycle_s: tuple[float, float]
    least_green_s: float = 10.0
    speed_factor: float = 1.0
    course: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def begin_s(self) -> float:
        """Start of the measured window, seconds after midnight."""
        return self.begin_h * 3600.0

    @property
    def end_s(self) -> float:
        """End of the measured window, seconds after midnight."""
        return self.end_h * 3600.0

    def rate(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Demand at times of the day, relative to ``trips_vph``: the ``course``, joined by straight lines."""
        after_s = np.asarray(times_s) - self.begin_s
        return np.interp(after_s, [at_s for at_s, _ in self.course], [factor for _, factor in self.course])

    def rate_hours(self, from_s: float, to_s: float) -> float:
        """Hours at the full rate that bring as many trips as the span does."""
        times = np.linspace(from_s, to_s, 1 + max(1, round((to_s - from_s) / _COURSE_STEP_S)))
        return float(np.trapezoid(self.rate(times), times)) / 3600.0

    @property
    def loaded_hours(self) -> float:
        """Hours that all trips would take to start at the mean rate of the measured window."""
        window = self.rate_hours(self.begin_s, self.end_s) / (self.end_h - self.begin_h)
        return self.rate_hours(self.load_s, self.end_s) / window

    @property
    def load_s(self) -> float:
        """When the first trip starts, seconds after midnight."""
        return self.begin_s - self.warmup_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All periods by name, and the share of the day's trips in each hour."""

    periods: dict[str, Period]
    profile: tuple[float, ...]


def read_periods(folder: Path) -> Day:
    """Read ``periods.toml`` of a city folder.

    Raises
    ------
    InputError
        Naming the period and the value that is wrong.
    """
    path = folder / "periods.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; a city with demand needs it") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML ({error})") from None
    shares = tables.get("shares", {})
    profile = tuple(float(share) for share in tables.get("day", {}).get("profile", ()))
    if profile and (len(profile) != 24 or min(profile) < 0):
        raise InputError(f"{path}: day.profile has {len(profile)} values, needed 24, none negative")
    total = sum(profile) or 1.0
    periods = {name: _period(path, name, table, shares) for name, table in tables.get("period", {}).items()}
    return Day(periods=periods, profile=tuple(share / total for share in profile))


def _period(path: Path, name: str, table: dict[str, Any], shares: dict[str, float]) -> Period:
    known = {item.name for item in fields(Period)} - {"name", "shares"}
    own_shares = {kind: float(table.get(kind, shares.get(kind, 0.0))) for kind in VEHICLE_KINDS}
    for key in set(table) - known - set(VEHICLE_KINDS):
        raise InputError(f"{path}: period {name!r} has unknown key {key!r}{nearest_hint(key, known)}")
    values = {key: value for key, value in table.items() if key in known}
    try:
        low, high = (float(value) for value in values.pop("cycle_s"))
        if "course" in values:
            values["course"] = tuple((float(at_s), float(factor)) for at_s, factor in values["course"])
        period = Period(name=name, cycle_s=(low, high), shares=own_shares, **values)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: period {name!r} is not usable ({' '.join(str(error).split())})") from None
    if not 0 <= period.begin_h < period.end_h <= 24 or period.warmup_s < 0 or period.trips_vph <= 0:
        raise InputError(
            f"{path}: period {name!r} from {period.begin_h} h to {period.end_h} h with {period.trips_vph} trips/h"
        )
    times = [at_s for at_s, _ in period.course]
    if not times or times != sorted(set(times)) or min(factor for _, factor in period.course) < 0:
        raise InputError(f"{path}: period {name!r} has course {list(period.course)}; needed rising times, factors >= 0")
    if sum(own_shares.values()) <= 0:
        raise InputError(f"{path}: period {name!r} has no share of any vehicle kind in {VEHICLE_KINDS}")
    return period
