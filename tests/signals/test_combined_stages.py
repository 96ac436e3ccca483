"""Stages beside those of the plan: which sets of lanes, which lamps, and that the interlock takes them all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from builders import one_junction

from citybrain.detection import make_sensors
from citybrain.loop import run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import GREEN
from citybrain.network.synthetic import grid_network
from citybrain.signals.adaptive import Adaptive
from citybrain.signals.adaptive.combined_stages import MOST_ADDED, with_combined_stages
from citybrain.signals.greedy import Greedy
from citybrain.signals.interlock import Interlock
from citybrain.signals.policy import network_for
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

RULES = SignalRules(yellow_s=3.0, all_red_s=0.0)
# links: north through, north turn, south through, south turn; a turn crosses the opposite through
PAIRED = {"stages": ["GrGr", "rGrG"], "conflicts": [(1, 2), (0, 3)]}


def states(network):
    return [stage.state for stage in network.junctions[0].stages]


def test_one_approach_alone_is_added_to_a_plan_that_pairs_opposite_ones():
    assert states(with_combined_stages(one_junction(**PAIRED))) == ["GrGr", "rGrG", "GGrr", "rrGG"]


def test_own_stages_keep_their_numbers_and_a_junction_with_nothing_to_add_stays_as_it_is():
    two = one_junction(["Gr", "rG"], [(0, 1)])
    assert with_combined_stages(two).junctions == two.junctions
    alone = one_junction(["GG"])
    assert with_combined_stages(alone).junctions == alone.junctions


def test_who_waits_for_gaps_in_the_plan_does_so_in_an_added_stage_and_nobody_else():
    # link 1 gives way to 0 in the plan; 2 crosses 0 and nothing else
    plan = one_junction(["Ggr", "rrG"], [(0, 1), (0, 2)], gives_way=[(1, 0)])
    assert states(with_combined_stages(plan)) == ["Ggr", "rrG", "rGG"]
    # 1 and 2 cross, and no stage of the plan has both: no added one does
    strict = one_junction(["Grr", "rGr", "rrG"], [(0, 1), (0, 2), (1, 2)], gives_way=[(2, 1)])
    assert states(with_combined_stages(strict)) == states(strict)


def test_pedestrians_walk_in_every_added_stage_that_they_may():
    crossing = one_junction(["GrGrr", "rGrGr", "rrrrG"], [(1, 2), (0, 3), (0, 4), (1, 4)], crossings=[4])
    added = states(with_combined_stages(crossing))[3:]
    assert {"rrGGG", "GGrrr"} <= set(added)
    assert not any(state[4] == "G" and state[0] == "G" for state in added)


def test_who_may_turn_on_red_in_the_plan_may_do_so_in_every_added_stage():
    plan = one_junction(["GrGrs", "rGrGs", "rrrrG"], [(1, 2), (0, 3), (0, 4)], gives_way=[(4, 0)])
    added = states(with_combined_stages(plan))[3:]
    assert added
    assert all(state[4] in "sG" for state in added)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_interlock_takes_every_added_stage_and_no_pair_is_new(rows):
    network = grid_network(rows, 2)
    wide = with_combined_stages(network)
    Interlock(wide, RULES, own=network)  # refuses two protected greens that conflict
    for junction, own in zip(wide.junctions, network.junctions, strict=True):
        assert junction.stages[: len(own.stages)] == own.stages
        assert len(junction.stages) <= len(own.stages) + MOST_ADDED
        known = {
            pair
            for stage in own.stages
            for pair in combinations([i for i, lamp in enumerate(stage.state) if lamp in GREEN], 2)
        }
        for stage in junction.stages[len(own.stages) :]:
            green = [i for i, lamp in enumerate(stage.state) if lamp in GREEN]
            crossing = [pair for pair in combinations(green, 2) if own.conflicts[pair]]
            assert set(crossing) <= known


def test_a_policy_gets_more_stages_only_where_it_asks_for_them():
    network = one_junction(**PAIRED)
    assert network_for(Greedy(), network) is network
    assert len(network_for(Adaptive(), network).junctions[0].stages) == 4
    assert network_for(Adaptive(combine=0), network) is network


@pytest.mark.parametrize("sensors", ["perfect", "camera", "loops", "probes:0.2"])
def test_adaptive_serves_everybody_on_them_with_every_sensor(sensors):
    policy = Adaptive()
    network = network_for(policy, grid_network(2, 2, lanes=1, stages=2))
    plant = PointQueuePlant(network, poisson_trips(network, np.random.default_rng(3), flow_vph=300, end_s=200))
    run_loop(plant, network, policy, make_sensors(sensors, network, seed=1), RULES, 500)
    assert (plant.outcome().status == "arrived").mean() > 0.97
