"""Webster's start, the moves, and the whole search on small networks."""

from __future__ import annotations

from time import monotonic

import numpy as np
import pytest
from builders import one_junction
from hypothesis import given, settings
from hypothesis import strategies as st
from signals.retiming.traffic import even, model_of, pose_even

from citybrain.network.intergreens import SignalRules
from citybrain.network.model import ProgramPhase
from citybrain.network.synthetic import grid_network
from citybrain.signals.retiming.groups import find_corridors
from citybrain.signals.retiming.moves import Sequences, apply, refit, setting_of
from citybrain.signals.retiming.optimise import Optimiser, Settings
from citybrain.signals.retiming.periods import segment
from citybrain.signals.retiming.polish import Search
from citybrain.signals.retiming.timing import build_rules, current_timing, to_plans
from citybrain.signals.retiming.webster import lane_loads, load, rounded, splits, webster_cycle_s

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
PROGRAM = (ProgramPhase(state="Gr", duration_s=40.0), ProgramPhase(state="yr", duration_s=4.0),
           ProgramPhase(state="rG", duration_s=40.0), ProgramPhase(state="ry", duration_s=4.0))  # fmt: skip
PROGRAM_WALK = (ProgramPhase(state="GrG", duration_s=40.0), ProgramPhase(state="yrr", duration_s=12.0),
                ProgramPhase(state="rGr", duration_s=40.0), ProgramPhase(state="ryr", duration_s=4.0))  # fmt: skip
CROSS = one_junction(["Gr", "rG"], [(0, 1)], program=PROGRAM)


def test_webster_cycle_by_hand_and_within_bounds():
    assert webster_cycle_s(0.6, 10.0) == pytest.approx((15.0 + 5.0) / 0.4)
    assert webster_cycle_s(0.99, 10.0) == 150.0
    assert webster_cycle_s(0.0, 2.0) == 30.0


def test_splits_follow_the_flow_ratios():
    problem = pose_even(CROSS, even(("in-0", "out-0"), 800) + even(("in-1", "out-1"), 400), RULES)
    loads = lane_loads(problem.tables, 0, 2, problem.samples.mean_vps)
    assert load(loads, (0, 1)) == pytest.approx(loads.ratio.sum(), rel=1e-6)
    greens = splits(loads, problem.rules, 0, (0, 1), 68)
    assert sum(greens) == 60
    assert greens == pytest.approx([40, 20], abs=1)


def test_splits_that_do_not_fit_are_none():
    problem = pose_even(CROSS, even(("in-0", "out-0"), 800), RULES)
    loads = lane_loads(problem.tables, 0, 2, problem.samples.mean_vps)
    assert splits(loads, problem.rules, 0, (0, 1), 17) is None


@given(
    greens=st.lists(st.floats(0.1, 90.0), min_size=2, max_size=5),
    cycle=st.integers(30, 150),
)
def test_refitted_greens_fill_the_cycle_within_bounds(greens, cycle):
    n = len(greens)
    states = ["".join("G" if i == j else "r" for i in range(n)) for j in range(n)]
    network = one_junction(states, [(i, j) for i in range(n) for j in range(i)])
    rules = build_rules(network, RULES)
    found = refit(rules, 0, tuple(range(n)), greens, cycle)
    if found is None:
        assert cycle < n * 9 or cycle > n * 124
    else:
        assert sum(found) == cycle - 4 * n
        assert all(5 <= green <= 120 for green in found)


def test_rounded_keeps_the_total():
    assert rounded([10.4, 10.3, 9.3], [5, 5, 5], [60, 60, 60], 30) == [11, 10, 9]


def test_a_stage_that_others_serve_may_go_and_one_that_is_needed_may_not():
    network = one_junction(["Ggr", "rGr", "rrG"], [(0, 2), (1, 2), (0, 1)])
    sequences = Sequences(network)
    found = list(sequences.neighbours(0, (0, 1, 2)))
    assert (0, 2) in found
    assert (0, 1) not in found
    assert list(Sequences(network, free=False).neighbours(0, (0, 1, 2))) == []


def test_own_program_is_read_with_its_intergreens():
    timing = current_timing(CROSS)
    assert setting_of(timing, 0).greens == (40, 40)
    assert timing.cycle[0] == 88


def test_climbing_gives_the_heavy_approach_its_green_and_never_gets_worse():
    problem = pose_even(CROSS, even(("in-0", "out-0"), 900) + even(("in-1", "out-1"), 100), RULES)
    model, timing = model_of(problem), current_timing(CROSS)
    before = model.value(timing)
    search = Search(model, problem.rules, Sequences(CROSS), timing, monotonic() + 300.0)
    search.climb([0], np.random.default_rng(1))
    assert model.value(timing) < before
    greens = setting_of(timing, 0).greens
    assert greens[0] > 2 * greens[1]
    assert to_plans(CROSS, timing)["J"].problems(CROSS, RULES) == ()


