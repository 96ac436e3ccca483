"""The search for one period: the platoon model, then, where queues block, the mesoscopic simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic

from citybrain.evaluation.retiming.accept import CURRENT, WEBSTER
from citybrain.evaluation.retiming.period import Period
from citybrain.evaluation.retiming.spillback import improve
from citybrain.signals.retiming.optimise import Candidate, Optimiser, Settings
from citybrain.signals.retiming.problem import Problem

_SHARE_OF_MODEL = 0.25  # of the time, for the platoon model where the simulation follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search leaves.

    Attributes
    ----------
    pool : dict
        Candidates by name, best first, the two baselines last.
    mesoscopic_s : dict
        Mean delay in the mesoscopic simulation by name, of those that it ran.
    """

    optimiser: Optimiser
    pool: dict[str, Candidate]
    mesoscopic_s: dict[str, float] = field(default_factory=dict)
    seconds: float
    interrupted: bool

    @property
    def names(self) -> list[str]:
        """Candidates without the baselines."""
        return [name for name in self.pool if name not in (WEBSTER, CURRENT)]

    def best(self) -> tuple[str, str]:
        """Return the best plan and why, before SUMO has judged: by the simulation where it ran, else by the model."""
        if self.mesoscopic_s:
            name = min(self.mesoscopic_s, key=lambda n: self.mesoscopic_s[n])
            return name, f"best in the mesoscopic simulation ({self.mesoscopic_s[name]:.1f} s)"
        name = min(self.pool, key=lambda n: self.pool[n].model_s)
        return name, f"best in the platoon model ({self.pool[name].model_s:.1f} s)"


def search(
    period: Period,
    problem: Problem,
    settings: Settings,
    *,
    candidates: int,
    spillback: bool,
    jobs: int,
    progress: Callable[[str, float, float], None],
) -> Found:
    """Search until the time of the settings is over, or somebody interrupts.

    Parameters
    ----------
    candidates : int
        How many plans are kept.
    spillback : bool
        Whether three quarters of the time go to the mesoscopic simulation.
    """
    begun = monotonic()
    share = _SHARE_OF_MODEL if spillback else 1.0
    optimiser = Optimiser(problem, replace(settings, seconds=share * settings.seconds), progress)
    interrupted = False
    try:
        optimiser.run()
    except KeyboardInterrupt:
        interrupted = True
    found = sorted(optimiser.candidates, key=lambda candidate: candidate.model_s)[:candidates]
    means: dict[str, float] = {}
    if spillback and not interrupted and optimiser.movable:
        improved = improve(
            period.scenario,
            problem,
            optimiser,
            found,
            seconds=settings.seconds - (monotonic() - begun),
            jobs=jobs,
            report=lambda what, mean_s: progress(what, mean_s, float("nan")),
        )
        means, interrupted = improved.means_s, improved.interrupted
        if improved.candidate is not None:
            found = [improved.candidate, *found][:candidates]
    seconds = monotonic() - begun
    for name, timing in ((WEBSTER, optimiser.webster), (CURRENT, optimiser.current)):
        model_s = problem.per_vehicle(optimiser.model.value(timing))
        found.append(Candidate(name=name, timing=timing, model_s=model_s))
    return Found(
        optimiser=optimiser,
        pool={candidate.name: candidate for candidate in found},
        mesoscopic_s=means,
        seconds=seconds,
        interrupted=interrupted,
    )
