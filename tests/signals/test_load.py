"""The load of a junction, by hand: critical lanes add up, what runs together does not."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction

from citybrain.network.intergreens import SignalRules
from citybrain.signals.adaptive.load import Loads
from citybrain.signals.adaptive.tables import make_tables

RULES = SignalRules(yellow_s=3.0, all_red_s=0.0)


def loads(stages, conflicts=(), **options):
    return Loads(make_tables(one_junction(stages, conflicts), RULES), **options)


def learnt(found, crossed, seconds=600):
    """Load once so many vehicles a second have crossed on each link, at a headway of two seconds."""
    for _ in range(seconds):
        found.learn(np.array(crossed, dtype=float), 1.0)
    n = len(crossed)
    return found.of_junctions(np.zeros(n), np.full(n, 2.0))[0]


def test_lanes_that_need_green_one_after_the_other_add_up():
    assert learnt(loads(["Gr", "rG"], [(0, 1)]), [0.2, 0.15]) == pytest.approx(0.7, rel=0.02)


def test_of_lanes_that_run_together_the_busier_counts():
    # 0 and 1 together, then 2: the busier of 0 and 1, and 2
    assert learnt(loads(["GGr", "rrG"], [(0, 2), (1, 2)]), [0.1, 0.2, 0.05]) == pytest.approx(0.5, rel=0.02)


def test_three_stages_of_which_one_lane_has_two():
    # 0 alone, 0 with 1, then 2: 1 and 0 share a stage, so 0 + 2 or 1 + 2
    found = loads(["Grr", "GGr", "rrG"], [(0, 2), (1, 2)])
    assert learnt(found, [0.3, 0.1, 0.1]) == pytest.approx(0.8, rel=0.02)


def test_a_standing_queue_is_flow_that_is_to_be_cleared():
    found = loads(["Gr", "rG"], [(0, 1)], clear_s=300.0)
    assert found.of_junctions(np.array([30.0, 0.0]), np.full(2, 2.0))[0] == pytest.approx(0.2)


def test_the_first_minutes_count_as_they_are_and_older_ones_fade():
    found = loads(["Gr", "rG"], [(0, 1)], memory_s=100.0)
    assert learnt(found, [0.25, 0.0], seconds=10) == pytest.approx(0.5)
    assert learnt(found, [0.0, 0.0], seconds=300) < 0.05
