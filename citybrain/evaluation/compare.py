"""Means over seeds with intervals, and paired comparison with the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import stats

from citybrain.evaluation.results import METRICS, Comparison, Estimate, RunResult

_ENOUGH_SEEDS = 3


def estimate(values: Sequence[float], *, higher_is_better: bool = False) -> Estimate:
    """Return mean, 95 % interval of the mean (Student's t) and the worst value."""
    array = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    half = _half_width(array)
    worst = float(array.min() if higher_is_better else array.max())
    return Estimate(mean=mean, ci95=(mean - half, mean + half), worst=worst)


def _half_width(values: np.ndarray) -> float:
    n = len(values)
    if n < 2:
        return 0.0
    return float(stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))


def by_policy(runs: Sequence[RunResult]) -> dict[str, dict[str, Estimate]]:
    """Return every metric of every policy over its seeds; policies without a good run are left out."""
    table: dict[str, dict[str, Estimate]] = {}
    for policy in dict.fromkeys(run.policy for run in runs):
        good = [run for run in runs if run.policy == policy and run.status == "ok"]
        if good:
            table[policy] = {
                metric: estimate([getattr(run, metric) for run in good], higher_is_better=metric == "mean_speed_kmh")
                for metric in METRICS
            }
    return table


def compare(runs: Sequence[RunResult], baseline: str) -> list[Comparison]:
    """Compare every policy with the baseline over the seeds that both finished.

    The saving of a pair of runs is one minus the ratio of their means; the
    interval is Student's t over the seeds' savings, so that a difference is
    claimed on pairs, not on two separate means.
    """
    good = {(run.policy, run.seed): run for run in runs if run.status == "ok"}
    table = []
    for policy in dict.fromkeys(run.policy for run in runs):
        seeds = sorted(seed for name, seed in good if name == policy and (baseline, seed) in good)
        if policy == baseline or not seeds:
            continue
        delay = np.array([_saved(good[policy, s].mean_delay_s, good[baseline, s].mean_delay_s) for s in seeds])
        travel = np.array(
            [_saved(good[policy, s].mean_travel_time_s, good[baseline, s].mean_travel_time_s) for s in seeds]
        )
        half = _half_width(delay)
        low, high = float(delay.mean()) - half, float(delay.mean()) + half
        table.append(
            Comparison(
                policy=policy,
                baseline=baseline,
                travel_time_saved_pct=float(travel.mean()),
                delay_saved_pct=float(delay.mean()),
                ci95_pct=(low, high),
                seeds=len(seeds),
                verdict=_verdict(low, high, len(seeds)),
            )
        )
    return table


def _saved(value: float, base: float) -> float:
    return 100.0 * (1.0 - value / base) if base > 0 else 0.0


def _verdict(low: float, high: float, seeds: int) -> Literal["better", "worse", "no difference", "too few seeds"]:
    if seeds < _ENOUGH_SEEDS:
        return "too few seeds"
    if low > 0:
        return "better"
    return "worse" if high < 0 else "no difference"
