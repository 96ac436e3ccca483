from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction, signal_view

from citybrain.detection.approaches import Approaches
from citybrain.detection.loop_field import LoopField
from citybrain.detection.loops import LoopParameters, Loops
from citybrain.simulation.plant import Readings

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], speed_mps=10.0, length_m=200.0)
IN_0 = NETWORK.lane_index("in-0_0")
CLEAR = LoopParameters(missed=0.0, doubled=0.0, stuck=0.0)


def drive(parameters, seconds, *, stage=1, stop_at_s=None, seed=1, every_s=6, begin_m=0.0):
    """Vehicles enter lane in-0 every few seconds and queue at the stop line until ``stop_at_s``; yields observations."""
    sensors = Loops(NETWORK, parameters, seed=seed)
    positions, keys, seen = [], [], []
    for second in range(seconds):
        if second % every_s == 0 and (stop_at_s is None or second < stop_at_s):
            positions.append(begin_m)
            keys.append(second)
        for i in range(len(positions)):
            ahead = 199.0 if i == 0 else positions[i - 1] - 7.5
            positions[i] = max(positions[i], min(positions[i] + 10.0, ahead))
        n = len(positions)
        readings = Readings(
            ids=(), lane=np.full(n, IN_0, np.int32), position_m=np.array(positions), speed_mps=np.zeros(n),
            length_m=np.full(n, 5.0), stop_lane=np.full(n, -1, np.int32), movement=np.full(n, -1, np.int32),
            distance_m=np.full(n, np.inf), crossing=np.full(n, -1, np.int32), key=np.array(keys),
        )  # fmt: skip
        road = type("Road", (), {"time_ms": 1000 * (second + 1), "read": lambda self, r=readings: r})()
        seen.append(sensors.observe(road, signal_view([stage])))
    return seen


def near(observation, within_m=62.0):
    v = observation.vehicles
    return v.weight[(v.lane == IN_0) & (v.distance_m <= within_m)].sum()


def test_a_queue_on_red_is_what_came_over_the_advance_loop():
    seen = drive(CLEAR, 60, stop_at_s=30)
    assert near(seen[-1]) == pytest.approx(5, abs=0.1)
    assert seen[-1].lane_halted[IN_0] == pytest.approx(5, abs=0.1)
    assert near(seen[5]) == 0


def test_a_queue_beyond_the_advance_loop_fills_what_is_between_the_loops():
    assert near(drive(CLEAR, 120)[-1]) >= 8


def test_missed_entries_are_made_good_by_the_loop_at_the_stop_line():
    blind_upstream = LoopParameters(missed=1.0, doubled=0.0, stuck=0.0)
    assert near(drive(blind_upstream, 60, stop_at_s=30)[-1]) >= 1


def test_those_who_never_come_are_forgotten():
    doubled = LoopParameters(missed=0.0, doubled=1.0, stuck=0.0)
    sensors_said = drive(doubled, 200, stop_at_s=1)
    assert near(sensors_said[60]) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("dead", [0.0, 1.0])
def test_confidence(dead):
    seen = drive(LoopParameters(stuck=0.0, dead=dead), 20)[-1]
    assert seen.confidence[IN_0] == pytest.approx(0.8 * (1 - dead))
    assert seen.age_s[IN_0] == 19 * dead


def test_a_stuck_loop_is_found_out():
    seen = drive(LoopParameters(missed=0.0, doubled=0.0, stuck=1.0), 250, stop_at_s=1)
    assert seen[100].confidence[IN_0] > 0
    assert seen[-1].confidence[IN_0] == 0


@pytest.mark.parametrize("next_lane", [-1, NETWORK.movements[0].to_lane])
def test_who_leaves_the_lane_within_a_step_has_passed_a_loop_near_its_end(next_lane):
    field = LoopField(NETWORK, Approaches(NETWORK), 3.0)

    def at(lane, position_m):
        one = np.ones(1)
        return Readings(
            ids=(), lane=np.array([lane], np.int32), position_m=position_m * one, speed_mps=10 * one, length_m=5 * one,
            stop_lane=np.array([-1]), movement=np.array([-1]), distance_m=one, crossing=np.array([-1]), key=np.array([7]),
        )  # fmt: skip

    assert field.sense(at(IN_0, 195.0)).advance_count.sum() == 0
    assert field.sense(at(next_lane, 4.0)).advance_count[IN_0] == 1
    assert field.sense(at(next_lane, 14.0)).advance_count.sum() == 0


def test_an_entry_loop_counts_who_leaves_the_signal_before():
    field = LoopField(NETWORK, Approaches(NETWORK), 60.0, entry=True)
    out = NETWORK.movements[0].to_lane
    assert field.entry_m[out] == pytest.approx(NETWORK.lanes[out].length_m - 3.0)

    def said(lane, position_m):
        one = np.ones(1)
        return field.sense(Readings(
            ids=(), lane=np.array([lane], np.int32), position_m=position_m * one, speed_mps=10 * one, length_m=5 * one,
            stop_lane=np.array([-1]), movement=np.array([-1]), distance_m=one, crossing=np.array([-1]), key=np.array([7]),
        ))  # fmt: skip

    counts = [said(lane, at_m).entry_count[out] for lane, at_m in ((IN_0, 195.0), (out, 4.0), (out, 14.0))]
    assert counts == [0, 1, 0]


def test_an_entry_loop_at_the_edge_of_the_network_counts_who_comes_from_outside():
    parameters = LoopParameters(missed=0.0, doubled=0.0, stuck=0.0, entry=True)
    seen = drive(parameters, 60, stop_at_s=30, begin_m=6.0)
    assert sum(o.loops.entry_count[IN_0] for o in seen) == 4  # the first was there before anybody looked


def test_without_the_option_there_are_no_entry_loops():
    seen = drive(CLEAR, 5)[-1].loops
    assert (seen.entry_m == -1).all()
    assert not seen.entry_on.any()
