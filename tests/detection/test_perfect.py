from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction, signal_view

from citybrain.detection import PerfectSensors, check_sensors, make_sensors
from citybrain.errors import InputError
from citybrain.simulation.plant import Readings

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], speed_mps=[10.0, 20.0], length_m=200.0)
IN_0, OUT_0 = NETWORK.lane_index("in-0_0"), NETWORK.lane_index("out-0_0")


class Still:
    """A plant that stands still and returns the readings it was given."""

    time_ms = 12_500

    def __init__(self, rows):
        columns = list(zip(*rows, strict=True)) if rows else [()] * 7
        lane, position, speed, length, stop_lane, movement, distance = columns
        self.readings = Readings(
            ids=tuple(f"v{i}" for i in range(len(rows))),
            lane=np.array(lane, np.int32),
            position_m=np.array(position, np.float64),
            speed_mps=np.array(speed, np.float64),
            length_m=np.array(length, np.float64),
            stop_lane=np.array(stop_lane, np.int32),
            movement=np.array(movement, np.int32),
            distance_m=np.array(distance, np.float64),
            crossing=np.array([1 if on < 0 else -1 for on in lane], np.int32),
            passed=np.array([1, 1, 0], np.int32),
        )

    def read(self):
        return self.readings


def observe(rows, **options):
    return PerfectSensors(NETWORK, **options).observe(Still(rows), signal_view([0]))


ROWS = [
    (IN_0, 195.0, 0.0, 5.0, IN_0, 0, 5.0),
    (IN_0, 185.0, 0.05, 5.0, IN_0, 0, 15.0),
    (IN_0, 60.0, 9.0, 12.0, IN_0, 0, 140.0),
    (-1, 3.0, 4.0, 5.0, -1, -1, np.inf),
    (OUT_0, 2.0, 8.0, 5.0, -1, -1, np.inf),
]


def test_vehicles_before_a_stop_line_are_seen_with_their_turn():
    seen = observe(ROWS)
    assert seen.time_s == 12.5
    assert seen.vehicles.lane.tolist() == [IN_0] * 3
    assert seen.vehicles.movement.tolist() == [0] * 3
    assert seen.vehicles.distance_m.tolist() == [5.0, 15.0, 140.0]
    assert seen.vehicles.speed_mps.tolist() == [0.0, 0.05, 9.0]
    assert seen.vehicles.weight.tolist() == [1.0] * 3
    assert len(seen.vehicles) == 3


@pytest.mark.parametrize(("sight_m", "n"), [(4.9, 0), (5.0, 1), (139.9, 2), (140.0, 3)])
def test_sight_ends(sight_m, n):
    assert len(observe(ROWS, sight_m=sight_m).vehicles) == n


def test_lanes_count_everybody_on_them_and_the_free_length_behind():
    seen = observe(ROWS)
    assert (seen.lane_vehicles[IN_0], seen.lane_halted[IN_0]) == (3, 2)
    assert (seen.lane_tail_m[IN_0], seen.lane_tail_speed_mps[IN_0]) == (48.0, 9.0)  # 60 m less its length
    assert (seen.lane_vehicles[OUT_0], seen.lane_tail_m[OUT_0]) == (1, 0.0)  # its rear is still in the junction
    empty = NETWORK.lane_index("in-1_0")
    assert (seen.lane_vehicles[empty], seen.lane_tail_m[empty], seen.lane_tail_speed_mps[empty]) == (0, 200.0, 20.0)


def test_passages_are_counted_by_movement():
    assert observe(ROWS).passed.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("speed_mps", "waiting"), [(0.0, 1.0), (1.99, 1.0), (2.0, 0.0)])
def test_those_who_wait_inside_the_junction_are_counted_by_movement(speed_mps, waiting):
    assert observe([*ROWS[:3], (-1, 3.0, speed_mps, 5.0, -1, -1, np.inf)]).inside.tolist() == [0.0, waiting]


def test_certainty_and_age_are_perfect():
    seen = observe([])
    assert len(seen.vehicles) == 0
    assert seen.confidence.tolist() == [1.0] * 4
    assert seen.age_s.tolist() == [0.0] * 4


def test_sensors_by_name():
    assert isinstance(make_sensors("perfect", NETWORK, seed=1), PerfectSensors)
    with pytest.raises(InputError, match=r"unknown sensors 'perfct' \(did you mean 'perfect'\?\)"):
        check_sensors("perfct")
