"""A recording shows what the plant showed."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.network.synthetic import grid_network
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.recording import FILE, Recorder, ReplayPlant
from citybrain.simulation.trips import poisson_trips

GRID = grid_network(1, 2)
STEPS = 150  # more than two groups of rows
COLUMNS = ("lane", "stop_lane", "movement", "crossing", "key")


def plant():
    return PointQueuePlant(GRID, poisson_trips(GRID, np.random.default_rng(1), flow_vph=600, end_s=300))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    original = plant()
    recorder = Recorder(path, original, GRID)
    for _ in range(STEPS):
        original.step()
        recorder.step(original.time_ms)
    recorder.finish({"seed": 1})
    return path


def sorted_columns(readings):
    order = np.argsort(readings.key)
    return {name: getattr(readings, name)[order] for name in (*COLUMNS, "position_m", "speed_mps", "distance_m")}


def test_the_replay_shows_every_step_again(folder):
    original, replay = plant(), ReplayPlant(folder, GRID)
    seen = passed = 0
    for _ in range(STEPS):
        original.step()
        replay.step()
        assert replay.time_ms == original.time_ms
        assert list(replay.signal_states()) == list(original.signal_states())
        readings, again = original.read(), replay.read()
        was, now = sorted_columns(readings), sorted_columns(again)
        for name in COLUMNS:
            np.testing.assert_array_equal(now[name], was[name])
        np.testing.assert_allclose(now["position_m"], was["position_m"], atol=0.051)
        np.testing.assert_allclose(now["distance_m"], was["distance_m"], atol=0.051)
        np.testing.assert_allclose(now["speed_mps"], was["speed_mps"], atol=0.0051)
        assert sorted(zip(again.passed, again.passed_key, strict=True)) == sorted(
            zip(readings.passed, readings.passed_key, strict=True)
        )
        seen, passed = seen + len(readings.lane), passed + len(readings.passed)
    assert seen > 100
    assert passed > 5
    assert replay.over


def test_another_network_is_refused(folder):
    with pytest.raises(InputError, match="digest"):
        ReplayPlant(folder, grid_network(2, 2))


def test_what_is_not_finished_is_refused(tmp_path):
    with pytest.raises(InputError, match=FILE):
        ReplayPlant(tmp_path, GRID)
