"""The plans of a room by the clock: those of a file, or those that the scenario itself changes through its day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.scenario import Scenario
from citybrain.network.day_programs import Epoch, read_day
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.own_plan import OwnPlan
from citybrain.signals.plan import Plan
from citybrain.signals.plan_day import PlanDay
from citybrain.signals.retiming.files import read_begins, read_plans
from citybrain.signals.time_of_day import own_plans, read_schedules

OWN = "own"
"""The scenario's own plan, among the plans that can be forced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlans:
    """Plans that a room knows.

    Attributes
    ----------
    periods : mapping
        Plans by period and junction id; each can be forced.
    schedules : mapping
        The plans of each junction with the time from which each runs; a junction without runs its own program.
    names : sequence of (begin_s, str)
        Which period runs from which time on; none where the scenario has one plan for all day.
    """

    network: Network
    scenario: Scenario
    periods: Mapping[str, Mapping[str, Plan]]
    schedules: Mapping[str, Sequence[tuple[float, Plan]]]
    names: Sequence[tuple[float, str]]
    epochs: tuple[Epoch, ...]

    def begin(self) -> PlanDay:
        """Return the plans as they run."""
        return PlanDay(self.network, self.scenario.rules, self.schedules, self.own())

    def own(self) -> OwnDay:
        """Return the scenario's own programs."""
        return OwnDay(self.network, self.scenario.rules, self.epochs)

    def name(self, junction_id: str, time_s: float) -> str:
        """Return the plan that the clock asks for at a junction; ``own`` where that is the scenario's only one."""
        at = max(bisect_right([begin_s for begin_s, _ in self.names], time_s) - 1, 0)
        found = self.names[at][1] if self.names else OWN
        return found if junction_id in self.periods.get(found, {}) else OWN


def read_day_plans(plans: Path | None, scenario: Scenario, network: Network) -> DayPlans:
    """Read the plans of a room.

    Parameters
    ----------
    plans : Path, optional
        A file as ``citybrain retime`` writes it. Where its periods say when they begin, its plans run by the
        clock; else they can only be forced.

    Raises
    ------
    InputError
        If the file is missing, or a plan in it is not legal.
    """
    epochs = read_day(network, scenario.additional_files)
    found = {epoch.name: own_plans(epoch.network, scenario.rules) for epoch in {e.name: e for e in epochs}.values()}
    names = [(epoch.begin_s, epoch.name) for epoch in epochs]
    schedules: dict[str, list[tuple[float, Plan]]] = {}
    for junction in network.junctions:
        rows = [(begin_s, found[name][junction.id]) for begin_s, name in names if junction.id in found[name]]
        if rows and len(rows) == len(names):
            schedules[junction.id] = rows
    if plans is not None:
        found = read_plans(plans, network, scenario.rules)
        begins_s = read_begins(plans)
        if begins_s:
            schedules = read_schedules(plans, network, scenario.rules)
            names = [(begin_s, name) for name, begin_s in begins_s.items()]
    return DayPlans(
        network=network, scenario=scenario, periods=found, schedules=schedules, names=tuple(names), epochs=epochs
    )


class OwnDay:
    """The scenario's own programs, those of the hour."""

    def __init__(self, network: Network, rules: SignalRules, epochs: Sequence[Epoch]) -> None:
        self._begins_s = [epoch.begin_s for epoch in epochs]
        self._plans = []
        for network_then in [epoch.network for epoch in epochs] or [network]:
            own = OwnPlan()
            own.start(network_then, rules)
            self._plans.append(own)

    def stages_at(self, time_s: float) -> NDArray[np.int32]:
        """Return the stage of every junction at a time."""
        return self._plans[max(bisect_right(self._begins_s, time_s) - 1, 0)].stages_at(time_s)
