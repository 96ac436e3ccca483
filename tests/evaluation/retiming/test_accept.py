"""What SUMO says decides; here a table stands for SUMO."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.evaluation.retiming.accept import ACCEPTANCE, CURRENT, WEBSTER, Judge, choose
from citybrain.evaluation.retiming.retime_results import SumoRun
from citybrain.signals.retiming.bands import widest_band


class TableJudge(Judge):
    """Delays from a table instead of from SUMO."""

    def __init__(self, delays):
        super().__init__(scenario=None, texts=dict.fromkeys(delays, ""))
        self.delays = delays

    def run(self, names, seeds, use):
        for name in names:
            for seed in seeds:
                delay = self.delays[name]
                error = "crashed" if delay is None else None
                self.runs.setdefault(name, []).append(SumoRun(seed=seed, use=use, delay_s=delay, error=error))


def test_the_best_in_sumo_wins_not_the_best_of_the_model():
    judge = TableJudge({"a": 30.0, "b": 20.0, WEBSTER: 40.0, CURRENT: 50.0})
    chosen, reason, accepted = choose(judge, ["a", "b"])
    assert (chosen, accepted) == ("b", True)
    assert "fresh seeds" in reason


@pytest.mark.parametrize("better", [WEBSTER, CURRENT])
def test_a_baseline_that_is_better_is_kept(better):
    delays = {"a": 30.0, WEBSTER: 40.0, CURRENT: 50.0}
    delays[better] = 10.0
    chosen, reason, accepted = choose(TableJudge(delays), ["a"])
    assert (chosen, accepted) == (better, False)
    assert "no optimised plan was better" in reason


def test_a_plan_that_crashes_is_out():
    judge = TableJudge({"a": None, "b": 30.0, WEBSTER: 40.0, CURRENT: 50.0})
    assert choose(judge, ["a", "b"])[0] == "b"
    nothing = TableJudge({"a": None, WEBSTER: None, CURRENT: None})
    assert choose(nothing, ["a"])[0] == CURRENT


def test_fresh_seeds_are_fresh():
    judge = TableJudge({"a": 30.0, "b": 31.0, WEBSTER: 40.0, CURRENT: 50.0})
    choose(judge, ["a", "b"])
    uses = {(run.seed, run.use) for runs in judge.runs.values() for run in runs}
    chosen = {seed for seed, use in uses if use != ACCEPTANCE}
    fresh = {seed for seed, use in uses if use == ACCEPTANCE}
    assert not chosen & fresh
    assert not (chosen | fresh) & set(range(101, 106))


def test_seeds_of_published_tables_are_refused():
    with pytest.raises(InputError, match="kept for tests"):
        Judge(scenario=None, texts={}).run(["a"], (101,), ACCEPTANCE)


def green(cycle, begin, end):
    shown = np.zeros(cycle, dtype=bool)
    shown[np.arange(begin, end) % cycle] = True
    return shown


def test_two_signals_in_step_pass_their_whole_green():
    # the second green begins as the first vehicle of the first green arrives, 20 s later
    assert widest_band([green(60, 10, 40), green(60, 30, 60)], [0.0, 20.0]) == (10, 30)
    assert widest_band([green(60, 50, 70), green(60, 10, 30)], [0.0, 20.0]) == (50, 20)


def test_a_band_needs_one_cycle_and_a_common_green():
    assert widest_band([green(60, 0, 30), green(50, 0, 30)], [0.0, 10.0]) is None
    assert widest_band([green(60, 0, 20), green(60, 0, 20)], [0.0, 30.0]) is None
    assert widest_band([green(60, 0, 60), green(60, 0, 60)], [0.0, 30.0]) == (0, 60)
