"""The closed loop on the twin: order, timing, and who is asked what."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.detection import PerfectSensors
from citybrain.errors import UnsafeCommandError
from citybrain.loop import LoopTimes, run_loop
from citybrain.messages import HOLD, Decision
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.fixed_time import FixedTime
from citybrain.signals.policy import find_policy
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

NETWORK = grid_network(1, 2)
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
TRIPS = poisson_trips(NETWORK, np.random.default_rng(7), flow_vph=300, end_s=600)


class Scripted:
    """Asks for a stage by time and remembers when it was asked."""

    def __init__(self, stage_at=lambda _time_s: HOLD, interval_s=5.0):
        self.interval_s = interval_s
        self.stage_at = stage_at
        self.asked = []
        self.started = []

    def start(self, network, rules):
        self.started.append((network, rules))

    def decide(self, observation):
        self.asked.append(observation)
        stage = self.stage_at(observation.time_s)
        return Decision(
            time_s=observation.time_s, stage=np.array([stage, HOLD], dtype=np.int32), reasons={1: {"why": "asked"}}
        )


class Recorder:
    def __init__(self):
        self.steps = []
        self.events = []

    def step(self, time_ms, events):
        self.steps.append(time_ms)
        self.events += events


class Counting(PerfectSensors):
    def __init__(self, network, *, continuous):
        super().__init__(network)
        self.continuous = continuous
        self.looked = 0

    def observe(self, plant, signals):
        self.looked += 1
        return super().observe(plant, signals)


def loop(policy, *, end_s=60, step_s=1.0, observers=(), sensors=None, rules=RULES, trips=TRIPS):
    plant = PointQueuePlant(NETWORK, trips, step_s=step_s)
    result = run_loop(plant, NETWORK, policy, sensors or PerfectSensors(NETWORK), rules, end_s, observers)
    return plant, result


@pytest.mark.parametrize(
    ("interval_s", "step_s", "times"),
    [
        (5.0, 1.0, [1, 5, 10, 15, 20]),
        (1.0, 1.0, list(range(1, 21))),
        (1.5, 1.0, [1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20]),
        (5.0, 0.3, [0.3, 5.1, 10.2, 15.0, 20.1]),
        (1.0, 2.0, list(range(2, 21, 2))),
    ],
)
def test_a_policy_is_asked_at_its_interval(interval_s, step_s, times):
    policy = Scripted(interval_s=interval_s)
    loop(policy, end_s=20, step_s=step_s)
    assert [seen.time_s for seen in policy.asked] == times
    assert policy.started == [(NETWORK, RULES)]


def test_the_loop_ends_at_the_end():
    recorder = Recorder()
    plant, _ = loop(Scripted(), end_s=20, observers=[recorder])
    assert plant.time_ms == 20_000
    assert recorder.steps == list(range(1000, 20_001, 1000))


def test_a_decision_holds_until_the_next():
    # asked once at 1 s, it is honoured at 5 s, when the minimum green is over
    policy = Scripted(lambda _: 1, interval_s=1000.0)
    plant, result = loop(policy, end_s=5)
    assert plant.signal_states()[0] == "yyyrrryyyrrr"
    assert result.refusals == 4


def test_a_policy_sees_what_the_interlock_shows():
    policy = Scripted(lambda _: 1, interval_s=1.0)
    loop(policy, end_s=12)
    shown = [(seen.time_s, int(seen.signals.stage[0]), bool(seen.signals.switching[0])) for seen in policy.asked]
    assert shown == [*((float(t), 0, False) for t in range(1, 6)), *((float(t), 1, True) for t in range(6, 10)),
                     *((float(t), 1, False) for t in range(10, 13))]  # fmt: skip
    assert policy.asked[6].signals.remaining_s[0] == 2.0


def test_observers_get_decisions_with_reasons_and_refusals():
    recorder = Recorder()
    loop(Scripted(lambda _: 7), end_s=6, observers=[recorder])
    decisions = [e for e in recorder.events if e.kind == "decision"]
    assert [(e.time_s, e.junction_id, e.data) for e in decisions] == [
        (1.0, "0-1", {"why": "asked"}), (5.0, "0-1", {"why": "asked"}),
    ]  # fmt: skip
    refusals = [e for e in recorder.events if e.kind == "refusal"]
    assert len(refusals) == 6
    assert {e.junction_id for e in refusals} == {"0-0"}


@pytest.mark.parametrize(("continuous", "looked"), [(False, 5), (True, 20)])
def test_sensors_look_when_asked_or_always(continuous, looked):
    sensors = Counting(NETWORK, continuous=continuous)
    loop(Scripted(), end_s=20, sensors=sensors)
    assert sensors.looked == looked


def test_times_are_kept_for_every_decision():
    _, result = loop(Scripted(), end_s=20)
    assert len(result.times.decisions_s) == 5
    assert result.times.simulator_s > 0
    assert result.times.control_s > 0
    assert LoopTimes(decisions_s=[0.001] * 99 + [0.101]).decision_p99_ms == pytest.approx(2.0, rel=0.01)
    assert LoopTimes().decision_p99_ms == 0.0


def test_a_native_policy_is_only_watched():
    recorder = Recorder()
    plant, result = loop(FixedTime(), end_s=120, observers=[recorder])
    assert result.refusals == 0
    assert result.times.decisions_s == []
    assert len(recorder.steps) == 120
    assert plant.signal_states()[0] == NETWORK.junctions[0].program[4].state  # 120 mod 62 = 58: the second yellow


def test_a_broken_plug_in_is_an_error_not_a_lamp():
    class Broken(Scripted):
        def decide(self, observation):
            return Decision(time_s=observation.time_s, stage=np.array([0]))

    with pytest.raises(UnsafeCommandError, match="2 junctions"):
        loop(Broken())


@pytest.mark.parametrize("name", ["fixed-time", "max-pressure", "max-wave", "greedy", "adaptive"])
def test_the_same_run_twice_is_the_same_run(name):
    first, second = (loop(find_policy(name).make(), end_s=300)[0].outcome() for _ in range(2))
    assert np.array_equal(first.delay_s, second.delay_s)
    assert np.array_equal(first.status, second.status)
    assert len(first.delay_s) > 50


@pytest.mark.parametrize("name", ["max-pressure", "max-wave", "greedy", "adaptive"])
def test_every_policy_beats_the_fixed_plan_on_an_uneven_junction(name):
    """East-west has five times the traffic of north-south; the plan gives both the same green."""
    network = grid_network(1, 1)
    flows = {e.index: 700.0 if e.id[:4] in ("east", "west") else 140.0 for e in network.edges if e.to_node == "0-0"}
    trips = poisson_trips(
        network, np.random.default_rng(11), flow_vph=flows, end_s=1800, turns={"straight": 0.9, "right": 0.1}
    )

    def mean_delay_s(policy_name):
        plant = PointQueuePlant(network, trips)
        run_loop(plant, network, find_policy(policy_name).make(), PerfectSensors(network), RULES, 1800)
        return plant.outcome().delay_s.mean()

    assert mean_delay_s(name) < 0.85 * mean_delay_s("fixed-time")
