"""Vehicles that were sent and do not come, and all that looks like it."""

from __future__ import annotations

import numpy as np

from citybrain.detection.incidents import LinkSigns, Signs
from citybrain.detection.incidents.feeders import find_feeders
from citybrain.detection.incidents.inflow import Inflow
from citybrain.detection.incidents.overdue import Overdue
from citybrain.detection.incidents.spill import Spill
from citybrain.network.synthetic import grid_network

GRID = grid_network(1, 2)
LINKS = LinkSigns(GRID)
EDGE = GRID.edge_index("0-0>0-1")
LINK = int(np.flatnonzero(LINKS.edge == EDGE)[0])
INTO = next(m for m in GRID.movements if not m.is_crossing and GRID.lanes[m.to_lane].edge == EDGE)
STOP = next(i for i in range(len(LINKS.lane)) if LINKS.is_stop[i] and LINKS.link_of[i] == LINK)
FEEDS = int(LINKS.row_of[INTO.from_lane])
N, DELAY_S = len(LINKS.lane), 20


def signs(t, *, sent=0.0, came=0.0, waits=False, green=False):
    off = np.zeros(N, np.bool_)
    arrived, passed = np.zeros(len(LINKS.edge)), np.zeros(len(GRID.movements))
    arrived[LINK], passed[INTO.index] = came, sent
    stop_on, lamps = off.copy(), np.zeros(N)
    stop_on[FEEDS], lamps[FEEDS] = waits, float(green)
    return Signs(
        time_s=float(t), dt_s=1.0, resumed=False, stop_on=stop_on, gate_on=off, stop_count=np.zeros(N), gate_count=np.zeros(N),
        has_gate=np.ones(N, np.bool_), entry_on=np.zeros(N, np.bool_), entry_count=np.full(N, np.nan), stop_ok=np.ones(N, np.bool_), gate_ok=np.ones(N, np.bool_),
        stuck_s=np.zeros(N), stuck_at_m=np.full(N, np.nan), crawling=np.zeros(N),
        driving=np.zeros(N), seen=off, green=lamps, exit_full=off, arrived=arrived, passed=passed,
        entered=np.zeros(len(GRID.edges)), has_entry=np.zeros(len(GRID.edges), np.bool_),
    )  # fmt: skip


def evidence(sent, came, *, held=lambda _: False, seconds=1200):
    n = len(LINKS.edge)
    feeders = find_feeders(GRID, LINKS, np.full(n, 60.0))
    inflow, test, always = Inflow(feeders, n), Overdue(LINKS), np.ones(n, np.bool_)
    score, highest = np.zeros(n), 0.0
    for t in range(seconds):
        queue = np.zeros(n, np.bool_)
        queue[LINK] = held(t)
        s = signs(t, sent=sent(t), came=came(t))
        inflow.step(s.passed[feeders.source], s.arrived, s.arrived, np.zeros(n))
        score = test.update(inflow, s.arrived, np.zeros(n), queue, score)
        inflow.learn(always, (score < 5.0) & ~queue)
        highest = max(highest, float(score[LINK]))
    return highest


def platoon(t):
    """A vehicle every two seconds during the first half of each minute."""
    return float(t >= 0 and t % 60 < 30 and t % 2 == 0)


def test_platoons_that_come_as_they_were_sent_are_no_evidence():
    assert evidence(platoon, lambda t: platoon(t - DELAY_S)) < 1.0


def test_platoons_that_do_not_come_are_evidence_within_two_minutes():
    assert evidence(platoon, lambda t: platoon(t - DELAY_S) * (t < 1000), seconds=1120) > 9.0


def test_nobody_sent_nobody_missed():
    assert evidence(lambda t: platoon(t) * (t < 1000), lambda t: platoon(t - DELAY_S) * (t < 1000 + DELAY_S)) < 3.0


def test_behind_a_queue_nobody_can_come():
    assert evidence(platoon, lambda t: platoon(t - DELAY_S) * (t < 1000), held=lambda t: t >= 1000) < 3.0


def spilled(*, standing=False):
    test = Spill(GRID, LINKS)
    queue = np.zeros(N, np.bool_)
    queue[STOP] = standing
    for t in range(120):
        test.update(signs(t, waits=True, green=t % 60 >= 20), queue, np.ones(N, np.bool_))
    return test.score[LINK]


def test_a_green_that_lets_nobody_into_an_empty_link_is_evidence():
    assert spilled() > 5.0


def test_a_queue_of_the_links_own_signal_explains_it():
    assert spilled(standing=True) == 0.0
