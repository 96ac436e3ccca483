"""What may be claimed from paired runs: intervals, corrected p-values, effect sizes, seeds needed.

The unit is the logarithm of a ratio, ln(policy / other) of one metric on one seed:
a halving and a doubling weigh the same, and scenarios of different size can be averaged.
Scenarios are strata: fixed, not drawn; only the seeds within them are a sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Correction = Literal["holm", "bh", "none"]
CORRECTIONS: tuple[Correction, ...] = ("holm", "bh", "none")
ENOUGH_SEEDS = 3
"""With fewer pairs no difference is claimed: one outlier would decide."""
_RESAMPLES = 2000
_LEAST = 1e-3  # seconds; below it a ratio says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One policy against another over the seeds that both finished.

    Attributes
    ----------
    ratio : float
        Geometric mean of policy / other; below 1 is less.
    ci95 : (float, float)
        Of the ratio: Student's t on the logarithms, Welch's degrees of freedom over strata.
    bootstrap95 : (float, float)
        The same by bootstrap (bias-corrected and accelerated for one stratum, percentile within strata else).
    p : float
        Two-sided, of "no difference"; NaN where it cannot be known.
    size : float
        Hedges' g of the paired differences: their mean over their standard deviation, corrected for few pairs.
    pairs : int
    detectable : float
        The ratio that so many seeds would tell from 1 four times in five (power 0.8).
    """

    ratio: float
    ci95: tuple[float, float]
    bootstrap95: tuple[float, float]
    p: float
    size: float
    pairs: int
    detectable: float


def log_ratio(value: float, other: float) -> float:
    """Return ln(value / other), values taken as a thousandth at least."""
    return math.log(max(value, _LEAST) / max(other, _LEAST))


def effect(strata: Sequence[Sequence[float]], *, seed: int = 0) -> Effect:
    """Return what paired log ratios say, stratum by stratum.

    Parameters
    ----------
    strata : sequence of sequences of float
        Log ratios of each scenario, one for each seed; none of them empty.
    seed : int
        Of the bootstrap.

    Notes
    -----
    The mean is that of the strata's means. Its variance is the sum of s_i^2 / n_i over
    k^2, its degrees of freedom Welch and Satterthwaite's; with one stratum this is the paired t-test.
    """
    groups = [np.asarray(group, dtype=np.float64) for group in strata]
    mean = float(np.mean([group.mean() for group in groups]))
    pairs = sum(len(group) for group in groups)
    error, freedom = _standard_error(groups)
    spread = _within(groups)
    if not freedom:
        unknown = (0.0, math.inf)
        return Effect(
            ratio=math.exp(mean), ci95=unknown, bootstrap95=unknown, p=math.nan, size=math.nan, pairs=pairs,
            detectable=math.inf,
        )  # fmt: skip
    half = float(stats.t.ppf(0.975, freedom)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, freedom)) if error > 0 else (1.0 if mean == 0 else 0.0)
    reach = (float(stats.t.ppf(0.975, freedom)) + float(stats.t.ppf(0.8, freedom))) * error
    correct = 1 - 3 / (4 * freedom - 1) if freedom > 1 else 1.0
    return Effect(
        ratio=math.exp(mean),
        ci95=(math.exp(mean - half), math.exp(mean + half)),
        bootstrap95=_bootstrap(groups, seed),
        p=p,
        size=correct * mean / spread if spread > 0 else math.copysign(math.inf, mean) if mean else 0.0,
        pairs=pairs,
        detectable=math.exp(-reach),
    )


def _standard_error(groups: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Return the standard error of the mean of means, and its degrees of freedom (0: unknown)."""
    if any(len(group) < 2 for group in groups):
        return math.nan, 0.0
    parts = np.array([group.var(ddof=1) / len(group) for group in groups])
    total = float(parts.sum())
    if total <= 0:
        return 0.0, float(sum(len(group) - 1 for group in groups))
    freedom = total**2 / float(sum(part**2 / (len(g) - 1) for part, g in zip(parts, groups, strict=True)))
    return math.sqrt(total) / len(groups), freedom


def _within(groups: Sequence[NDArray[np.float64]]) -> float:
    """Return the pooled standard deviation within strata."""
    freedom = sum(len(group) - 1 for group in groups)
    if freedom < 1:
        return math.nan
    return math.sqrt(sum(float(((group - group.mean()) ** 2).sum()) for group in groups) / freedom)


def _bootstrap(groups: Sequence[NDArray[np.float64]], seed: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    if len(groups) == 1 and len(groups[0]) > 2 and np.ptp(groups[0]) > 0:
        found = stats.bootstrap((groups[0],), np.mean, n_resamples=_RESAMPLES, method="BCa", rng=rng)
        low, high = found.confidence_interval
    else:
        means = np.mean([rng.choice(g, size=(_RESAMPLES, len(g)), replace=True).mean(axis=1) for g in groups], axis=0)
        low, high = np.quantile(means, [0.025, 0.975])
    return math.exp(float(low)), math.exp(float(high))


def corrected(p: Sequence[float], correction: Correction) -> list[float]:
    """Return p-values corrected for how many there are; NaN stays NaN and counts as none.

    ``holm`` (1979) bounds the chance of even one false claim, ``bh`` (Benjamini and Hochberg,
    1995) the share of false ones among the claims.
    """
    values = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    result = values.copy()
    if correction == "none" or not len(known):
        return [float(v) for v in result]
    if correction == "bh":
        result[known] = stats.false_discovery_control(values[known], method="bh")
    else:
        order = known[np.argsort(values[known], kind="stable")]
        steps = values[order] * np.arange(len(order), 0, -1)
        result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(v) for v in result]


def seeds_needed(strata: Sequence[Sequence[float]], ratio: float, *, most: int = 1000) -> int:
    """Return how many seeds a scenario would need to tell ``ratio`` from 1 with power 0.8; ``most`` at most.

    Parameters
    ----------
    strata : sequence of sequences of float
        Log ratios seen so far; their spread is taken as it is.
    """
    spread, k = _within([np.asarray(group, dtype=np.float64) for group in strata]), len(strata)
    wanted = abs(math.log(ratio)) if ratio > 0 else math.inf
    if math.isnan(spread) or wanted == 0:
        return most
    for n in range(2, most):
        freedom = k * (n - 1)
        reach = float(stats.t.ppf(0.975, freedom)) + float(stats.t.ppf(0.8, freedom))
        if reach * spread / math.sqrt(n * k) <= wanted:
            return max(n, ENOUGH_SEEDS)
    return most
