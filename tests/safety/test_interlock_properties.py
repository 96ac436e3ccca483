"""Whatever is asked for, the lamps obey the rules: random junctions, rules, step lengths and requests."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from builders import one_junction
from hypothesis import given, settings
from hypothesis import strategies as st
from lamp_oracle import LampOracle
from random_cases import STEPS_MS, random_network, random_request, random_rules

from citybrain.messages import FLASH, HOLD, Decision
from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.signals.interlock import Interlock

# the same cases every time; benchmarks/interlock_fuzz.py looks for new ones
ordinary = settings(
    derandomize=True, database=None, max_examples=120
)


def drive(network, rules, step_ms, requests):
    """Pass requests to an interlock step by step; return the oracle that watched."""
    junction = network.junctions[0]
    interlock = Interlock(network, rules)
    oracle = LampOracle(network, junction, rules, step_ms=step_ms)
    oracle.show(interlock.start(0)[0].state, 0)
    assert not interlock.is_flashing(0)
    time_ms = 0
    for request in requests:
        time_ms += step_ms
        decision = Decision(time_s=time_ms / 1000, stage=np.array([request]))
        commands = interlock.advance(decision, time_ms)
        oracle.show(commands[-1].state if commands else oracle.shown, time_ms)
        assert len(commands) <= 1
        view = interlock.view(time_ms)
        assert 0 <= view.stage[0] < len(junction.stages)
        assert view.remaining_s[0] >= 0
        if not view.switching[0]:
            assert oracle.shown == junction.stages[view.stage[0]].state
    return oracle


@ordinary
@given(random=st.randoms(use_true_random=False), n=st.integers(1, 80))
def test_random_requests_never_break_a_rule(random, n):
    network = random_network(random)
    stages = len(network.junctions[0].stages)
    oracle = drive(
        network, random_rules(random), random.choice(STEPS_MS), [random_request(random, stages) for _ in range(n)]
    )
    assert oracle.violations == []


@ordinary
@given(random=st.randoms(use_true_random=False), patience=st.integers(1, 60), n=st.integers(1, 8))
def test_requests_that_last_never_break_a_rule_and_are_served(random, patience, n):
    """A request held for long enough is shown: the interlock is safe without being dead."""
    network, step_ms, rules = random_network(random), random.choice(STEPS_MS), random_rules(random)
    junction = network.junctions[0]
    wanted = [random.randrange(len(junction.stages)) for _ in range(n)]
    gaps = Intergreens(network, junction, rules)
    slowest_s = max(gaps.length_s(a.index, b.index) for a in junction.stages for b in junction.stages)
    steps = int(1000 * (max(rules.min_green_s, rules.min_walk_s) + slowest_s) / step_ms) + 4
    requests = [stage for stage in wanted for _ in range(steps + patience)]
    oracle = drive(network, rules, step_ms, requests)
    assert oracle.violations == []
    assert junction.stages[wanted[0]].state in drive(network, rules, step_ms, [wanted[0]] * steps).seen


@ordinary
@given(random=st.randoms(use_true_random=False), n=st.integers(1, 6))
def test_flash_comes_after_red_ends_in_yellow_and_is_reached(random, n):
    """Into flash and out of it, again and again, at any moment; when asked for long enough it is shown."""
    network, step_ms, rules = random_network(random), random.choice(STEPS_MS), random_rules(random)
    junction = network.junctions[0]
    gaps = Intergreens(network, junction, rules)
    numbers = [stage.index for stage in junction.stages]
    slowest_s = max(gaps.length_s(a, b) for a in (*numbers, FLASH) for b in (*numbers, FLASH) if a != FLASH or b != FLASH)
    steps = int(2000 * (max(rules.min_green_s, rules.min_walk_s) + slowest_s) / step_ms) + 8
    requests = []
    for _ in range(n):
        requests += [random_request(random, len(numbers)) for _ in range(random.randint(0, 30))]
        requests += [FLASH] * random.randint(1, 20) + [HOLD] * random.randint(0, 5)
    oracle = drive(network, rules, step_ms, requests)
    assert oracle.violations == []
    oracle = drive(network, rules, step_ms, [FLASH] * steps + [random.choice(numbers)] * steps)
    assert oracle.violations == []
    assert "o" * junction.n_links in oracle.seen
    assert "o" not in oracle.shown


@ordinary
@given(random=st.randoms(use_true_random=False))
def test_a_policy_that_asks_for_nothing_still_gets_maximum_green(random):
    network = random_network(random)
    oracle = drive(network, random_rules(random), 1000, [HOLD] * 200)
    assert oracle.violations == []
    distinct = {stage.state for stage in network.junctions[0].stages}
    assert (oracle.changes > 0) == (len(distinct) > 1)


@ordinary
@given(random=st.randoms(use_true_random=False), n=st.integers(1, 40))
def test_a_junction_is_taken_over_without_breaking_a_rule(random, n):
    """Whatever lamps a program of somebody else left shown, greens end in yellow and yellows last."""
    network, rules, step_ms = random_network(random), random_rules(random), random.choice(STEPS_MS)
    junction = network.junctions[0]
    origin = random.choice(junction.stages).state
    walking = {network.movements[m].link for m in junction.movements if network.movements[m].is_crossing}
    left = "".join(
        random.choice("yr") if lamp in "Gg" and link not in walking and random.random() < 0.3 else lamp
        for link, lamp in enumerate(origin)
    )
    interlock = Interlock(network, rules)
    oracle = LampOracle(network, junction, rules, step_ms=step_ms)
    oracle.show(left, 0)
    oracle.show(interlock.start(0, [left])[0].state, 0)
    for time_ms in range(step_ms, (n + 1) * step_ms, step_ms):
        decision = Decision(time_s=time_ms / 1000, stage=np.array([random_request(random, len(junction.stages))]))
        for command in interlock.advance(decision, time_ms):
            oracle.show(command.state, time_ms)
    assert oracle.violations == []


# The oracle must be able to see what it is trusted with.

TWO = {"stages": ["Gr", "rG"], "conflicts": [(0, 1)]}


def watch(network, rules, *shown):
    oracle = LampOracle(network, network.junctions[0], rules, step_ms=1000)
    for time_s, state in shown:
        oracle.show(state, round(time_s * 1000))
    return " | ".join(oracle.violations)


@pytest.mark.parametrize(
    ("shown", "complaint"),
    [
        ([(0, "Gr"), (10, "GG")], "both G"),
        ([(0, "Gr"), (10, "rG")], "without yellow"),
        ([(0, "Gr"), (10, "yr"), (12, "rr"), (14, "rG")], "lasted 2000 of 3000 ms"),
        ([(0, "Gr"), (10, "yr"), (13, "rG")], "0 ms after conflicting link 0 cleared"),
        ([(0, "Gr"), (10, "yG")], "while conflicting link 0"),
        ([(0, "Gr"), (10, "yr"), (13, "rr"), (15, "rG"), (18, "ry")], "link 1 was green for 3000 of 5000 ms"),
        ([(0, "Gr"), (10, "Gr"), (35, "Gr")], "maximum green"),
        ([(0, "Gr"), (10, "yr"), (13, "Gr")], "from yellow to G"),
        ([(0, "Gr"), (10, "oo")], "without red"),
        ([(0, "Gr"), (10, "yr"), (13, "or")], "others do not"),
        ([(0, "Gr"), (10, "yr"), (13, "rr"), (14, "oo")], "1000 ms after conflicting link 0 cleared"),
        ([(0, "oo"), (10, "Gr")], "without a steady yellow"),
        ([(0, "oo"), (10, "yy"), (13, "Gr")], "from yellow to G"),
        ([(0, "oo"), (10, "yy"), (13, "rr"), (14, "Gr")], "1000 ms after conflicting link 1 cleared"),
        ([(0, "rr"), (10, "oo"), (12, "yy")], "flashed for 2000 ms only"),
    ],
)
def test_the_oracle_sees_each_kind_of_violation(shown, complaint):
    rules = SignalRules(yellow_s=3.0, all_red_s=2.0, max_green_s=30.0)
    assert complaint in watch(one_junction(**TWO), rules, *shown)


def test_the_oracle_sees_a_crossing_that_was_not_cleared():
    network = one_junction(**TWO, crossings=[0], path_m=12.0)
    rules = SignalRules(yellow_s=3.0, all_red_s=0.0)
    assert "9000 ms after conflicting link 0 cleared" in watch(network, rules, (0, "Gr"), (10, "rr"), (19, "rG"))
    assert watch(network, rules, (0, "Gr"), (10, "rr"), (20, "rG")) == ""


def test_random_cases_reach_what_they_are_meant_to_reach():
    random = Random(1)  # noqa: S311
    networks = [random_network(random) for _ in range(300)]
    junctions = [network.junctions[0] for network in networks]
    assert {len(j.stages) for j in junctions} >= {1, 2, 3, 4}
    assert any(m.is_crossing for n in networks for m in n.movements)
    assert any("s" in stage.state for j in junctions for stage in j.stages)
    assert any(j.conflicts.any() for j in junctions)
