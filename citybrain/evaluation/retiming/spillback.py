"""The last stage of the search for networks full of queues: hill climbing in the mesoscopic simulation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np

from citybrain.demand.scenario import Scenario
from citybrain.evaluation.retiming.mesoscopic import Mesoscopic
from citybrain.signals.retiming.locality import Neighbourhoods
from citybrain.signals.retiming.optimise import Candidate, Optimiser
from citybrain.signals.retiming.problem import Problem
from citybrain.signals.retiming.proposals import Proposals
from citybrain.signals.retiming.trials import Losses, Trials, mixed

NAME = "queues that block"
_FIRST_SEED = 1000
_OTHERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Improved:
    """The best plan of this stage, and what the simulation said of this one and of those it began with (s a vehicle)."""

    candidate: Candidate | None
    means_s: dict[str, float]
    interrupted: bool


def improve(
    scenario: Scenario,
    problem: Problem,
    optimiser: Optimiser,
    candidates: Sequence[Candidate],
    *,
    seconds: float,
    jobs: int,
    report: Callable[[str, float], None],
) -> Improved:
    """Improve the best of the current plan and some candidates, each judged by the mesoscopic simulation.

    Raises
    ------
    PlantError
        If SUMO fails.
    """
    deadline = monotonic() + seconds
    starts = [("current plan", optimiser.current), *((c.name, c.timing) for c in candidates[:_OTHERS])]
    means: dict[str, float] = {}
    trials: Trials | None = None
    interrupted = False
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        try:
            simulation = Mesoscopic(
                scenario=scenario, network=problem.network, current=optimiser.current, folder=Path(name), jobs=jobs
            )
            runs: list[Losses] = []
            for place, (label, timing) in enumerate(starts):
                begun = monotonic()
                runs += simulation.measure([timing], _FIRST_SEED)
                means[label] = runs[-1].mean_s
                report(f"mesoscopic: {label}", min(means.values()))
                if monotonic() + 2 * (monotonic() - begun) > deadline and place:
                    break
            neighbours = Neighbourhoods(len(problem.network.junctions), problem.legs)
            timings = [timing for _, timing in starts[: len(runs)]]
            timings.append(mixed(timings, runs, neighbours, problem.rules, optimiser.movable))
            runs += simulation.measure(timings[-1:], _FIRST_SEED)
            report("mesoscopic: the best of each where it is best", runs[-1].mean_s)
            first = min(range(len(runs)), key=lambda k: runs[k].mean_s)
            trials = Trials(
                simulation=simulation,
                proposals=Proposals(
                    problem.network, problem.rules, optimiser.sequences, neighbours, optimiser.movable, timings
                ),
                neighbours=neighbours,
                rules=problem.rules,
                generator=np.random.default_rng(optimiser.settings.seed),
                best=timings[first].copy(),
                losses=runs[first],
                at_once=jobs,
                first_seed=_FIRST_SEED,
                report=lambda what, mean_s: report(f"mesoscopic: {what}", mean_s),
            )
            trials.climb(deadline)
        except KeyboardInterrupt:
            interrupted = True
    if trials is None or trials.losses.mean_s >= min(means.values()):
        return Improved(candidate=None, means_s=means, interrupted=interrupted)
    means[NAME] = trials.losses.mean_s
    model_s = problem.per_vehicle(optimiser.model.value(trials.best))
    candidate = Candidate(name=NAME, timing=trials.best, model_s=model_s)
    return Improved(candidate=candidate, means_s=means, interrupted=interrupted)
