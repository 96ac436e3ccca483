"""Vehicles that take long over a loop though nobody waits, and all that looks like it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from citybrain.detection.incidents import LinkSigns
from citybrain.detection.incidents.slow import Slow
from citybrain.network.synthetic import grid_network

GRID = grid_network(1, 2)
LINKS = LinkSigns(GRID)
EDGE = GRID.edge_index("0-0>0-1")
LINK = int(np.flatnonzero(LINKS.edge == EDGE)[0])
ROW = int(LINKS.row_of[GRID.edges[EDGE].lanes[0]])
N = len(LINKS.lane)
EVERY_S, FROM_S = 20, 2000


def course(lasts_s, *, waits=lambda _: False, entry=False, works=True, seconds=3000):
    """Return the evidence of every second; a vehicle comes each 20 s and is on the loop for ``lasts_s(t)`` seconds."""
    test, found, until = Slow(LINKS), [], -1
    for t in range(seconds):
        count, on, at_stop = np.zeros(N), np.zeros(N, np.bool_), np.zeros(N, np.bool_)
        if t % EVERY_S == 0:
            count[ROW], until = 1.0, t + lasts_s(t)
        on[ROW], at_stop[ROW] = t < until, waits(t)
        nobody, none = np.full(N, np.nan), np.zeros(N, np.bool_)
        signs = SimpleNamespace(
            dt_s=1.0,
            stop_on=at_stop,
            gate_on=none if entry else on,
            gate_count=nobody if entry else count,
            entry_on=on if entry else none,
            entry_count=count if entry else nobody,
            has_gate=np.ones(N, np.bool_),
            seen=none,
        )
        found.append(test.update(signs, np.full(N, works))[LINK])
    return np.array(found)


def usual(t):
    """Half a second: seen on the loop every other time."""
    return t // EVERY_S % 2


def test_vehicles_at_their_usual_speed_are_no_evidence():
    assert course(usual).max() < 2.0


def test_three_very_slow_vehicles_are_enough():
    found = course(lambda t: usual(t) if t < FROM_S else 5)
    assert found[:FROM_S].max() < 2.0
    assert found[FROM_S + 3 * EVERY_S + 10] > 10.0


def test_two_seconds_each_take_a_little_longer():
    found = course(lambda t: usual(t) if t < FROM_S else 2)
    assert found[FROM_S + 2 * EVERY_S] < found[FROM_S + 6 * EVERY_S]
    assert found[FROM_S + 8 * EVERY_S] > 10.0


def test_the_loop_where_the_road_begins_tells_as_much():
    assert course(lambda t: usual(t) if t < FROM_S else 5, entry=True)[FROM_S + 3 * EVERY_S + 10] > 10.0


def test_who_drives_up_to_somebody_waiting_is_slow_for_a_reason():
    assert course(lambda t: usual(t) if t < FROM_S else 5, waits=lambda t: t >= FROM_S).max() < 2.0


def test_a_place_where_all_are_slow_always_is_learnt():
    assert course(lambda t: 3 if t // EVERY_S % 2 else 2)[1000:].max() < 2.0


def test_a_standing_queue_and_a_loop_that_is_not_believed_tell_nothing():
    assert course(lambda t: usual(t) if t < FROM_S else EVERY_S).max() > 10.0  # all creep
    assert course(lambda t: usual(t) if t < FROM_S else 5, works=False).max() == 0.0


def test_it_is_over_when_vehicles_drive_again():
    found = course(lambda t: 5 if FROM_S <= t < FROM_S + 200 else usual(t))
    assert found[FROM_S + 190] > 10.0
    assert found[-1] < 2.0
