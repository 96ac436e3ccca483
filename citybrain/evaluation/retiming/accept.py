"""SUMO has the last word: which candidate is run, and whether it is better at all.

Candidates are compared on one seed, the best of them on another; the best of them, Webster's plan and the
current plan then meet on fresh seeds, and the best of those three is what is
written. The seeds of published tables (101 to 105) are never used.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from citybrain.demand.scenario import Scenario
from citybrain.errors import InputError
from citybrain.evaluation.retiming.retime_results import CandidateRow, SumoRun
from citybrain.evaluation.run import RunRecord, RunSpec
from citybrain.evaluation.warm import warm_state
from citybrain.evaluation.workers import run_all
from citybrain.signals.plan_file import POLICY

CURRENT, WEBSTER = "current plan", "Webster"
CHOICE, ACCEPTANCE = "choice", "acceptance"
PUBLISHED_SEEDS = frozenset(range(101, 106))
CHOICE_SEEDS = (11, 12)
ACCEPTANCE_SEEDS = (21, 22, 23)
_SECOND_ROUND = 4


@dataclass(slots=True)
class Judge:
    """Runs plans in SUMO and remembers what came out.

    Parameters
    ----------
    texts : mapping
        Additional file of each plan by name; None for the scenario's own plan.
    """

    scenario: Scenario
    texts: Mapping[str, str | None]
    jobs: int = 1
    progress: Callable[[str, float], None] = lambda _name, _share: None
    runs: dict[str, list[SumoRun]] = field(default_factory=dict)

    def run(self, names: list[str], seeds: tuple[int, ...], use: str) -> None:
        """Run plans on seeds; what finished before an interruption is kept."""
        if PUBLISHED_SEEDS & set(seeds):
            raise InputError(f"seeds {sorted(PUBLISHED_SEEDS & set(seeds))} are kept for tests; give others")
        warm = warm_state(self.scenario)
        with tempfile.TemporaryDirectory(prefix="citybrain-") as folder:
            specs, owner = [], []
            for place, name in enumerate(names):
                text = self.texts[name]
                path = Path(folder) / f"{place}.add.xml"
                if text is not None:
                    path.write_text(text, encoding="utf-8")
                for seed in seeds:
                    own = text is None
                    spec = RunSpec(
                        scenario=self.scenario,
                        policy="fixed-time" if own else POLICY,
                        seed=seed,
                        parameters={} if own else {"plans": str(path)},
                        warm_state=warm,
                    )
                    specs.append(spec)
                    owner.append(name)
            for done, (index, outcome) in enumerate(run_all(specs, jobs=self.jobs)):
                seed, name = specs[index].seed, owner[index]
                if isinstance(outcome, RunRecord):
                    row = SumoRun(seed=seed, use=use, delay_s=outcome.result.mean_delay_s)
                else:
                    row = SumoRun(seed=seed, use=use, error=outcome.error)
                self.runs.setdefault(name, []).append(row)
                self.progress(f"SUMO: {name}", (done + 1) / len(specs))

    def row(self, name: str, model_s: float, mesoscopic_s: float | None = None) -> CandidateRow:
        """Return a plan with its runs."""
        return CandidateRow(name=name, model_delay_s=model_s, mesoscopic_delay_s=mesoscopic_s, runs=tuple(self.runs.get(name, ())))

    def ranked(self, names: list[str], use: str) -> list[str]:
        """Return the plans whose runs all finished, best mean first."""
        means = {name: self.row(name, 0.0).mean_s(use) for name in names}
        return sorted((n for n in names if means[n] is not None), key=lambda n: (means[n], names.index(n)))


def choose(
    judge: Judge,
    names: list[str],
    *,
    choice_seeds: tuple[int, ...] = CHOICE_SEEDS,
    acceptance_seeds: tuple[int, ...] = ACCEPTANCE_SEEDS,
) -> tuple[str, str, bool]:
    """Choose among candidates and the two baselines.

    Parameters
    ----------
    names : list of str
        Candidates, best by the model first, without the baselines.

    Returns
    -------
    chosen, reason : str
    accepted : bool
        Whether a candidate was better than both baselines on the fresh seeds.
    """
    finalists = names[:1]
    if len(names) > 1 and choice_seeds:
        judge.run(names, choice_seeds[:1], CHOICE)
        leading = judge.ranked(names, CHOICE)[:_SECOND_ROUND]
        if leading and choice_seeds[1:]:
            judge.run(leading, choice_seeds[1:], CHOICE)
        finalists = judge.ranked(leading, CHOICE)[:2] or finalists
    baselines = [name for name in (WEBSTER, CURRENT) if name in judge.texts]
    judge.run([*finalists, *baselines], acceptance_seeds, ACCEPTANCE)
    order = judge.ranked([*finalists, *baselines], ACCEPTANCE)
    means = {name: judge.row(name, 0.0).mean_s(ACCEPTANCE) for name in order}
    if not order:
        return CURRENT, "no run in SUMO finished, so the current plan is kept", False
    chosen = order[0]
    told = ", ".join(f"{name} {means[name]:.1f} s" for name in order)
    seeds = ", ".join(map(str, acceptance_seeds))
    if chosen in finalists:
        return chosen, f"best in SUMO on fresh seeds {seeds}: {told}", True
    return chosen, f"no optimised plan was better in SUMO on fresh seeds {seeds}: {told}", False
