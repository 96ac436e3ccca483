"""Detectors that watch together: what either reports."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from citybrain.detection.incidents import Either

NAN = float("nan")


def part(lanes, places):
    return SimpleNamespace(
        threshold=7.0, lane_scores=lambda: np.array(lanes), distance_m=lambda: np.array(places), update=None
    )


EITHER = Either([part([1.0, 9.0, 0.0], [NAN, 20.0, 50.0]), part([3.0, 2.0, 8.0], [10.0, 60.0, 70.0])])


def test_the_greater_score_counts_for_links_and_lanes():
    assert EITHER.update([np.array([1.0, 9.0, 3.0]), np.array([8.0, 2.0, 4.0])]).tolist() == [8.0, 9.0, 4.0]
    assert EITHER.lane_scores().tolist() == [3.0, 9.0, 8.0]
    assert EITHER.threshold == 7.0


def test_the_place_is_that_of_the_surest_who_knows_one():
    EITHER.update([np.array([9.0, 9.0, 3.0]), np.array([1.0, 2.0, 4.0])])
    assert EITHER.distance_m().tolist() == [10.0, 20.0, 70.0]


def test_nobody_knows_a_place():
    either = Either([part([0.0], [NAN]), part([0.0], [NAN])])
    either.update([np.zeros(1), np.zeros(1)])
    assert np.isnan(either.distance_m()).all()
