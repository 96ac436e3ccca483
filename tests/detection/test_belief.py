from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from citybrain.detection.belief import SPACE_M, Belief

LIMIT = np.array([10.0, 20.0])
NO_WALL = np.full(2, -np.inf)
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.floats(0, 400), st.floats(0, 20), st.floats(0.1, 3)), min_size=1, max_size=30
)


def belief(rows, gate_m=0.0):
    made = Belief(LIMIT)
    lane, distance, speed, weight = (np.array(c) for c in zip(*rows, strict=True))
    made.add(lane, distance, speed, weight, np.full(len(lane), gate_m))
    return made


def test_a_vehicle_alone_drives_at_the_limit():
    b = belief([(0, 300.0, 10.0, 1.0)])
    for _ in range(10):
        b.advance(1.0, NO_WALL)
    assert b.distance_m.tolist() == [200.0]


def test_a_queue_stands_behind_the_wall_at_its_spacing():
    b = belief([(0, 60.0 + 10 * k, 10.0, 1.0) for k in range(4)])
    for _ in range(60):
        b.advance(1.0, np.array([0.0, -np.inf]))
    assert b.distance_m.tolist() == [0.0, SPACE_M, 2 * SPACE_M, 3 * SPACE_M]
    assert (b.speed_mps == 0).all()
    assert (b.held_s > 10).all()


@given(rows=ROWS, steps=st.integers(1, 20), wall_m=st.floats(0, 50))
def test_nobody_vanishes_passes_the_wall_or_drives_too_fast(rows, steps, wall_m):
    b = belief(rows)
    total = b.weight.sum()
    for _ in range(steps):
        b.advance(1.0, np.full(2, wall_m))
    assert np.isclose(b.weight.sum(), total)
    assert (b.distance_m >= wall_m - 1e-9).all()
    assert (b.speed_mps <= LIMIT[b.lane] + 1e-9).all()


@given(rows=ROWS, count=st.floats(0, 40))
def test_consuming_takes_what_was_counted_or_all_there_is(rows, count):
    b = belief(rows)
    b.advance(1.0, NO_WALL)
    before = np.bincount(b.lane, weights=b.weight, minlength=2)
    taken = b.consume(np.full(2, count), np.full(2, np.inf)).by_lane(2)
    assert np.allclose(taken, np.minimum(before, count))
    after = np.bincount(b.lane, weights=b.weight, minlength=2)
    assert (np.abs(before - taken - after) < 0.06).all()  # crumbs are swept away


def test_who_passes_the_gate_goes_unless_it_is_closed():
    b = belief([(0, 50.0, 5.0, 1.0), (1, 50.0, 5.0, 2.0)], gate_m=60.0)
    assert b.passed_gate(np.array([True, False])).tolist() == [0.0, 2.0]
    assert b.lane.tolist() == [0]
