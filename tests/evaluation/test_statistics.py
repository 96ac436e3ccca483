"""Against scipy's own tests, published examples, and data with a known answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from citybrain.evaluation.statistics import corrected, effect, log_ratio, seeds_needed

RNG = np.random.default_rng(5)


def test_one_stratum_is_the_paired_t_test():
    a, b = RNG.lognormal(3, 0.2, 8), RNG.lognormal(3.1, 0.2, 8)
    found = effect([[log_ratio(x, y) for x, y in zip(a, b, strict=True)]])
    expected = stats.ttest_rel(np.log(a), np.log(b))
    assert found.p == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval()
    assert found.ci95 == pytest.approx((math.exp(low), math.exp(high)))
    assert found.ratio == pytest.approx(math.exp(np.mean(np.log(a / b))))
    assert found.pairs == 8


def test_intervals_cover_the_truth_as_often_as_they_say():
    hits = np.zeros(2)
    for k in range(300):
        strata = [RNG.normal(m, s, 6) for m, s in ((-0.1, 0.05), (-0.3, 0.2), (0.1, 0.1))]
        found = effect([s.tolist() for s in strata], seed=k)
        truth = math.exp(-0.1)
        hits += [low <= truth <= high for low, high in (found.ci95, found.bootstrap95)]
    t_share, bootstrap_share = hits / 300
    assert 0.91 <= t_share <= 0.99
    assert 0.85 <= bootstrap_share <= 0.99  # known to be narrow with few pairs


def test_one_pair_claims_nothing():
    found = effect([[-1.0]])
    assert math.isnan(found.p)
    assert found.ci95 == (0.0, math.inf)
    assert found.ratio == pytest.approx(math.exp(-1))


def test_pairs_without_spread():
    same = effect([[0.0, 0.0, 0.0]])
    assert (same.p, same.size, same.ratio) == (1.0, 0.0, 1.0)
    sure = effect([[-0.1, -0.1, -0.1]])
    assert sure.p < 1e-12
    assert sure.ci95 == pytest.approx((math.exp(-0.1),) * 2)


def test_hedges_g_by_hand():
    # mean 2, standard deviation 1, four degrees of freedom: 2 x (1 - 3/15)
    values = np.array([1.0, 2.0, 3.0])
    assert effect([values.tolist()]).size == pytest.approx(2.0 * (1 - 3 / (4 * 2 - 1)))


def test_corrections():
    p = [0.01, 0.04, 0.03, math.nan, 0.005]
    holm = corrected(p, "holm")
    assert holm[:3] + holm[4:] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    bh = corrected(p, "bh")
    assert bh[:3] + bh[4:] == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert math.isnan(holm[3])
    assert math.isnan(bh[3])
    assert corrected([0.9, 0.8], "holm") == [1.0, 1.0]
    assert corrected([0.2], "none") == [0.2]
    assert corrected([], "holm") == []


def test_nothing_is_found_where_nothing_is():
    """Of twenty comparisons without a difference one is "significant"; corrected, hardly ever."""
    raw = holm = 0
    for _ in range(100):
        p = stats.ttest_1samp(RNG.normal(0, 1, (20, 5)), 0, axis=1).pvalue.tolist()
        raw += min(p) < 0.05
        holm += min(corrected(p, "holm")) < 0.05
    assert raw > 45
    assert holm < 15


def test_detectable_differences_and_seeds_agree():
    values = RNG.normal(-0.05, 0.1, 5).tolist()
    found = effect([values])
    assert seeds_needed([values], found.detectable) <= 6
    few, many = seeds_needed([values], math.exp(-0.3)), seeds_needed([values], math.exp(-0.02))
    assert 3 <= few < many
    spread = np.std(values, ddof=1)
    n = seeds_needed([values], math.exp(-0.05))
    power = np.mean([stats.ttest_1samp(RNG.normal(-0.05, spread, n), 0).pvalue < 0.05 for _ in range(400)])
    assert 0.72 <= power <= 0.9
    assert seeds_needed([values], 1.0) == 1000
