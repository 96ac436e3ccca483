"""``citybrain retime``: search, judge in SUMO, explain, write."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from citybrain import __version__
from citybrain.demand.scenario import Scenario
from citybrain.demand.validate import check_demand
from citybrain.errors import InputError
from citybrain.evaluation.evaluate import prepare_folder
from citybrain.evaluation.retiming.accept import (
    ACCEPTANCE_SEEDS,
    CHOICE_SEEDS,
    CURRENT,
    Judge,
    choose,
)
from citybrain.evaluation.retiming.explain import junction_rows
from citybrain.evaluation.retiming.period import Period
from citybrain.evaluation.retiming.retime_results import PeriodRow, RetimeResults
from citybrain.evaluation.retiming.search import search
from citybrain.network import Network, read_network
from citybrain.network.intergreens import SignalRules
from citybrain.signals.plan import Plan
from citybrain.signals.retiming.files import current_text, sumo_text, switching_text, toml_text
from citybrain.signals.retiming.groups import find_corridors
from citybrain.signals.retiming.moves import setting_of
from citybrain.signals.retiming.optimise import Settings
from citybrain.signals.retiming.problem import Problem, pose
from citybrain.signals.retiming.timing import Timing, to_plans
from citybrain.simulation.sumo import sumo_version

FILES = ("plans.add.xml", "plans.toml", "report.html", "results.json")
_CANDIDATES = 9
Progress = Callable[[str, str, float, float], None]
"""Called with the period, what is being done, the best mean delay (s), and the offsets' gap or the share of runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetimeRequest:
    """What to retime, and how.

    Attributes
    ----------
    periods : tuple of Period
        A plan is made for each.
    accept : bool
        Whether SUMO judges; without it the search has the last word.
    spillback : bool
        Whether the search goes on in the mesoscopic simulation, where queues block.
    """

    scenario: Scenario
    periods: tuple[Period, ...]
    settings: Settings = field(default_factory=Settings)
    out: Path
    force: bool = False
    accept: bool = True
    spillback: bool = False
    candidates: int = _CANDIDATES
    choice_seeds: tuple[int, ...] = CHOICE_SEEDS
    acceptance_seeds: tuple[int, ...] = ACCEPTANCE_SEEDS
    jobs: int = 1
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodOutcome:
    """A period's row, and what the report draws from."""

    row: PeriodRow
    problem: Problem
    before: Timing
    after: Timing
    plans: dict[str, Plan] | None
    """None where the current plan is kept."""
    corridors: tuple[tuple[int, ...], ...]


def retime(request: RetimeRequest, progress: Progress = lambda _p, _w, _v, _b: None) -> RetimeResults:
    """Search, judge and write; returns what is written to ``results.json``.

    Raises
    ------
    InputError
        Before anything is written, where the input cannot be used.
    """
    check_demand(request.scenario)
    network = read_network(request.scenario.net_file, request.scenario.additional_files)
    check_network(network)
    settings = request.settings
    problems = [
        pose(
            period.scenario, network, seed=settings.seed, bus_weight=settings.objective.bus,
            standing_queues=settings.standing_queues,
        )
        for period in request.periods
    ]  # fmt: skip
    prepare_folder(request.out, force=request.force, files=FILES)
    outcomes = []
    for period, problem in zip(request.periods, problems, strict=True):
        outcomes.append(_retime_period(request, period, problem, progress))
        if outcomes[-1].row.interrupted:
            break
    results = RetimeResults(
        scenario=request.scenario.name,
        sumo_version=sumo_version(),
        citybrain_version=__version__,
        command=request.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        notes=(*request.scenario.notes, *network.warnings[:20]),
        objective={
            "delay": request.settings.objective.delay,
            "stop_s": request.settings.objective.stop_s,
            "bus": request.settings.objective.bus,
            "queue": request.settings.objective.queue,
        },
        periods=tuple(outcome.row for outcome in outcomes),
    )
    _write(request, network, results, outcomes)
    return results


def check_network(network: Network) -> None:
    """Raise InputError where there is nothing that a plan could change."""
    if not any(len(junction.stages) > 1 for junction in network.junctions):
        raise InputError(
            f"{network.source}: {len(network.junctions)} signals, none with 2 stages or more; there is nothing to retime"
        )


