"""Which sensors fail, told from what the others say."""

from __future__ import annotations

import numpy as np
import pytest
from builders import observation, one_junction

from citybrain.detection.health import SensorHealth
from citybrain.messages import LoopData

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], length_m=200.0)
LANE = NETWORK.lane_index("in-0_0")
N = len(NETWORK.lanes)


def at_lane(value, kind=np.float64):
    row = np.zeros(N, kind)
    row[LANE] = value
    return row


def looked(t, *, stop=0.0, advance=0.0, stop_on=False, advance_on=False):
    from dataclasses import replace

    place = np.full(N, -1.0)
    place[LANE] = 60.0
    loops = LoopData(
        stop_count=at_lane(stop), stop_on=at_lane(stop_on, np.bool_), advance_count=at_lane(advance),
        advance_on=at_lane(advance_on, np.bool_), advance_m=place, entry_count=np.zeros(N), entry_on=np.zeros(N, np.bool_),
        entry_m=np.full(N, -1.0),
    )  # fmt: skip
    return replace(observation(NETWORK, stage=[(t // 30) % 2]), time_s=float(t), loops=loops)


def found(rows):
    health = SensorHealth(NETWORK)
    for row in rows:
        health.update(row)
    return {(lane, sensor): fault.fault for (lane, sensor), fault in health.faults.items()}


def test_a_pair_that_agrees_is_well():
    assert found(looked(t, stop=t % 5 == 0, advance=t % 5 == 2) for t in range(1200)) == {}


@pytest.mark.parametrize(("silent", "said"), [("stop", "advance"), ("advance", "stop")])
def test_a_loop_that_says_nothing_while_its_partner_counts_is_silent(silent, said):
    assert found(looked(t, **{said: t % 5 == 0}) for t in range(200)) == {(LANE, silent): "silent"}


def test_a_night_without_traffic_is_no_fault():
    assert found(looked(t) for t in range(1200)) == {}


def test_a_loop_that_stays_occupied_while_vehicles_leave_is_stuck():
    rows = [looked(t, stop=t % 10 == 0, advance_on=True) for t in range(400)]
    assert found(rows) == {(LANE, "advance"): "stuck"}


def test_a_queue_that_cannot_leave_is_no_stuck_loop():
    assert found(looked(t, stop_on=True, advance_on=True) for t in range(600)) == {}


def test_a_loop_that_misses_two_of_five_is_biased_and_a_repair_ends_it():
    health = SensorHealth(NETWORK)
    for t in range(1200):
        health.update(looked(t, stop=t % 5 == 0 and t % 25 not in (5, 15), advance=t % 5 == 2))
    assert {key: fault.fault for key, fault in health.faults.items()} == {(LANE, "stop"): "biased"}
    assert not health.trusted()[0][LANE]
    for t in range(1200, 6000):
        health.update(looked(t, stop=t % 5 == 0, advance=t % 5 == 2))
    assert not health.faults
