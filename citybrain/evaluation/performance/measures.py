"""The measures of signal performance that the field knows by name, from a controller's events.

Sources: Day et al., *Performance Measures for Traffic Signal Systems*, Purdue
University, 2014 (doi:10.5703/1288284315333): coordination diagram, arrivals on
green, platoon ratio, pre-emption; Freije et al., *Graphical Performance
Measures for Practitioners to Triage Split Failure Trouble Calls*, TRR 2438,
2014: split failures. Thresholds are those of the ``atspm`` package.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from citybrain.evaluation.performance.codes import TERMINATIONS, Code
from citybrain.evaluation.performance.log import DeviceEvents

RED_WINDOW_S = 5.0
FULL = 0.8
"""Occupancy from which green, and the first seconds of red, count as full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One service of a phase: green, yellow and red begin, and the next green, seconds."""

    green_s: float
    yellow_s: float
    red_s: float
    next_green_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinationDiagram:
    """Purdue coordination diagram: arrivals against the cycle they fell in.

    Attributes
    ----------
    arrival_s, in_cycle_s : ndarray, by arrival
        When, and how long after the red before had begun.
    red_s, green_in_cycle_s, yellow_in_cycle_s, end_in_cycle_s : ndarray, by cycle
        A cycle runs from the begin of red to the next.
    """

    arrival_s: NDArray[np.float64]
    in_cycle_s: NDArray[np.float64]
    red_s: NDArray[np.float64]
    green_in_cycle_s: NDArray[np.float64]
    yellow_in_cycle_s: NDArray[np.float64]
    end_in_cycle_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Arrivals on green of one phase; ``platoon_ratio`` is NaN where nobody came or nothing was green."""

    total: int
    on_green: int
    green_share: float

    @property
    def percent(self) -> float:
        """Arrivals on green, per cent; NaN where nobody came."""
        return 100.0 * self.on_green / self.total if self.total else float("nan")

    @property
    def platoon_ratio(self) -> float:
        """Arrivals on green over the share of green: 1 is random, more is good progression (HCM)."""
        return self.percent / 100.0 / self.green_share if self.green_share > 0 else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitUse:
    """How full a green was, and the first seconds of the red after it; shares of time with a vehicle present."""

    green_s: float
    length_s: float
    green_occupancy: float
    red_occupancy: float

    @property
    def failed(self) -> bool:
        """Whether the green was too short for those who waited."""
        return self.green_occupancy >= FULL and self.red_occupancy >= FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Preemption:
    """One pre-emption: call, entry, begin of dwell and end; NaN where it did not come to that."""

    call_s: float
    entry_s: float
    dwell_s: float
    end_s: float

    @property
    def to_service_s(self) -> float:
        """From the call until its green."""
        return self.dwell_s - self.call_s

    @property
    def duration_s(self) -> float:
        """From the call until the end."""
        return self.end_s - self.call_s


def cycles(events: DeviceEvents, phase: int) -> list[Cycle]:
    """Return the services of a phase that the log holds whole, next green included."""
    return [cycle for cycle in _services(events, phase) if np.isfinite(cycle.next_green_s)]


def _services(events: DeviceEvents, phase: int) -> list[Cycle]:
    """Services that reached their red; the next green of the last is infinite."""
    green = events.times(Code.GREEN_BEGIN, phase)
    yellow = events.times(Code.YELLOW_BEGIN, phase)
    red = events.times(Code.RED_CLEARANCE_BEGIN, phase)
    found = []
    for begin_s, end_s in zip(green, [*green[1:], np.inf], strict=False):
        reds = red[(red > begin_s) & (red <= end_s)]
        if len(reds):
            yellows = yellow[(yellow > begin_s) & (yellow <= reds[0])]
            yellow_s = float(yellows[0]) if len(yellows) else float(reds[0])
            found.append(
                Cycle(green_s=float(begin_s), yellow_s=yellow_s, red_s=float(reds[0]), next_green_s=float(end_s))
            )
    return found


def arrivals_s(events: DeviceEvents, channels: Iterable[int]) -> NDArray[np.float64]:
    """When vehicles came onto any of some detectors."""
    return np.asarray(events.time_s[(events.code == Code.DETECTOR_ON) & np.isin(events.parameter, list(channels))])


def coordination_diagram(events: DeviceEvents, phase: int, channels: Iterable[int]) -> CoordinationDiagram:
    """Return the Purdue coordination diagram of a phase, from its advance detectors."""
    services = cycles(events, phase)
    red_s = np.array([cycle.red_s for cycle in services])
    pairs = list(pairwise(services))
    arrival_s = arrivals_s(events, channels)
    whole = (arrival_s >= red_s[0]) & (arrival_s < red_s[-1]) if pairs else np.zeros(len(arrival_s), dtype=np.bool_)
    arrival_s = arrival_s[whole]
    at = np.searchsorted(red_s, arrival_s, side="right") - 1
    return CoordinationDiagram(
        arrival_s=arrival_s,
        in_cycle_s=arrival_s - red_s[at] if len(arrival_s) else arrival_s,
        red_s=red_s[:-1],
        green_in_cycle_s=np.array([b.green_s - a.red_s for a, b in pairs]),
        yellow_in_cycle_s=np.array([b.yellow_s - a.red_s for a, b in pairs]),
        end_in_cycle_s=np.array([b.red_s - a.red_s for a, b in pairs]),
    )