def row_of_three():
    network = grid_network(1, 3, spacing_m=300.0)
    vehicles = even(("west-0>0-0", "0-0>0-1", "0-1>0-2", "0-2>east-0"), 500)
    for k in range(3):
        vehicles += even((f"south-{k}>0-{k}", f"0-{k}>north-{k}"), 200)
    return network, pose_even(network, vehicles, RULES, resamples=1)


def test_the_whole_search_beats_the_current_plan_with_legal_plans():
    network, problem = row_of_three()
    optimiser = Optimiser(problem, Settings(seconds=6.0, cycles_s=(40, 60)))
    own_s = optimiser.best_s
    optimiser.run()
    best = min(optimiser.candidates, key=lambda c: c.model_s)
    assert best.model_s < 0.9 * own_s
    for plan in to_plans(network, best.timing).values():
        assert plan.problems(network, RULES) == ()


def test_the_search_starts_from_the_current_plan_too():
    # a stage that the program shows twice is shown once, so that the plan can be written
    twice = (*PROGRAM[:2], *PROGRAM[2:], *PROGRAM[:2], *PROGRAM[2:])
    network = one_junction(["Gr", "rG"], [(0, 1)], program=twice)
    problem = pose_even(network, even(("in-0", "out-0"), 600) + even(("in-1", "out-1"), 200), RULES)
    optimiser = Optimiser(problem, Settings(seconds=2.0, cycles_s=(60,), standing_queues=True))
    own_s = optimiser.best_s
    optimiser.run()
    (improved,) = [c for c in optimiser.candidates if c.name == "current plan, improved"]
    assert improved.model_s < own_s
    assert optimiser.current.cycle[0] == 176
    assert improved.timing.cycle[0] in (88, 176)  # or half of it, which the polish tries
    assert to_plans(network, improved.timing)["J"].problems(network, RULES) == ()


def test_the_same_seed_finds_the_same_plan():
    _, problem = row_of_three()
    found = []
    for _ in range(2):
        optimiser = Optimiser(problem, Settings(seconds=60.0, cycles_s=(50,)))
        optimiser.run()
        found.append([setting_of(optimiser.candidates[0].timing, j) for j in range(3)])
    assert found[0] == found[1]


def test_the_deadline_holds():
    _, problem = row_of_three()
    optimiser = Optimiser(problem, Settings(seconds=0.5))
    begun = monotonic()
    optimiser.run()
    assert monotonic() - begun < 5.0
    assert optimiser.candidates


def test_the_corridor_follows_the_traffic():
    network, problem = row_of_three()
    assert problem.groups == [[0, 1, 2]]
    assert sorted(find_corridors(network, problem.streams, problem.legs)[0]) == [0, 1, 2]


@settings(max_examples=20)
@given(seed=st.integers(0, 1000))
def test_a_setting_survives_the_arrays(seed):
    generator = np.random.default_rng(seed)
    network, rules = CROSS, build_rules(CROSS, RULES)
    timing = current_timing(network)
    setting = setting_of(timing, 0)._replace(greens=tuple(int(g) for g in generator.integers(5, 100, 2)))
    apply(timing, rules, 0, setting)
    assert setting_of(timing, 0) == setting
    assert timing.cycle[0] == sum(setting.greens) + 8


def test_periods_are_cut_where_demand_changes():
    flows = np.array([[10, 1]] * 4 + [[2, 9]] * 4 + [[10, 1]] * 4, dtype=float)
    assert segment(flows, 5) == [0, 4, 8, 12]
    assert segment(np.full((6, 2), 3.0), 4) == [0, 6]
    assert segment(flows, 1) == [0, 12]


def test_flow_above_saturation_everywhere_still_gives_a_legal_plan():
    problem = pose_even(CROSS, even(("in-0", "out-0"), 4000) + even(("in-1", "out-1"), 4000), RULES)
    optimiser = Optimiser(problem, Settings(seconds=2.0))
    optimiser.run()
    best = min(optimiser.candidates, key=lambda c: c.model_s)
    assert to_plans(CROSS, best.timing)["J"].problems(CROSS, RULES) == ()
    assert np.isfinite(best.model_s)
    assert optimiser.webster.cycle[0] == 150


def test_greens_shorter_than_the_walk_are_never_proposed():
    walk = one_junction(["GrG", "rGr"], [(0, 1), (1, 2)], crossings=[2], program=PROGRAM_WALK)
    rules = SignalRules(yellow_s=3.0, all_red_s=1.0, min_walk_s=25.0)
    problem = pose_even(walk, even(("in-0", "out-0"), 50) + even(("in-1", "out-1"), 900), rules)
    optimiser = Optimiser(problem, Settings(seconds=2.0))
    optimiser.run()
    for candidate in optimiser.candidates:
        plan = to_plans(walk, candidate.timing)["J"]
        assert plan.problems(walk, rules) == ()
        assert plan.greens_s[plan.stages.index(0)] >= 25.0


def test_a_network_of_one_stage_signals_has_nothing_to_retime():
    from citybrain.errors import InputError
    from citybrain.evaluation.retiming.retime import check_network

    with pytest.raises(InputError, match="1 signals, none with 2 stages or more"):
        check_network(one_junction(["GG"]))
