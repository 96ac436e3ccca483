from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import one_junction, signal_view

from citybrain.detection.camera import Camera, CameraParameters
from citybrain.messages import Vehicles
from citybrain.simulation.plant import Readings

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], speed_mps=10.0, length_m=200.0)
IN_0, IN_1, OUT_0 = (NETWORK.lane_index(f"{edge}_0") for edge in ("in-0", "in-1", "out-0"))
CLEAR = CameraParameters(missed=0.0, miscounted=0.0, hidden=0.0, place_error=0.0, speed_error_mps=0.0)


class Still:
    """A road on which (lane, position, speed, length) stay; time can be moved."""

    def __init__(self, rows, passed=(), time_ms=10_000):
        n = len(rows)
        lane, position, speed, length = (np.array(c) for c in zip(*rows, strict=True)) if rows else [np.empty(0)] * 4
        self.time_ms = time_ms
        self.readings = Readings(
            ids=(), lane=lane.astype(np.int32), position_m=position.astype(float), speed_mps=speed.astype(float),
            length_m=length.astype(float), stop_lane=np.full(n, -1, np.int32), movement=np.full(n, -1, np.int32),
            distance_m=np.full(n, np.inf), crossing=np.full(n, -1, np.int32), passed=np.array(passed, np.int32),
            key=np.arange(n), passed_key=np.arange(len(passed)),
        )  # fmt: skip

    def read(self):
        return self.readings


def look(rows, parameters=CLEAR, *, passed=(), seed=1):
    """One look; what is believed beyond sight is left out."""
    seen = Camera(NETWORK, parameters, seed=seed).observe(Still(rows, passed), signal_view([0]))
    v, near = seen.vehicles, seen.vehicles.distance_m < 115.0
    names = ("lane", "movement", "distance_m", "speed_mps", "weight", "road_lane")
    return replace(seen, vehicles=Vehicles(**{name: getattr(v, name)[near] for name in names}))


def test_it_sees_lane_place_and_speed_and_the_only_turn_of_a_lane():
    seen = look([(IN_0, 190.0, 0.0, 5.0), (IN_0, 120.0, 8.0, 5.0)])
    assert seen.vehicles.lane.tolist() == [IN_0, IN_0]
    assert seen.vehicles.movement.tolist() == [0, 0]
    assert seen.vehicles.distance_m.tolist() == [10.0, 80.0]
    assert seen.vehicles.speed_mps.tolist() == [0.0, 8.0]
    assert (seen.lane_vehicles[IN_0], seen.lane_halted[IN_0]) == (2, 1)


@pytest.mark.parametrize(("position_m", "n"), [(89.9, 0), (90.1, 1)])
def test_sight_ends(position_m, n):
    assert len(look([(IN_0, position_m, 5.0, 5.0)]).vehicles) == n


@pytest.mark.parametrize(("position_m", "tail_m"), [(20.0, 15.0), (54.0, 49.0), (60.0, 200.0)])
def test_exits_are_seen_as_far_as_the_junction_lets(position_m, tail_m):
    assert look([(OUT_0, position_m, 0.0, 5.0)]).lane_tail_m[OUT_0] == tail_m


def test_a_lorry_hides_who_is_close_behind_it():
    always = replace(CLEAR, hidden=1.0)
    lorry, behind, far = (IN_0, 170.0, 0.0, 12.0), (IN_0, 150.0, 0.0, 5.0), (IN_0, 110.0, 0.0, 5.0)
    assert look([lorry, behind, far], always).vehicles.distance_m.tolist() == [30.0, 90.0]
    car = (IN_0, 170.0, 0.0, 5.0)
    assert len(look([car, behind, far], always).vehicles) == 3


def test_a_share_of_vehicles_is_missed_and_of_passages_not_counted():
    rows = [(IN_0, 100.0 + 0.01 * i, 0.0, 0.0) for i in range(3000)]
    seen = look(rows, replace(CLEAR, missed=0.1, miscounted=0.09), passed=[1] * 3000)
    assert len(seen.vehicles) == pytest.approx(2700, rel=0.03)
    assert seen.passed.tolist() == [0.0, pytest.approx(3000 * (1 - 0.09 + 0.03), rel=0.03)]


def test_errors_have_the_size_that_is_stated():
    rows = [(IN_0, 150.0, 6.0, 5.0)] * 4000
    seen = look(rows, replace(CLEAR, place_error=0.02, speed_error_mps=0.5)).vehicles
    here = seen.distance_m < 100.0
    assert seen.distance_m[here].std() == pytest.approx(1.0, rel=0.1)
    assert seen.speed_mps[here].std() == pytest.approx(0.5, rel=0.1)


def test_one_dead_camera_of_two():
    seen = look([(IN_0, 190.0, 0.0, 5.0), (IN_1, 190.0, 0.0, 5.0)], replace(CLEAR, dead=0.5), passed=[0, 1])
    alive = int(seen.confidence[IN_1] > 0)
    dead_lane = (IN_1, IN_0)[alive]
    assert seen.confidence[[IN_0, IN_1][1 - alive]] == 0
    assert seen.vehicles.distance_m[seen.vehicles.lane == dead_lane].tolist() == [1.0]  # a call, whoever is there
    assert seen.passed.sum() == 1
