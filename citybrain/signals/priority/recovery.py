"""Back to the junction's own plan after a vehicle has passed, with the least predicted delay.

The plan runs on the common clock all the time, so being in step is a matter of showing the stage
that it shows: there is no offset to correct, and a junction is in step within a cycle. What is
free is what to show until then. Candidates are: join the plan at once, or first serve a stage that
waited, for some seconds. Each is rolled forward with vertical queues (arrivals at the learnt
rate, saturation flow on green) over two cycles; the least sum of waiting wins, where a lane counts
the more the longer it has had no green: nobody is to pay for all. The direct way is
the short way of NTCIP 1202 coordination correction in its limit of one step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import RELEASE, Observation, SignalView
from citybrain.network.model import Network
from citybrain.signals.own_program import OwnProgram
from citybrain.signals.priority.timing import Timing
from citybrain.signals.stage_table import StageTable

_SATURATION_VPS = 0.5
_EXTRAS_S = (8, 14, 22, 30)
_LEAST_GREEN_S = 3.0
_MEMORY_S = 300.0
_PATIENCE_S = 60.0


class PlanRecovery:
    """Leads junctions back to their own programs.

    Parameters
    ----------
    network : Network
        With the stages of the interlock.
    timing : Timing
    """

    def __init__(self, base: Network, timing: Timing) -> None:
        self.base, self.timing = base, timing
        self._programs = [OwnProgram(junction) for junction in base.junctions]
        self._table = StageTable(base)
        self._lane = np.array([m.from_lane for m in base.movements], dtype=np.int64)
        n = len(base.lanes)
        self._rate_vps = np.full(n, 0.08)
        self._first: dict[int, tuple[int, int]] = {}  # junction -> stage to show first, until ms
        self._red_since_s = np.zeros(n)
        self._seen_s = 0.0
        self._last_s: float | None = None

    def cycle_s(self, junction: int) -> float:
        """Return the cycle of a junction's own program."""
        return self._programs[junction].cycle_ms / 1000

    def learn(self, observation: Observation) -> None:
        """Update the arrival rates of all lanes from what has passed, and since when they have had no green."""
        dt_s = 1.0 if self._last_s is None else max(observation.time_s - self._last_s, 1e-3)
        if self._last_s is None:
            self._red_since_s[:] = observation.time_s
        self._last_s = observation.time_s
        self._red_since_s[self._flowing(observation)] = observation.time_s
        self._seen_s += dt_s
        real = self._lane >= 0
        passed = np.bincount(self._lane[real], weights=observation.passed[real], minlength=len(self._rate_vps))
        self._rate_vps += min(1.0, dt_s / min(max(self._seen_s, 60.0), _MEMORY_S)) * (passed / dt_s - self._rate_vps)

    def _flowing(self, observation: Observation) -> NDArray[np.int64]:
        """Lanes whose stop line somebody has just crossed, or has nobody at it: none of them waits."""
        v, n = observation.vehicles, len(self._rate_vps)
        moved = np.bincount(self._lane[self._lane >= 0], weights=observation.passed[self._lane >= 0], minlength=n)
        waits = np.bincount(v.lane[v.lane >= 0], minlength=n)
        return np.flatnonzero((moved > 0) | (waits == 0))

    def begin(self, junction: int, observation: Observation, signals: SignalView, time_ms: int) -> None:
        """Choose the way back, once, when a junction is free again."""
        v = observation.vehicles
        queue = np.bincount(v.lane, weights=v.weight, minlength=len(self.base.lanes)).astype(np.float64)
        ways: list[tuple[float, int, int]] = [(self._cost(junction, -1, 0, queue, signals, time_ms), -1, 0)]
        for stage in self._programs[junction].order:
            ways += [(self._cost(junction, stage, extra, queue, signals, time_ms), stage, extra) for extra in _EXTRAS_S]
        _, stage, extra = min(ways)
        if stage >= 0:
            change_ms = round(1000 * self.timing.change_s(junction, stage, signals))
            self._first[junction] = stage, time_ms + change_ms + extra * 1000

    def forget(self, junction: int) -> None:
        """Drop a way back that another vehicle interrupts."""
        self._first.pop(junction, None)

    def stage(self, junction: int, signals: SignalView, time_ms: int) -> int:
        """Return what to ask the interlock for now."""
        first = self._first.get(junction)
        if first is not None and time_ms < first[1]:
            return first[0]
        self._first.pop(junction, None)
        shown, switching = int(signals.stage[junction]), bool(signals.switching[junction])
        own = self._programs[junction].at(time_ms)
        if not switching and own.stage == shown:
            return RELEASE
        return shown if switching else self._joining(junction, shown, signals, time_ms)[0]

    def _joining(self, junction: int, shown: int, signals: SignalView, time_ms: int) -> tuple[int, int]:
        """Return the stage by which to join the plan, and when both show it.

        The first one that the plan still shows when the change to it is over.
        """
        return self._meeting(junction, shown, time_ms, lambda stage: self.timing.change_s(junction, stage, signals))

    def _meeting(self, junction: int, shown: int, time_ms: int, change_s: Callable[[int], float]) -> tuple[int, int]:
        program, ahead_ms = self._programs[junction], 0
        for _ in range(2 * len(program.order) + 2):
            stage, wait_ms = program.next_stage(time_ms + ahead_ms)
            if stage < 0:
                break
            ahead_ms += wait_ms
            ends_ms = ahead_ms + program.at(time_ms + ahead_ms).remaining_ms
            change_ms = 0 if stage == shown else round(1000 * change_s(stage))
            if ends_ms - change_ms >= 1000 * _LEAST_GREEN_S:
                return stage, max(ahead_ms, change_ms)
            ahead_ms = ends_ms
        return shown, 0

    def _cost(
        self, junction: int, first: int, extra_s: int, queue: NDArray[np.float64], signals: SignalView, time_ms: int
    ) -> float:
        """Vehicle-seconds of waiting over two cycles if ``first`` is shown before the plan is joined."""
        program = self._programs[junction]
        horizon = max(1, round(2 * program.cycle_ms / 1000))
        shown = np.full(horizon, -1)
        change = round(self.timing.change_s(junction, first, signals)) if first >= 0 else 0
        upto = change + extra_s if first >= 0 else 0
        shown[change:upto] = first
        if first >= 0:
            joined, at_ms = self._after(junction, first, time_ms + upto * 1000)
            at = upto + round(at_ms / 1000)
        else:
            joined, at_ms = self._joining(junction, int(signals.stage[junction]), signals, time_ms)
            at = round(at_ms / 1000)
        shown[upto:at] = -1
        for second in range(min(at, horizon), horizon):
            shown[second] = program.at(time_ms + second * 1000).stage
        if joined >= 0 and at < horizon:
            shown[at] = joined
        return self._waiting(junction, shown, queue)

    def _after(self, junction: int, first: int, time_ms: int) -> tuple[int, int]:
        """As :meth:`_joining`, from a stage that will have been green long enough."""
        return self._meeting(junction, first, time_ms, lambda stage: self.timing.length_s(junction, first, stage))

    def _waiting(self, junction: int, shown: NDArray[np.int64], queue: NDArray[np.float64]) -> float:
        base = self.base
        lanes = sorted(
            {m.from_lane for m in map(base.movements.__getitem__, base.junctions[junction].movements)} - {-1}
        )
        if not lanes:
            return 0.0
        first = int(self._table.first[junction])
        served = np.asarray(self._table.lanes[first : first + len(base.junctions[junction].stages)][:, lanes].todense())
        green = np.where((shown >= 0)[:, None], served[np.maximum(shown, 0)], 0.0)
        waiting, total = queue[lanes].astype(np.float64), 0.0
        rate = self._rate_vps[lanes]
        age_s = (self._last_s or 0.0) - self._red_since_s[lanes]
        for row in green:
            waiting = np.maximum(waiting + rate - _SATURATION_VPS * row, 0.0)
            age_s = np.where(row > 0, 0.0, age_s + 1.0)
            total += float((waiting * (1.0 + age_s / _PATIENCE_S)).sum())
        return total
