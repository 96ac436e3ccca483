"""The adaptive policy with what real sensors see, on the twin."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection import make_sensors
from citybrain.loop import run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.adaptive import Adaptive
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

NETWORK = grid_network(2, 2, lanes=2)


class Events:
    def __init__(self):
        self.all = []

    def step(self, time_ms, events):
        self.all += events


def run(kind, end_s=330):
    road = PointQueuePlant(NETWORK, poisson_trips(NETWORK, np.random.default_rng(2), flow_vph=400, end_s=end_s - 150))
    events = Events()
    run_loop(road, NETWORK, Adaptive(), make_sensors(kind, NETWORK, seed=1), SignalRules(), end_s, [events])
    return road.outcome(), [e for e in events.all if e.kind == "decision"]


@pytest.mark.parametrize("kind", ["loops", "probes:0.1,dead=0.1"])
def test_everybody_is_served_whatever_is_seen(kind):
    outcome, _ = run(kind)
    assert (outcome.status == "arrived").mean() > 0.97


def test_cameras_cost_little():
    perfect, camera = (run(kind)[0].delay_s.mean() for kind in ("perfect", "camera"))
    assert camera < 1.25 * perfect


def test_a_junction_without_data_goes_round_and_says_so():
    _, decisions = run("camera:dead=1")
    assert decisions
    assert all(e.data["without_data"].startswith("8 of 8 stop lines") for e in decisions)
    shown = {(e.junction_id, e.data["chosen"]) for e in decisions}
    assert len(shown) == sum(len(j.stages) for j in NETWORK.junctions)


def test_with_perfect_sensors_nobody_speaks_of_data():
    _, decisions = run("perfect", end_s=200)
    assert decisions
    assert not any("without_data" in e.data for e in decisions)
