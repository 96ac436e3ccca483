"""One junction's way through its plans of the day: which stage is asked for, second by second."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Network
from citybrain.signals.lane_queues import LaneQueues
from citybrain.signals.plan import Plan
from citybrain.signals.transition import MODES, Mode, Transition, transition

CHEAPEST, AT_ONCE = "cheapest", "at-once"
_MS = 1000


class PlanRunner:
    """Follows a schedule of plans on the common clock.

    Within an intergreen the stage that follows is asked for; how long it takes is the interlock's.

    Parameters
    ----------
    schedule : sequence of (begin_s, Plan)
        In the order of the day; the first runs before its begin too.
    way : str
        Mode of the transition, ``cheapest`` or ``at-once``.
    """

    def __init__(
        self, network: Network, rules: SignalRules, schedule: Sequence[tuple[float, Plan]], *, way: str = CHEAPEST
    ) -> None:
        self.network, self.rules, self.way = network, rules, way
        self.schedule = [(round(begin_s * _MS), plan) for begin_s, plan in schedule]
        self.junction = network.junctions[network.junction_index(self.schedule[0][1].junction_id)]
        self.changes: list[tuple[str, Transition]] = []
        """Every transition so far, and its mode."""
        self._table = Intergreens(network, self.junction, rules)
        self._queues = LaneQueues(network, self.junction)
        self._plan: Plan | None = None
        self._place, self._until_ms = 0, 0  # place in the cycle, and when its green ends
        self._coming: deque[tuple[int, ...]] = deque()

    def stage(self, now_ms: int, rates_vps: NDArray[np.float64]) -> int:
        """Return the stage to ask for.

        Parameters
        ----------
        rates_vps : ndarray, by movement
            Vehicles that pass a second, for the prediction of what a transition costs.
        """
        due = self._due(now_ms)
        if self._plan is None or (self.way == AT_ONCE and due is not self._plan):
            self._join(due, now_ms)
        while self._until_ms <= now_ms:
            self._next(rates_vps)
        return due.stages[0] if self._plan is None else self._plan.stages[self._place]

    def _due(self, now_ms: int) -> Plan:
        plans = [plan for begin_ms, plan in self.schedule if begin_ms <= now_ms]
        return plans[-1] if plans else self.schedule[0][1]

    def _join(self, plan: Plan, now_ms: int) -> None:
        """Be where the plan's clock is."""
        cycle_ms = round(plan.cycle_s(self.network, self.rules) * _MS)
        begin_ms = now_ms - (now_ms - round(plan.offset_s * _MS)) % cycle_ms
        self._plan, self._place, self._coming = plan, 0, deque()
        self._until_ms = begin_ms + round(plan.greens_s[0] * _MS)
        while self._until_ms <= now_ms:
            self._step(plan, _greens(plan))

    def _next(self, rates_vps: NDArray[np.float64]) -> None:
        """Go on to the stage that follows; where that is the first of a cycle, a new plan may begin."""
        plan = self._plan
        if plan is None:
            return
        if self._place + 1 < len(plan.stages):
            self._step(plan, self._coming[0] if self._coming else _greens(plan))
            return
        if self._coming:
            self._coming.popleft()
        due = self._due(self._until_ms)
        start_ms = self._until_ms + self._gap_ms(plan.stages[-1], due.stages[0])
        if due is not plan:
            mode, found = self._way_into(due, start_ms, rates_vps)
            self.changes.append((mode, found))
            self._plan, self._coming = due, deque(found.greens_ms)
        self._place = 0
        self._until_ms = start_ms + (self._coming[0] if self._coming else _greens(due))[0]

    def _step(self, plan: Plan, greens_ms: Sequence[int]) -> None:
        before = plan.stages[self._place]
        self._place = (self._place + 1) % len(plan.stages)
        self._until_ms += self._gap_ms(before, plan.stages[self._place]) + greens_ms[self._place]

    def _gap_ms(self, before: int, after: int) -> int:
        return round(self._table.length_s(before, after) * _MS) if before != after else 0

    def _way_into(self, plan: Plan, start_ms: int, rates_vps: NDArray[np.float64]) -> tuple[str, Transition]:
        """Return the mode and the transition into a plan; where no green may change, it begins out of step."""
        wanted: tuple[Mode, ...] = MODES if self.way == CHEAPEST else tuple(m for m in MODES if m == self.way)
        found: list[tuple[str, Transition]] = []
        for mode in wanted:
            try:
                found.append((mode, transition(plan, self.network, self.rules, start_ms=start_ms, mode=mode)))
            except InputError:  # its greens are at their bounds
                continue
        if not found:
            return "none", Transition(greens_ms=(), shift_ms=0, start_ms=start_ms)
        if len(found) == 1:
            return found[0]
        cycle_ms = round(plan.cycle_s(self.network, self.rules) * _MS)
        longest_s = max(t.cycles * cycle_ms + t.shift_ms for _, t in found) / _MS + cycle_ms / _MS
        costs = [self._queues.predict(self._shown(plan, t), rates_vps, longest_s) for _, t in found]
        best = min(range(len(found)), key=lambda k: (round(costs[k], 3), found[k][1].cycles))
        return found[best]

    def _shown(self, plan: Plan, way: Transition) -> Iterator[tuple[int, float]]:
        """What is shown from the transition's begin on: stage (-1 for an intergreen) and seconds."""
        following = (*plan.stages[1:], *plan.stages[:1])
        gaps_s = [self._gap_ms(a, b) / _MS for a, b in zip(plan.stages, following, strict=True)]
        for greens_ms in chain(way.greens_ms, repeat(_greens(plan))):
            for stage, green_ms, gap_s in zip(plan.stages, greens_ms, gaps_s, strict=True):
                yield stage, green_ms / _MS
                yield -1, gap_s


def _greens(plan: Plan) -> tuple[int, ...]:
    return tuple(round(green_s * _MS) for green_s in plan.greens_s)