def arrivals_on_green(events: DeviceEvents, phase: int, channels: Iterable[int]) -> Arrivals:
    """Count arrivals while the phase was green, over whole cycles."""
    services = cycles(events, phase)
    if not services:
        return Arrivals(total=0, on_green=0, green_share=0.0)
    begin_s, end_s = services[0].green_s, services[-1].next_green_s
    came_s = arrivals_s(events, channels)
    came_s = came_s[(came_s >= begin_s) & (came_s < end_s)]
    starts = np.array([cycle.green_s for cycle in services])
    ends = np.array([cycle.yellow_s for cycle in services])
    at = np.searchsorted(starts, came_s, side="right") - 1
    green_s = float((ends - starts).sum())
    return Arrivals(total=len(came_s), on_green=int((came_s < ends[at]).sum()), green_share=green_s / (end_s - begin_s))


def split_failures(events: DeviceEvents, phase: int, channels: Iterable[int]) -> list[SplitUse]:
    """Return how full each green was; any presence detector of the approach counts."""
    spans = occupied(events, channels)
    found = []
    last_s = events.time_s[-1] if len(events.time_s) else 0.0
    for cycle in _services(events, phase):
        length_s = cycle.yellow_s - cycle.green_s
        if length_s <= 0 or min(cycle.next_green_s, last_s) < cycle.red_s + RED_WINDOW_S:
            continue
        found.append(
            SplitUse(
                green_s=cycle.green_s,
                length_s=length_s,
                green_occupancy=_overlap_s(spans, cycle.green_s, cycle.yellow_s) / length_s,
                red_occupancy=_overlap_s(spans, cycle.red_s, cycle.red_s + RED_WINDOW_S) / RED_WINDOW_S,
            )
        )
    return found


def occupied(events: DeviceEvents, channels: Iterable[int]) -> NDArray[np.float64]:
    """Return when any of some detectors was on; shape (n, 2), begin and end in seconds."""
    mine = np.isin(events.parameter, list(channels))
    rows = mine & np.isin(events.code, (Code.DETECTOR_ON, Code.DETECTOR_OFF))
    on: set[int] = set()
    begin_s, spans = 0.0, []
    for time_s, code, channel in zip(events.time_s[rows], events.code[rows], events.parameter[rows], strict=True):
        before = bool(on)
        if code == Code.DETECTOR_ON:
            on.add(int(channel))
        else:
            on.discard(int(channel))
        if on and not before:
            begin_s = float(time_s)
        elif before and not on:
            spans.append((begin_s, float(time_s)))
    if on and len(events.time_s):
        spans.append((begin_s, float(events.time_s[-1])))
    return np.array(spans, dtype=np.float64).reshape(-1, 2)


def _overlap_s(spans: NDArray[np.float64], begin_s: float, end_s: float) -> float:
    return float(np.clip(np.minimum(spans[:, 1], end_s) - np.maximum(spans[:, 0], begin_s), 0.0, None).sum())


def terminations(events: DeviceEvents, phase: int) -> list[tuple[float, str]]:
    """Return when greens of a phase ended, and how: ``gap-out``, ``max-out`` or ``force-off``."""
    rows = (events.parameter == phase) & np.isin(events.code, list(TERMINATIONS))
    return [
        (float(time_s), TERMINATIONS[Code(int(code))])
        for time_s, code in zip(events.time_s[rows], events.code[rows], strict=True)
    ]


def preemptions(events: DeviceEvents, number: int = 1) -> list[Preemption]:
    """Return the pre-emptions with a number, one for each call."""
    calls = events.times(Code.PREEMPT_CALL_ON, number)
    bounds = [*calls[1:], np.inf][: len(calls)]
    first = {}
    for name, code in (
        ("entry", Code.PREEMPT_ENTRY),
        ("dwell", Code.PREEMPT_DWELL),
        ("end", Code.PREEMPT_CALL_OFF),
    ):
        times = events.times(code, number)
        first[name] = [
            float(next((t for t in times if begin <= t < end), np.nan))
            for begin, end in zip(calls, bounds, strict=True)
        ]
    return [
        Preemption(call_s=float(call), entry_s=first["entry"][i], dwell_s=first["dwell"][i], end_s=first["end"][i])
        for i, call in enumerate(calls)
    ]
