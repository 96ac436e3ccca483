from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import one_junction

from citybrain.detection.approaches import Approaches
from citybrain.detection.arrivals import Arrivals
from citybrain.network.model import Link
from citybrain.network.synthetic import grid_network

NETWORK = grid_network(1, 2, lanes=2, spacing_m=300.0)
GEOMETRY = Approaches(NETWORK)
N = len(NETWORK.lanes)
GATE_M = np.where(GEOMETRY.is_stop, 100.0, 0.0)
NOBODY, NO_QUEUE = np.zeros(N), np.full(N, -np.inf)


def departures(*movements):
    return np.bincount(np.array(movements, dtype=int), minlength=len(NETWORK.movements)).astype(float)


def towards_a_signal():
    """A movement whose exit leads to the other junction."""
    return next(
        m.index
        for m in NETWORK.movements
        if m.to_lane >= 0 and any(k.movement >= 0 for k in NETWORK.lanes[m.to_lane].links)
    )


def test_shares_of_ways_sum_to_one_at_most_and_distances_are_those_of_the_road():
    for ways in (GEOMETRY.lanes_ways, GEOMETRY.edges_ways):
        total = np.bincount(ways.source, weights=ways.share, minlength=len(ways.at) - 1)
        assert (total <= 1 + 1e-9).all()
        flow = np.random.default_rng(1).uniform(0, 1, N)
        assert np.allclose(np.bincount(ways.source, weights=ways.weights(flow), minlength=len(total)), total)
    own = GEOMETRY.lanes_ways
    assert (own.distance_m[own.source == own.stop_lane] == 0).all()


def test_who_left_the_junction_upstream_drives_to_the_next_gate():
    arrivals = Arrivals(NETWORK, GEOMETRY, GATE_M)
    movement = towards_a_signal()
    exit_edge = NETWORK.lanes[NETWORK.movements[movement].to_lane].edge
    arrivals.step(1.0, departures(movement), NOBODY, NO_QUEUE)
    seen = arrivals.vehicles(GEOMETRY.is_stop)
    assert seen.weight.sum() == 1.0
    assert NETWORK.lanes[seen.lane[0]].edge == exit_edge
    at_m = [seen.distance_m[0]]
    while len(seen := arrivals.vehicles(GEOMETRY.is_stop)) and len(at_m) < 60:
        arrivals.step(1.0, departures(), NOBODY, NO_QUEUE)
        at_m += seen.distance_m.tolist()
    assert (np.diff(at_m) <= 0).all()
    free_s = (at_m[0] - 100.0) / NETWORK.edges[exit_edge].speed_mps
    assert len(at_m) == pytest.approx(free_s, abs=6)


def test_somebody_counted_in_at_the_gate_is_no_longer_expected():
    arrivals = Arrivals(NETWORK, GEOMETRY, GATE_M)
    movement = towards_a_signal()
    arrivals.step(1.0, departures(movement), NOBODY, NO_QUEUE)
    lane = int(arrivals.vehicles(GEOMETRY.is_stop).lane[0])
    for _ in range(13):
        arrivals.step(1.0, departures(), NOBODY, NO_QUEUE)
    assert len(arrivals.belief) == 1
    entries = NOBODY.copy()
    entries[lane] = 1.0
    arrivals.step(1.0, departures(), entries, NO_QUEUE)
    assert len(arrivals.belief) == 0
    assert arrivals.met[movement] == 1.0


def test_a_queue_beyond_the_gate_holds_them():
    arrivals = Arrivals(NETWORK, GEOMETRY, GATE_M)
    arrivals.step(1.0, departures(towards_a_signal()), NOBODY, NO_QUEUE)
    lane = int(arrivals.vehicles(GEOMETRY.is_stop).lane[0])
    end_m = NO_QUEUE.copy()
    end_m[lane] = 110.0
    for _ in range(60):
        arrivals.step(1.0, departures(), NOBODY, end_m)
    assert arrivals.belief.distance_m.tolist() == [110.0]


def test_what_nobody_sent_comes_at_its_mean_rate():
    arrivals = Arrivals(NETWORK, GEOMETRY, GATE_M)
    lane = int(np.flatnonzero(GEOMETRY.is_stop)[0])
    entries = NOBODY.copy()
    for second in range(1200):
        entries[lane] = float(second % 10 == 0)
        arrivals.step(1.0, departures(), entries, NO_QUEUE)
    assert arrivals.unexplained_vps[lane] == pytest.approx(0.1, rel=0.1)
    seen = arrivals.vehicles(GEOMETRY.is_stop)
    assert set(seen.lane.tolist()) == {lane}
    assert len(seen) == pytest.approx(300 / (GEOMETRY.limit_mps[lane] * 10), abs=1)
    assert (seen.distance_m > 100).all()
    assert len(arrivals.vehicles(np.zeros(N, dtype=bool))) == 0


def test_nobody_who_drives_away_counts_as_coming():
    """A road and its way back, joined by a turn at the far end, as nets with turnarounds have it."""
    network = one_junction(["G"])
    edges, lanes = list(network.edges), list(network.lanes)
    out, into = network.lane_index("out-0_0"), network.lane_index("in-0_0")
    edges[out] = replace(edges[out], to_node=edges[into].from_node)
    edges[into] = replace(edges[into], to_node=edges[out].from_node)
    lanes[out] = replace(lanes[out], links=(Link(to_lane=into, via_m=4.0, movement=-1),))
    ways = Approaches(replace(network, edges=tuple(edges), lanes=tuple(lanes))).lanes_ways
    assert ways.source.tolist() == [into]
