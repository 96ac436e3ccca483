"""How much evidence an alarm takes: learnt from excursions that went by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection.incidents.usual import Usual


def fed(usual, peaks, *, each_s=20, place=0, n=2):
    """Let excursions of these peaks come and go."""
    for peak in peaks:
        for t in range(each_s):
            evidence = np.zeros(n)
            evidence[place] = peak if t < each_s / 2 else 0.0
            usual.scale(evidence, 1.0)
    return usual


def usual(rate=1.0):
    return Usual(2, threshold=7.0, false_per_day=rate)


def test_a_quiet_city_needs_less_evidence_than_a_restless_one():
    rng = np.random.default_rng(1)
    quiet = fed(usual(), 2.0 + rng.exponential(0.3, 200), each_s=60)
    restless = fed(usual(), 2.0 + rng.exponential(1.5, 200), each_s=60)
    assert quiet.needed < 6.0 < restless.needed


def test_fewer_false_alarms_cost_more_evidence():
    assert usual(0.1).needed > usual(1.0).needed > usual(10.0).needed


def test_peaks_are_exceeded_as_rarely_as_was_asked_for():
    # 60 excursions an hour with a mean excess of 0.8, for 20 hours: of an exponential tail one a day exceeds 2 + 0.8 ln(1440)
    learnt = [fed(usual(), 2.0 + np.random.default_rng(k).exponential(0.8, 1200), each_s=60).needed for k in range(5)]
    assert np.mean(learnt) == pytest.approx(2.0 + 0.8 * np.log(1440.0), rel=0.1)


def test_a_place_with_a_bad_habit_needs_more_than_others():
    learnt = fed(fed(usual(), [2.2] * 200, place=1), [9.0])
    scores = learnt.scale(np.array([12.0, 12.0]), 1.0)
    assert scores[0] == pytest.approx(7.0 * 12.0 / (1.4 * 9.0))
    assert scores[1] > scores[0]


def test_an_excursion_that_goes_on_is_no_habit():
    learnt = usual()
    before = learnt.needed
    fed(learnt, [20.0], each_s=1200)
    assert learnt.scale(np.array([20.0, 0.0]), 1.0)[0] > 7.0
    assert learnt.needed <= before


def test_what_raised_an_alarm_does_not_make_others_wait():
    # a hundred incidents among two hundred harmless peaks
    rng = np.random.default_rng(5)
    harmless = 2.0 + rng.exponential(0.4, 200)
    mixed = np.concatenate((harmless, np.full(100, 25.0)))
    rng.shuffle(mixed)
    assert fed(usual(), mixed, each_s=60).needed == pytest.approx(fed(usual(), harmless, each_s=60).needed, rel=0.15)


def test_peaks_that_are_all_alike_have_a_tail_all_the_same():
    # one vehicle that a loop has missed is worth 3.5; two are rare, but come
    test = Usual(2, threshold=7.0, false_per_day=1.0, least_excess=1.0)
    fed(test, [3.5] * 60, each_s=60)
    assert test.needed == pytest.approx(3.5 + np.log(50 * 24.0), abs=0.3)
