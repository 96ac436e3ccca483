"""What the room asks of every junction: the policy, a plan, or isolated control, as the ladder has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import HOLD, Decision, Event, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.operations.live.day_plans import OWN, DayPlans
from citybrain.operations.live.ladder import ADAPTIVE, FLASHING, ISOLATED, PLAN, Facts, Ladder
from citybrain.operations.live.seat import Seat, SeatAnswer
from citybrain.signals.isolated import Isolated
from citybrain.signals.plan_clock import PlanClock

_DEAD_CONFIDENCE, _DEAD_S = 0.1, 300.0
_DEAD_TICKS = 2


class Forced(Protocol):
    """What people force, arrays over junctions."""

    @property
    def level(self) -> NDArray[np.int8]:
        """The level that each junction is forced to; 0 where it is not."""

    @property
    def plan(self) -> Sequence[str]:
        """The plan that is forced; empty where none is named."""


class Decider:
    """The policy of the room, as the loop sees it.

    Attributes
    ----------
    console_ok, clock_ok : bool
        Set by the process from its inputs before each tick.
    conflict : ndarray of bool
        Junctions whose lamps were not as commanded, set after each tick.
    level : ndarray of int8
        Effective level of every junction: the ladder's, or a lower one that people force.
    answer : SeatAnswer
        Of the latest tick, for the record.
    """

    interval_s = 1.0

    def __init__(
        self,
        seat: Seat,
        ladder: Ladder,
        forced: Forced,
        plans: DayPlans,
    ) -> None:
        self.seat, self.ladder, self.forced, self.plans = seat, ladder, forced, plans
        self.console_ok = self.clock_ok = True
        self.answer = SeatAnswer()
        self.level = ladder.level.copy()
        self.events: list[Event] = []
        self._misses, self._has_answered = 0, False
        self.sensors_dead = np.zeros(len(ladder.level), np.bool_)
        self.conflict = np.zeros(len(ladder.level), np.bool_)

    def start(self, network: Network, rules: SignalRules) -> None:
        """Prepare all of them."""
        self._network = network
        self._day, self._own, self._isolated = self.plans.begin(), self.plans.own(), Isolated()
        self._isolated.start(network, rules)
        self.seat.start(network, rules)
        self._clocks = {
            (period, network.junction_index(junction)): PlanClock(network, rules, plan)
            for period, plans in self.plans.periods.items()
            for junction, plan in plans.items()
        }
        self.has_plan = np.array([bool(junction.program) for junction in network.junctions])
        self._junction_of_stop = np.full(len(network.lanes), -1)
        for m in network.movements:
            if not m.is_crossing:
                self._junction_of_stop[m.from_lane] = m.junction
        self.stop_lanes = np.flatnonzero(self._junction_of_stop >= 0)
        self._stops = np.bincount(self._junction_of_stop[self.stop_lanes], minlength=len(network.junctions))
        self._dead_ticks = np.zeros(len(network.junctions), np.int64)
        self._last = Decision(time_s=0.0, stage=np.full(len(network.junctions), HOLD, np.int32))

    def decide(self, observation: Observation) -> Decision:
        """Ask whoever is responsible for each junction."""
        decision, self.answer = self.seat.ask(observation)
        self._note(decision)
        self.sensors_dead = self._dead(observation)
        facts = Facts(
            policy_ok=self._policy_ok,
            console_ok=self.console_ok,
            clock_ok=self.clock_ok,
            has_plan=self.has_plan,
            sensors_dead=self.sensors_dead,
            conflict=self.conflict,
            why_policy=self._why_policy(),
        )
        ids = {j.index: j.id for j in self._network.junctions}
        steps = self.ladder.update(observation.time_s, facts)
        self.events = [Event(time_s=observation.time_s, kind="ladder", data=step.data(ids)) for step in steps]
        self.level = np.maximum(self.ladder.level, self.forced.level)
        return self._combined(observation, decision or replace(self._last, reasons={}))

    @property
    def _policy_ok(self) -> bool:
        if self._misses == 0:
            return True
        return self._has_answered and not self.answer.lost and self._misses < self.ladder.parameters.misses

    def _why_policy(self) -> str:
        if self.seat.status == "lost":
            return f"lost ({self.seat.why})" if self.seat.why else "lost"
        return "starting again" if self.seat.status == "starting" else "late"

    def _note(self, decision: Decision | None) -> None:
        if decision is None:
            self._misses += 1
            if self.answer.lost:
                self._has_answered = False
        else:
            self._misses, self._has_answered, self._last = 0, True, decision

    def _dead(self, o: Observation) -> NDArray[np.bool_]:
        """Junctions all of whose stop lines have been without data for a moment."""
        lanes = self.stop_lanes
        blind = (o.confidence[lanes] < _DEAD_CONFIDENCE) | (o.age_s[lanes] > _DEAD_S)
        count = np.bincount(self._junction_of_stop[lanes], weights=blind, minlength=len(self._stops))
        dead = (self._stops > 0) & (count >= self._stops)
        self._dead_ticks = np.where(dead, self._dead_ticks + 1, 0)
        return np.asarray(self._dead_ticks >= _DEAD_TICKS)

    def _combined(self, observation: Observation, decision: Decision) -> Decision:
        level, time_s = self.level, observation.time_s
        by_clock = self._day.stages(observation, self.interval_s)  # at all times, so that it is in step when needed
        if not level.any():
            return decision
        stage = decision.stage.copy()
        planned = level == PLAN
        stage[planned] = by_clock[planned]
        for j in np.flatnonzero(planned).tolist():
            if (clock := self._clocks.get((self.forced.plan[j], j))) is not None:
                stage[j] = clock.stage(round(time_s * 1000))
            elif self.forced.plan[j] == OWN:
                stage[j] = self._own.stages_at(time_s)[j]
        if (level >= ISOLATED).any():  # in flash, too: the stage that it is to be left for
            alone = self._isolated.decide(observation).stage
            stage[level >= ISOLATED] = alone[level >= ISOLATED]
        reasons = {j: why for j, why in decision.reasons.items() if level[j] == ADAPTIVE}
        return Decision(time_s=decision.time_s, stage=stage, reasons=reasons)

    @property
    def flashing(self) -> NDArray[np.bool_]:
        """Junctions that the ladder or people want in flash."""
        return np.asarray(self.level >= FLASHING)

    def plans_in_force(self, time_s: float) -> dict[int, str]:
        """Return the plan that each junction follows, where it follows one."""
        ids = self._network.junctions
        return {
            j: self.forced.plan[j] or self.plans.name(ids[j].id, time_s)
            for j in np.flatnonzero(self.level == PLAN).tolist()
        }

    def plan_ids(self, junction: int) -> tuple[str, ...]:
        """Return the plans that can be forced at a junction."""
        own = (OWN,) if self.has_plan[junction] else ()
        return (*own, *(period for period, j in self._clocks if j == junction))
