"""Turns that entry loops give away."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection.approaches import Approaches
from citybrain.detection.entry_turns import EntryTurns
from citybrain.network.synthetic import grid_network

NETWORK = grid_network(1, 2)
GEOMETRY = Approaches(NETWORK)
N_EDGES = len(NETWORK.edges)
TURNS = [m for m in NETWORK.movements if not m.is_crossing]


def edge_of(movement):
    return NETWORK.lanes[movement.to_lane].edge


LANE = next(m.from_lane for m in TURNS if len({edge_of(k) for k in TURNS if k.from_lane == m.from_lane}) > 1)
FIRST, SECOND = [m for m in TURNS if m.from_lane == LANE][:2]


def credited(passed, entered, *, later_s=3):
    """Return who is known to have made which movement after somebody crossed a stop line."""
    turns = EntryTurns(NETWORK, GEOMETRY, np.ones(N_EDGES, np.bool_))
    crossed, known = np.zeros(len(NETWORK.movements)), np.zeros(len(NETWORK.movements))
    for movement, weight in passed.items():
        crossed[movement] = weight
    for t in range(later_s + 1):
        came = np.zeros(N_EDGES)
        came[entered] = float(t == later_s)
        known += turns.seen(1.0, crossed if t == 0 else 0 * crossed, came)
    return known


def test_who_enters_a_road_has_made_the_turn_that_leads_there():
    known = credited({FIRST.index: 0.5, SECOND.index: 0.5}, edge_of(SECOND))
    assert known.sum() == pytest.approx(1.0)
    assert known[SECOND.index] > 0.8
    assert known[FIRST.index] == 0.0


def test_a_turn_that_hardly_anybody_was_believed_to_make_is_learnt_all_the_same():
    assert credited({FIRST.index: 1.0, SECOND.index: 0.0}, edge_of(SECOND)).sum() == pytest.approx(1.0)


def test_roads_without_entry_loops_tell_nothing():
    turns = EntryTurns(NETWORK, GEOMETRY, np.zeros(N_EDGES, np.bool_))
    assert not turns.counted.any()
    assert turns.seen(1.0, np.ones(len(NETWORK.movements)), np.ones(N_EDGES)).sum() == 0.0
