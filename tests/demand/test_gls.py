"""Route factors against counts, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from citybrain.demand.gls import MOST_FACTOR, draw_copies, route_factors


def test_one_route_and_one_count_meet_near_the_count():
    """By hand: minimise (100 f - 150)^2 / (150 + 7.5^2) + 100 (f - 1)^2 / 100."""
    weight, prior = 1 / (150 + 7.5**2), 100 / 100
    wanted = (100 * 150 * weight + prior) / (100**2 * weight + prior)
    found = route_factors(csr_matrix([[100.0]]), np.array([100.0]), np.array([150.0]))
    assert found == pytest.approx([wanted], rel=1e-4)
    assert 1.4 < found[0] < 1.5


def test_a_count_is_shared_by_the_routes_that_pass_it():
    passages = csr_matrix([[60.0, 40.0, 0.0]])
    found = route_factors(passages, np.array([60.0, 40.0, 80.0]), np.array([200.0]))
    assert found[0] == pytest.approx(found[1], rel=0.05)
    assert found[2] == pytest.approx(1.0)  # no count speaks about it
    assert 170 < passages @ found < 200


def test_a_vehicle_that_passes_too_late_cannot_help():
    """Half of the route's trips pass within the count's time: the others have to grow with them."""
    found = route_factors(csr_matrix([[50.0]]), np.array([100.0]), np.array([100.0]))
    assert 1.5 < found[0] < 2.0


def test_factors_have_bounds():
    assert route_factors(csr_matrix([[1000.0]]), np.array([10.0]), np.array([10_000.0])) == pytest.approx([MOST_FACTOR])
    assert route_factors(csr_matrix([[1000.0]]), np.array([1000.0]), np.array([0.0]))[0] < 0.02


def test_nothing_counted_changes_nothing():
    assert route_factors(csr_matrix((0, 2)), np.array([3.0, 4.0]), np.array([])).tolist() == [1.0, 1.0]


def test_copies_keep_the_total_of_each_run_of_neighbours():
    factors = np.concatenate([np.full(100, 0.3), np.full(100, 2.5)])
    copies = draw_copies(factors, generator=np.random.default_rng(3))
    assert abs(copies[:100].sum() - 30) <= 1
    assert abs(copies[100:].sum() - 250) <= 1
    assert set(copies[:100]) <= {0, 1}
    assert set(copies[100:]) <= {2, 3}
