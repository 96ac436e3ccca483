"""What each policy decides on junctions small enough to decide by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import observation, one_junction

from citybrain.detection import PerfectSensors
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.greedy import Greedy
from citybrain.signals.max_pressure import MaxPressure
from citybrain.signals.max_wave import MaxWave

TWO = one_junction(["GGr", "rrG"], [(0, 2), (1, 2)])
RULES = SignalRules()


def lane(network, edge_id):
    return network.edges[network.edge_index(edge_id)].lanes[0]


def queue(network, edge_id, n, *, movement=-1, at_m=10.0, speed_mps=0.0):
    own = lane(network, edge_id)
    if movement < 0 and network.lanes[own].links:
        movement = network.lanes[own].links[0].movement
    return [(own, movement, at_m + 7.5 * k, speed_mps) for k in range(n)]


def decide(policy, network, vehicles, **seen):
    policy.start(network, RULES)
    decision = policy.decide(observation(network, vehicles, **seen))
    assert decision.stage.dtype == np.int32
    assert decision.stage.shape == (len(network.junctions),)
    return decision.stage.tolist()


@pytest.mark.parametrize("policy", [MaxPressure, MaxWave, Greedy])
def test_the_fuller_stage_is_served(policy):
    few, many = queue(TWO, "in-0", 1), queue(TWO, "in-2", 3)
    assert decide(policy(), TWO, few + many) == [1]
    assert decide(policy(), TWO, queue(TWO, "in-0", 2) + queue(TWO, "in-1", 2) + many) == [0]


@pytest.mark.parametrize("policy", [MaxPressure, MaxWave, Greedy])
def test_an_empty_junction_shows_its_first_stage(policy):
    assert decide(policy(), TWO, []) == [0]


# max-pressure


def in_a_row():
    """Three stages of one movement each; what link 0 lets go queues at link 1."""
    network = one_junction(["Grr", "rGr", "rrG"], [(0, 1), (0, 2), (1, 2)])
    first, second = network.movements[0], network.movements[1]
    return replace(network, movements=(replace(first, to_lane=second.from_lane), *network.movements[1:]))


@pytest.mark.parametrize(
    ("queues", "stage"),
    # pressures: what waits at link 0 less what waits at link 1; link 1; link 2
    [((4, 0, 3), 0), ((4, 1, 3), 0), ((4, 2, 3), 2), ((4, 4, 3), 1), ((4, 2, 1), 0), ((1, 5, 0), 1), ((0, 0, 1), 2)],
)
def test_max_pressure_takes_the_queue_downstream_off(queues, stage):
    network = in_a_row()
    waiting = [row for link, n in enumerate(queues) for row in queue(network, f"in-{link}", n)]
    assert decide(MaxPressure(), network, waiting) == [stage]


@pytest.mark.parametrize(("speed_mps", "stage"), [(0.99, 1), (1.0, 0)])
def test_max_pressure_counts_those_below_one_metre_a_second(speed_mps, stage):
    vehicles = queue(TWO, "in-0", 1) + queue(TWO, "in-2", 3, speed_mps=speed_mps)
    assert decide(MaxPressure(), TWO, vehicles) == [stage]


@pytest.mark.parametrize(("at_m", "stage"), [(200.0, 1), (200.1, 0)])
def test_max_pressure_sees_200_metres(at_m, stage):
    assert decide(MaxPressure(), TWO, [(lane(TWO, "in-2"), 2, at_m, 0.0)]) == [stage]


def test_max_pressure_counts_a_shared_lane_once():
    network = grid_network(1, 1)
    # one lane for three movements, all green in the stage: five vehicles are five, not fifteen
    vehicles = queue(network, "north-0>0-0", 5) + queue(network, "east-0>0-0", 3) + queue(network, "west-0>0-0", 3)
    assert decide(MaxPressure(), network, vehicles) == [1]


# max-wave


def test_max_wave_counts_moving_vehicles_too():
    vehicles = queue(TWO, "in-0", 2) + queue(TWO, "in-2", 3, speed_mps=13.0)
    assert decide(MaxWave(), TWO, vehicles) == [1]


@pytest.mark.parametrize(("at_m", "stage"), [(50.0, 1), (50.1, 0)])
def test_max_wave_sees_50_metres(at_m, stage):
    assert decide(MaxWave(), TWO, [(lane(TWO, "in-2"), 2, at_m, 5.0)]) == [stage]


def test_max_wave_does_not_care_what_is_beyond():
    network = in_a_row()
    waiting = queue(network, "in-0", 4) + queue(network, "in-1", 3) + queue(network, "in-2", 2)
    assert decide(MaxWave(), network, waiting) == [0]


def test_weights_count():
    vehicles = queue(TWO, "in-0", 1)
    policy = MaxWave()
    policy.start(TWO, RULES)
    seen = observation(TWO, vehicles + queue(TWO, "in-2", 2), weight=0.0)
    assert policy.decide(seen).stage.tolist() == [0]


# greedy


@pytest.mark.parametrize(("current", "other", "stage"), [(2, 3, 0), (2, 4, 1), (0, 1, 1), (4, 6, 0), (4, 7, 1)])
def test_greedy_leaves_a_stage_for_half_as_many_more_only(current, other, stage):
    vehicles = queue(TWO, "in-0", current, at_m=1.0) + queue(TWO, "in-2", other, at_m=1.0)
    assert decide(Greedy(), TWO, vehicles) == [stage]


@pytest.mark.parametrize(("at_m", "stage"), [(100.0, 1), (100.1, 0)])
def test_greedy_sees_100_metres(at_m, stage):
    assert decide(Greedy(), TWO, [(lane(TWO, "in-2"), 2, at_m, 9.0)]) == [stage]


@pytest.mark.parametrize(("room_m", "stage"), [(7.9, 0), (8.0, 1)])
def test_greedy_counts_nobody_whose_exit_is_full(room_m, stage):
    vehicles = queue(TWO, "in-0", 1) + queue(TWO, "in-2", 5)
    assert decide(Greedy(), TWO, vehicles, tail_m={lane(TWO, "out-2"): room_m}) == [stage]


def test_greedy_counts_those_whose_exit_is_full_but_moving():
    seen = observation(TWO, queue(TWO, "in-0", 1) + queue(TWO, "in-2", 5), tail_m={lane(TWO, "out-2"): 2.0})
    seen.lane_tail_speed_mps[lane(TWO, "out-2")] = 5.0
    policy = Greedy()
    policy.start(TWO, RULES)
    assert policy.decide(seen).stage.tolist() == [1]


def test_greedy_lets_nobody_wait_for_more_than_two_minutes():
    policy = Greedy()
    policy.start(TWO, RULES)
    vehicles = queue(TWO, "in-0", 9) + queue(TWO, "in-2", 1)
    decided = {
        time_s: policy.decide(observation(TWO, vehicles, time_s=float(time_s), stage=[0])).stage[0]
        for time_s in range(131)
    }
    assert [time_s for time_s, stage in decided.items() if stage == 1] == list(range(121, 131))


def test_greedy_does_not_serve_a_stage_that_nobody_waits_for():
    policy = Greedy()
    policy.start(TWO, RULES)
    vehicles = queue(TWO, "in-0", 9)
    decided = {policy.decide(observation(TWO, vehicles, time_s=float(t), stage=[0])).stage[0] for t in range(300)}
    assert decided == {0}


def test_greedy_asks_for_nothing_else_during_an_intergreen():
    vehicles = queue(TWO, "in-0", 9)
    assert decide(Greedy(), TWO, vehicles, stage=[1], switching=[True]) == [1]
    assert decide(Greedy(), TWO, vehicles, stage=[1]) == [0]


# every policy, on every kind of junction


@pytest.mark.parametrize("policy", [MaxPressure, MaxWave, Greedy])
def test_two_instances_do_not_share_anything(policy):
    first, second = policy(), policy()
    first.start(TWO, RULES)
    network = grid_network(2, 2)
    second.start(network, RULES)
    assert first.decide(observation(TWO, queue(TWO, "in-2", 3))).stage.tolist() == [1]
    assert second.decide(observation(network)).stage.shape == (4,)


@pytest.mark.parametrize(
    ("policy", "parameters"),
    [
        (MaxPressure, {"interval_s": 10.0, "sight_m": 200.0}),
        (MaxWave, {"interval_s": 10.0, "sight_m": 50.0}),
        (
            Greedy,
            {"interval_s": 1.0, "sight_m": 100.0, "hysteresis": 0.5, "max_red_s": 120.0, "exit_room_m": 8.0},
        ),
    ],
)
def test_default_parameters(policy, parameters):
    made = policy()
    assert {name: getattr(made, name) for name in parameters} == parameters
    assert vars(policy(**parameters)) == vars(made)


def test_sensors_are_perfect_by_default_up_to_400_metres():
    assert PerfectSensors(TWO).sight_m == 400.0
