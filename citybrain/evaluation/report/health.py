"""What a careful reader asks before believing a mean: runs lost, vehicles lost, rules broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from citybrain.evaluation.report.aggregate import Study
from citybrain.evaluation.report.numbers import count, percent, plural
from citybrain.evaluation.results import RunResult

_MANY_UNFINISHED_PCT = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """One answer: ``ok``, ``warn``, ``bad``, or ``note`` where it is for the reader to judge."""

    state: Literal["ok", "warn", "bad", "note"]
    title: str
    detail: str = ""


def checks(study: Study) -> list[Check]:
    """Return the answers in the order of their weight."""
    found = [_runs(study)]
    if not study.results.policies:
        return found
    return [
        *found,
        *([_demand(study)] if len(study.policies) > 1 else []),
        _not_arrived(study),
        _never_inserted(study),
        _events(study, "Teleported vehicles", "each hides a jam", lambda run: run.vehicles.teleported),
        _events(study, "Collisions", "", lambda run: run.collisions),
        _refusals(study),
    ]


def _runs(study: Study) -> Check:
    runs, failed = study.results.runs, study.failed_runs()
    if not failed:
        return Check("ok", f"All {plural(len(runs), 'run')} finished" if len(runs) > 1 else "The run finished")
    names = ", ".join(f"{run.policy} seed {run.seed}" for run in failed[:4])
    more = f" and {len(failed) - 4} more" if len(failed) > 4 else ""
    return Check("bad", f"{len(failed)} of {plural(len(runs), 'run')} did not finish", f"{names}{more}")


def _demand(study: Study) -> Check:
    """Policies must face the same vehicles on the same seed, or the pairs are not pairs."""
    loaded: dict[int, set[int]] = {}
    for run in study.results.runs:
        if run.status == "ok":
            loaded.setdefault(run.seed, set()).add(run.vehicles.loaded)
    uneven = sorted(seed for seed, amounts in loaded.items() if len(amounts) > 1)
    if uneven:
        seeds = ", ".join(str(seed) for seed in uneven[:5])
        return Check("warn", "Policies loaded different numbers of vehicles", f"on seed {seeds}")
    if any(0 in amounts for amounts in loaded.values()):
        return Check("bad", "No vehicle was loaded", "check the routes and the window")
    return Check("ok", "Same vehicles for every policy", "paired by seed")


def _not_arrived(study: Study) -> Check:
    ranking = study.ranking()
    shares = {policy: _share_unfinished_pct(study.good_runs(policy)) for policy in ranking}
    told = dict.fromkeys(
        [
            ranking[0],
            *([study.baseline] if study.baseline in shares else []),
            max(shares, key=lambda policy: shares[policy]),
        ]
    )
    detail = ", ".join(f"{policy} {percent(shares[policy])}" for policy in told)
    state: Literal["ok", "warn"] = "warn" if max(shares.values()) > _MANY_UNFINISHED_PCT else "ok"
    if max(shares.values()) == 0:
        return Check("ok", "Every vehicle arrived")
    return Check(state, "Not arrived when the window closed", f"{detail}; their delay so far counts")


def _share_unfinished_pct(runs: list[RunResult]) -> float:
    loaded = sum(run.vehicles.loaded for run in runs)
    missing = sum(run.vehicles.unfinished + run.vehicles.never_inserted for run in runs)
    return 100.0 * missing / loaded if loaded else 0.0


def _never_inserted(study: Study) -> Check:
    check = _events(study, "Vehicles that found no room to enter", "", lambda run: run.vehicles.never_inserted)
    detail = f"{check.detail}; their wait counts as delay" if check.detail else ""
    return Check(check.state, check.title, detail)


def _events(study: Study, what: str, remark: str, of: Callable[[RunResult], int]) -> Check:
    """Report something that should not happen at all."""
    means = {policy: _mean(study.good_runs(policy), of) for policy in study.ranking()}
    happened = {policy: mean for policy, mean in means.items() if mean > 0}
    if not happened:
        return Check("ok", f"{what}: none")
    detail = ", ".join(f"{policy} {count(round(mean, 1))}" for policy, mean in _largest(happened, 3))
    return Check("warn", what, f"{detail} a run" + (f"; {remark}" if remark else ""))


def _refusals(study: Study) -> Check:
    check = _events(
        study,
        "Interlock refusals",
        "never shown; with SUMO's own controllers: breaches seen",
        lambda run: run.interlock_refusals,
    )
    return Check("note" if check.state == "warn" else check.state, check.title, check.detail)


def _mean(runs: list[RunResult], of: Callable[[RunResult], int]) -> float:
    return sum(of(run) for run in runs) / len(runs) if runs else 0.0


def _largest(values: dict[str, float], limit: int) -> list[tuple[str, float]]:
    return sorted(values.items(), key=lambda item: -item[1])[:limit]
