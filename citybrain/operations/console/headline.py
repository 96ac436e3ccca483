"""The strip that tells the state of the city in five seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from citybrain.operations.messages import CitySnapshot

State = Literal["lost", "alert", "degraded", "congested", "busy", "normal"]
_CONGESTED_PCT, _BUSY_PCT = 20.0, 8.0
_STALE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The city in a few figures; shares are of links that a sensor sees, and add up to 100.

    Attributes
    ----------
    state : str
        The worst that holds: ``lost``, ``alert`` (a critical alarm), ``degraded`` (junctions off
        their first level), ``congested``, ``busy`` or ``normal``.
    """

    state: State
    flowing_pct: int
    slow_pct: int
    congested_pct: int
    unseen: int
    levels: tuple[tuple[str, int], ...]
    critical: int
    warnings: int
    late: bool
    tick_ms: float
    tick_p99_ms: float
    deadline_ms: float
    time_s: float
    stale_s: float


def make_headline(snapshot: CitySnapshot) -> Headline:
    """Return the headline of a snapshot."""
    seen = [c for c in snapshot.edges.congestion if c >= 0]
    slow, congested = (
        round(100 * sum(c in kinds for c in seen) / len(seen)) if seen else 0 for kinds in ((1,), (2, 3))
    )
    slow = min(slow, 100 - congested)
    open_alarms = [alarm for alarm in snapshot.alarms if alarm.cleared_s is None]
    critical = sum(alarm.severity == "critical" for alarm in open_alarms)
    warnings = sum(alarm.severity == "warning" for alarm in open_alarms)
    lower = sum(n for level, n in snapshot.levels.items() if level != "adaptive")
    state: State
    if snapshot.level == "lost" or snapshot.stale_s > _STALE_S:
        state = "lost"
    elif critical:
        state = "alert"
    elif snapshot.level != "adaptive" or lower > len(snapshot.junctions) // 10:
        state = "degraded"
    elif congested >= _CONGESTED_PCT:
        state = "congested"
    elif congested >= _BUSY_PCT:
        state = "busy"
    else:
        state = "normal"
    health = snapshot.health
    return Headline(
        state=state,
        flowing_pct=100 - slow - congested if seen else 0,
        slow_pct=slow,
        congested_pct=congested,
        unseen=len(snapshot.edges.congestion) - len(seen),
        levels=tuple((level, n) for level, n in snapshot.levels.items() if n),
        critical=critical,
        warnings=warnings,
        late=health.tick_last_ms > health.deadline_ms,
        tick_ms=health.tick_last_ms,
        tick_p99_ms=health.tick_p99_ms,
        deadline_ms=health.deadline_ms,
        time_s=snapshot.time_s,
        stale_s=snapshot.stale_s,
    )


def clock(time_s: float) -> str:
    """Return a plant's clock as hours, minutes and seconds; a second day goes on at 24."""
    seconds = int(time_s)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def span(seconds: float) -> str:
    """Return a length of time in minutes and seconds."""
    whole = max(0, round(seconds))
    return (
        f"{whole // 60}:{whole % 60:02d}"
        if whole < 3600
        else f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    )