def _retime_period(request: RetimeRequest, period: Period, problem: Problem, progress: Progress) -> PeriodOutcome:
    network, rules = problem.network, period.scenario.rules
    found = search(
        period,
        problem,
        request.settings,
        candidates=request.candidates,
        spillback=request.spillback,
        jobs=request.jobs,
        progress=lambda what, v, b: progress(period.name, what, v, b),
    )
    optimiser, pool, interrupted = found.optimiser, found.pool, found.interrupted
    judge = Judge(
        scenario=period.scenario,
        texts={n: _text(network, rules, c.timing, optimiser.current) for n, c in pool.items()},
        jobs=request.jobs,
        progress=lambda what, share: progress(period.name, what, optimiser.best_s, share),
    )
    if interrupted or not request.accept:
        accepted, (chosen, why) = False, found.best()
        reason = f"{why}; not judged in SUMO"
    else:
        try:
            chosen, reason, accepted = choose(
                judge, found.names, choice_seeds=request.choice_seeds, acceptance_seeds=request.acceptance_seeds
            )
        except KeyboardInterrupt:
            interrupted, accepted = True, False
            chosen, why = found.best()
            reason = f"interrupted in SUMO; {why}"
    corridors = find_corridors(network, problem.streams, problem.legs)
    ids = [junction.id for junction in network.junctions]
    row = PeriodRow(
        name=period.name,
        begin_s=period.scenario.begin_s,
        end_s=period.scenario.end_s,
        vehicles=problem.vehicles,
        samples=len(problem.samples.weight),
        groups=tuple(tuple(ids[j] for j in group) for group in problem.groups),
        corridors=tuple(tuple(ids[j] for j in chain) for chain in corridors),
        candidates=tuple(judge.row(c.name, c.model_s, found.mesoscopic_s.get(c.name)) for c in pool.values()),
        chosen=chosen,
        reason=reason,
        accepted=accepted,
        offset_gap=None if math.isnan(optimiser.offset_gap) else optimiser.offset_gap,
        search_s=found.seconds,
        interrupted=interrupted,
        junctions=junction_rows(problem, optimiser.model, optimiser.current, pool[chosen].timing),
    )
    return PeriodOutcome(
        row=row,
        problem=problem,
        before=optimiser.current,
        after=pool[chosen].timing,
        plans=None if chosen == CURRENT else changed_plans(network, pool[chosen].timing, optimiser.current),
        corridors=tuple(tuple(chain) for chain in corridors),
    )


def changed_plans(network: Network, timing: Timing, current: Timing) -> dict[str, Plan]:
    """Return the plans of junctions that no longer run what they did; the others keep the scenario's program."""
    plans = to_plans(network, timing)
    return {
        junction.id: plans[junction.id]
        for j, junction in enumerate(network.junctions)
        if setting_of(timing, j) != setting_of(current, j)
    }


def _text(network: Network, rules: SignalRules, timing: Timing, current: Timing) -> str | None:
    plans = changed_plans(network, timing, current)
    return sumo_text(network, rules, plans) if plans else None


def _write(request: RetimeRequest, network: Network, results: RetimeResults, outcomes: list[PeriodOutcome]) -> None:
    """Write all files, or none."""
    from citybrain.evaluation.retiming.report import write_report

    rules = request.scenario.rules
    kept = {o.row.name: o.plans for o in outcomes}
    if len(outcomes) == 1 or not any(kept.values()):
        plans = outcomes[0].plans
        text = sumo_text(network, rules, plans) if plans else current_text(network)
    else:
        text = switching_text(network, rules, [(o.row.name, o.row.begin_s, o.plans) for o in outcomes])
    toml = toml_text(
        network,
        rules,
        {name: plans or {} for name, plans in kept.items()},
        source=request.scenario.name,
        begins_s={outcome.row.name: outcome.row.begin_s for outcome in outcomes},
    )
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=request.out) as name:
        folder = Path(name)
        (folder / "plans.add.xml").write_text(text, encoding="utf-8")
        (folder / "plans.toml").write_text(toml, encoding="utf-8")
        results.write(folder / "results.json")
        write_report(folder / "report.html", results, outcomes, network)
        for file in FILES:
            (folder / file).replace(request.out / file)
