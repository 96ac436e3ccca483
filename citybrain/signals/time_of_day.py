"""``time-of-day``: plans by the clock, and a way from each to the next that brings every junction into step.

A new plan begins at a junction when the cycle that it is in has ended. Of the ways into step
(:mod:`citybrain.signals.transition`) it takes the one of the least predicted delay.
"""

from __future__ import annotations

from pathlib import Path

from citybrain.errors import InputError
from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.own_plan import OwnPlan
from citybrain.signals.plan import Plan
from citybrain.signals.plan_day import PlanDay
from citybrain.signals.plan_runner import AT_ONCE, CHEAPEST, PlanRunner
from citybrain.signals.retiming.files import read_begins, read_plans
from citybrain.signals.retiming.moves import apply, setting_of, shown_once
from citybrain.signals.retiming.timing import build_rules, current_timing, to_plans
from citybrain.signals.transition import MODES

POLICY = "time-of-day"
WAYS = (CHEAPEST, *MODES, AT_ONCE)


class TimeOfDay:
    """Runs the plans of a ``plans.toml`` through the interlock, each from its period's begin on.

    A junction without a plan in a period runs the scenario's own in it. The interlock
    makes the intergreens, so that a green may begin a second before or after SUMO's own program would.

    Parameters
    ----------
    plans : path
        As ``citybrain retime`` writes it.
    way : str
        ``cheapest`` of ``short-way``, ``dwell`` and ``add-only``; one of these; or ``at-once``,
        which asks for what the new plan shows and leaves the rest to the interlock.

    Raises
    ------
    InputError
        If the way is unknown; on the start, if the file is missing, or wrong for the network.
    """

    interval_s = 1.0

    def __init__(self, *, plans: str | Path = "", way: str = CHEAPEST) -> None:
        if way not in WAYS:
            raise InputError(f"way {way!r} from plan to plan is unknown (known: {', '.join(WAYS)})")
        self.path, self.way = Path(plans), way

    def start(self, network: Network, rules: SignalRules) -> None:
        """Read the plans, and make a schedule for each junction."""
        if self.path == Path():
            raise InputError(f"policy {POLICY!r} needs a file of plans; give --plans plans.toml")
        schedules = read_schedules(self.path, network, rules)
        own = OwnPlan()
        own.start(network, rules)
        self._day = PlanDay(network, rules, schedules, own, way=self.way)

    @property
    def runners(self) -> tuple[PlanRunner | None, ...]:
        """What each junction runs; None for one that follows its own program all day."""
        return self._day.runners

    def decide(self, observation: Observation) -> Decision:
        """Return the stages that the clock asks for."""
        return Decision(time_s=observation.time_s, stage=self._day.stages(observation, self.interval_s))


def own_plans(network: Network, rules: SignalRules) -> dict[str, Plan]:
    """Return the scenario's own programs as plans, where they can be.

    They keep their cycles. Intergreens are those of the rules, and a stage is shown once and within its
    bounds; where the program has it otherwise, the greens give way.
    """
    timing, bounds = current_timing(network), build_rules(network, rules)
    for j in range(len(network.junctions)):
        now = setting_of(timing, j)
        setting = shown_once(bounds, j, now, int(timing.cycle[j]))
        if setting is not None and setting != now:
            apply(timing, bounds, j, setting)
    return {name: plan for name, plan in to_plans(network, timing).items() if not plan.problems(network, rules)}


def read_schedules(path: Path, network: Network, rules: SignalRules) -> dict[str, list[tuple[float, Plan]]]:
    """Return the plans of each junction with the time of day from which each runs, in order.

    A junction that no plan fits, and whose own program is none, is left out.

    Raises
    ------
    InputError
        If a period has no begin, or a junction has neither a plan nor a program that is one.
    """
    periods, begins = read_plans(path, network, rules), read_begins(path)
    missing = [name for name in periods if name not in begins]
    if missing:
        raise InputError(
            f"{path}: period {missing[0]!r} has plans but no begin_s (known: {', '.join(begins) or 'none'}); "
            "add a [[period]] with name and begin_s"
        )
    own = own_plans(network, rules)
    schedules: dict[str, list[tuple[float, Plan]]] = {}
    for junction in network.junctions:
        if len(junction.stages) < 2:
            continue
        rows = [
            (begin_s, periods.get(name, {}).get(junction.id, own.get(junction.id))) for name, begin_s in begins.items()
        ]
        if junction.id not in own and not any(junction.id in plans for plans in periods.values()):
            continue  # its own program goes on all day
        if any(plan is None for _, plan in rows):
            raise InputError(
                f"{path}: junction {junction.id} has no plan in {sum(plan is None for _, plan in rows)} of {len(rows)} "
                "periods, and its own program is none that could be changed over to; give it a plan in each"
            )
        schedules[junction.id] = [(begin_s, plan) for begin_s, plan in rows if plan is not None]
    return schedules
