"""Roads on which nobody comes any more, and all that looks like it."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection.incidents import LinkSigns
from citybrain.detection.incidents.feeders import find_feeders
from citybrain.detection.incidents.inflow import Inflow
from citybrain.detection.incidents.silence import Silence
from citybrain.network.synthetic import grid_network

GRID = grid_network(1, 2)
LINKS = LinkSigns(GRID)
EDGE = GRID.edge_index("0-0>0-1")
LINK = int(np.flatnonzero(LINKS.edge == EDGE)[0])
INTO = next(m for m in GRID.movements if not m.is_crossing and GRID.lanes[m.to_lane].edge == EDGE)
N, DELAY_S = len(LINKS.edge), 20


def course(sent, came, *, held=lambda _: False, seconds=1400):
    """Return the evidence of every second."""
    feeders = find_feeders(GRID, LINKS, np.full(N, 60.0))
    inflow, test, usual = Inflow(feeders, N), Silence(N), np.ones(N, np.bool_)

    def here(value, dtype=np.float64):
        row = np.zeros(N, dtype)
        row[LINK] = value
        return row

    found = []
    for t in range(seconds):
        passed = np.zeros(len(GRID.movements))
        passed[INTO.index] = sent(t)
        inflow.step(passed[feeders.source], here(came(t)), here(came(t)), np.zeros(N))
        found.append(test.update(inflow, here(came(t)), here(held(t), bool), usual)[LINK])
    return np.array(found)


def platoon(t):
    """A vehicle every three seconds during the first half of each minute."""
    return float(t >= 0 and t % 60 < 30 and t % 3 == 0)


def test_platoons_that_come_are_no_evidence():
    assert course(platoon, lambda t: platoon(t - DELAY_S)).max() < 4.0


def test_a_few_that_were_sent_and_do_not_come_are_enough():
    found = course(platoon, lambda t: platoon(t - DELAY_S) * (t < 1200))
    assert found[:1200].max() < 4.0
    assert found[1200:1290].max() > 15.0


def test_one_vehicle_from_elsewhere_does_not_hide_it():
    found = course(platoon, lambda t: platoon(t - DELAY_S) * (t < 1200) + float(t == 1270))
    assert found[1300:].max() > 15.0


def test_a_road_that_nobody_is_sent_to_is_silent_for_no_reason():
    found = course(lambda t: platoon(t) * (t < 1200), lambda t: platoon(t - DELAY_S) * (t < 1200 + DELAY_S))
    assert found.max() < 4.0


def test_a_queue_over_the_place_of_counting_excuses():
    found = course(platoon, lambda t: platoon(t - DELAY_S) * (t < 1200), held=lambda t: t >= 1190)
    assert found.max() < 4.0


def test_flow_from_elsewhere_is_worth_what_is_known_of_it():
    rng = np.random.default_rng(3)
    random = rng.random(1400) < 0.1
    found = course(lambda _: 0.0, lambda t: float(random[t] and t < 1100))
    known = random[200:1100].mean() * 900
    silent_s = 1399 - np.flatnonzero(random[:1100])[-1]
    assert found[-1] == pytest.approx(known * np.log1p(silent_s / 900), rel=0.35)


def test_inside_a_link_those_from_elsewhere_are_not_waited_for():
    feeders = find_feeders(GRID, LINKS, np.full(N, 60.0))
    inflow, test = Inflow(feeders, N), Silence(N, others=False)
    nobody, never = np.zeros(N), np.zeros(N, np.bool_)
    for t in range(1400):
        came = np.full(N, float(t % 10 == 0 and t < 1100))
        inflow.step(np.zeros(len(feeders.source)), came, came, nobody)
        evidence = test.update(inflow, came, never, ~never)
    assert evidence.max() == 0.0
