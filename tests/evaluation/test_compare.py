from __future__ import annotations

import pytest

from citybrain.evaluation.compare import by_policy, compare, estimate
from citybrain.evaluation.results import METRICS, RunResult

T_2 = 4.302652729911275  # Student's t, 97.5 %, 2 degrees of freedom
T_3 = 3.182446305284263


def run(policy, seed, delay_s, travel_s=100.0, **values):
    return RunResult(policy=policy, seed=seed, mean_delay_s=delay_s, mean_travel_time_s=travel_s, **values)


def test_an_interval_worked_out_by_hand():
    # 10, 12, 17: mean 13, variance (9 + 1 + 16) / 2 = 13, half width 4.3027 * sqrt(13 / 3)
    made = estimate([10.0, 12.0, 17.0])
    half = T_2 * (13 / 3) ** 0.5
    assert made.mean == 13.0
    assert made.ci95 == pytest.approx((13 - half, 13 + half))
    assert half == pytest.approx(8.9566, abs=1e-4)
    assert made.worst == 17.0


def test_one_seed_has_no_interval():
    assert estimate([7.0]).ci95 == (7.0, 7.0)


def test_the_worst_is_the_lowest_where_higher_is_better():
    assert estimate([30.0, 20.0], higher_is_better=True).worst == 20.0
    runs = [run("a", 1, 1.0, mean_speed_kmh=30.0), run("a", 2, 5.0, mean_speed_kmh=20.0)]
    table = by_policy(runs)["a"]
    assert (table["mean_speed_kmh"].worst, table["mean_delay_s"].worst) == (20.0, 5.0)
    assert set(table) == set(METRICS)


def test_savings_are_paired_by_seed():
    base = [run("base", seed, delay, travel) for seed, delay, travel in ((1, 100, 200), (2, 50, 100), (3, 40, 80))]
    ours = [run("ours", seed, delay, travel) for seed, delay, travel in ((1, 80, 180), (2, 45, 95), (3, 28, 60))]
    (row,) = compare(ours + base, "base")
    # savings of 20, 10 and 30 %: mean 20, standard deviation 10
    half = T_2 * 10 / 3**0.5
    assert (row.policy, row.baseline, row.seeds) == ("ours", "base", 3)
    assert row.delay_saved_pct == pytest.approx(20.0)
    assert row.travel_time_saved_pct == pytest.approx((10 + 5 + 25) / 3)
    assert row.ci95_pct == pytest.approx((20 - half, 20 + half))
    assert row.verdict == "no difference"  # 24.8 is more than 20


def pairs(*savings):
    return [run("base", i, 100.0) for i in range(len(savings))] + [
        run("ours", i, 100.0 - s) for i, s in enumerate(savings)
    ]


@pytest.mark.parametrize(
    ("savings", "verdict"),
    [
        ((20, 21, 19, 20), "better"),
        ((-20, -21, -19, -20), "worse"),
        ((20, -20, 10, -9), "no difference"),
        ((20, 21), "too few seeds"),
        ((50,), "too few seeds"),
    ],
)
def test_a_difference_is_claimed_on_three_pairs_or_more(savings, verdict):
    (row,) = compare(pairs(*savings), "base")
    assert row.verdict == verdict


def test_four_pairs_use_three_degrees_of_freedom():
    (row,) = compare(pairs(10, 20, 30, 40), "base")
    assert row.ci95_pct[1] - 25 == pytest.approx(T_3 * (500 / 3) ** 0.5 / 2)


def test_a_failed_run_loses_its_pair_only():
    runs = pairs(10, 20, 30)
    runs[4] = RunResult(policy="ours", seed=1, status="failed", error="lost")
    (row,) = compare(runs, "base")
    assert row.seeds == 2
    assert row.delay_saved_pct == pytest.approx(20.0)
    assert by_policy(runs)["ours"]["mean_delay_s"].mean == pytest.approx(80.0)


def test_nothing_is_compared_without_a_common_seed():
    assert compare([run("base", 1, 10.0), run("ours", 2, 5.0)], "base") == []
    failed = RunResult(policy="ours", seed=1, status="failed")
    assert compare([run("base", 1, 10.0), failed], "base") == []
    assert "ours" not in by_policy([run("base", 1, 10.0), failed])


def test_a_baseline_without_delay_saves_nothing():
    (row,) = compare([run("base", 1, 0.0, 0.0), run("ours", 1, 3.0)], "base")
    assert (row.delay_saved_pct, row.travel_time_saved_pct) == (0.0, 0.0)
