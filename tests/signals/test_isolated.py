"""Isolated actuated control, and plans as clocks, on the twin."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection import PerfectSensors, make_sensors
from citybrain.loop import run_loop
from citybrain.messages import Decision
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.isolated import Isolated
from citybrain.signals.own_plan import OwnPlan
from citybrain.signals.plan import Plan
from citybrain.signals.plan_clock import PlanClock
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

NETWORK = grid_network(1, 2, stages=4)
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)


def mean_delay_s(policy, flow_vph):
    trips = poisson_trips(NETWORK, np.random.default_rng(5), flow_vph=flow_vph, end_s=900)
    plant = PointQueuePlant(NETWORK, trips)
    run_loop(plant, NETWORK, policy, PerfectSensors(NETWORK), RULES, 1200)
    return float(plant.outcome().delay_s.mean())


@pytest.mark.parametrize("flow_vph", [60, 250])
def test_it_beats_a_fixed_plan(flow_vph):
    assert mean_delay_s(Isolated(), flow_vph) < mean_delay_s(OwnPlan(), flow_vph)


def test_without_data_every_stage_gets_its_turn():
    plant = PointQueuePlant(NETWORK, [])
    shown = []

    class Watch:
        def step(self, time_ms, events):
            shown.append(tuple(plant.signal_states()))

    sensors = make_sensors("camera:dead=1.0", NETWORK, seed=1)
    run_loop(plant, NETWORK, Isolated(recall_s=12.0), sensors, RULES, 400, [Watch()])
    for junction in NETWORK.junctions:
        greens = {stage.state: sum(row[junction.index] == stage.state for row in shown) for stage in junction.stages}
        assert min(greens.values()) > 60
        assert max(greens.values()) < 140


def test_a_plan_clock_has_each_stage_green_when_the_plan_says():
    junction = NETWORK.junctions[0]
    plan = Plan(junction_id=junction.id, stages=(0, 2, 1), greens_s=(20.0, 8.0, 15.0), offset_s=7.0)
    clock = PlanClock(NETWORK, RULES, plan)
    gaps = Intergreens(NETWORK, junction, RULES)
    starts, at_s = {}, 7.0
    for stage, following, green_s in zip((0, 2, 1), (2, 1, 0), (20.0, 8.0, 15.0), strict=True):
        starts[stage] = at_s
        at_s += green_s + gaps.length_s(stage, following)
    cycle_s = plan.cycle_s(NETWORK, RULES)
    assert at_s == pytest.approx(7.0 + cycle_s)

    class Follow:
        interval_s = 1.0

        def start(self, network, rules):
            pass

        def decide(self, observation):
            return Decision(
                time_s=observation.time_s, stage=np.array([clock.stage(round(1000 * observation.time_s)), -1])
            )

    plant = PointQueuePlant(NETWORK, [])
    lamps = {}

    class Watch:
        def step(self, time_ms, events):
            lamps[time_ms / 1000] = plant.signal_states()[0]

    run_loop(plant, NETWORK, Follow(), PerfectSensors(NETWORK), RULES, 400, [Watch()])
    for stage, start_s in starts.items():
        for turn in (2, 3):
            begins = start_s + turn * cycle_s
            assert lamps[begins] == junction.stages[stage].state
            assert lamps[begins - 1] != junction.stages[stage].state
