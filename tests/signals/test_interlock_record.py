"""What the interlock says of itself: refusals, what it shows, and until when nothing will change."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import one_junction

from citybrain.messages import HOLD, RELEASE, Decision
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import ProgramPhase
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import Interlock

RULES = SignalRules(yellow_s=3.0, all_red_s=2.0, min_green_s=5.0, max_green_s=60.0)
CROSS = one_junction(["Grr", "rGr", "rrG"], [(0, 1), (0, 2), (1, 2)])


def decision(time_ms, *stage):
    return Decision(time_s=time_ms / 1000, stage=np.array(stage, dtype=np.int32))


@pytest.fixture
def interlock():
    interlock = Interlock(CROSS, RULES)
    interlock.start(0)
    return interlock


def refusals(interlock):
    return [(e.time_s, e.kind, e.junction_id, dict(e.data)) for e in interlock.events]


def test_a_refusal_is_an_event_that_says_all(interlock):
    interlock.advance(decision(2500, 1), 2500)
    said = "stage 0 has been green for 2.5 s of at least 5 s"
    assert refusals(interlock) == [(2.5, "refusal", CROSS.junctions[0].id, {"reason": said, "requested": 1})]
    assert interlock.refusals == 1


def test_while_changing_only_another_stage_is_refused(interlock):
    interlock.advance(decision(5000, 1), 5000)
    for request in (HOLD, 1):
        interlock.advance(decision(6000, request), 6000)
        assert refusals(interlock) == []
    interlock.advance(decision(7000, 2), 7000)
    said = "stage 2 asked for while changing to stage 1"
    assert refusals(interlock) == [(7.0, "refusal", CROSS.junctions[0].id, {"reason": said, "requested": 2})]
    assert interlock.refusals == 1


def test_the_state_of_a_green_has_no_step(interlock):
    assert interlock.states[0] == (0, 0, -1, 0, (0, 0, 0))
    interlock.advance(decision(5000, 1), 5000)
    assert interlock.states[0] == (0, 1, 0, 5000, (5000, 0, 0))
    interlock.advance(decision(8000, HOLD), 8000)
    assert interlock.states[0] == (0, 1, 1, 8000, (5000, 0, 0))
    interlock.advance(decision(10_000, HOLD), 10_000)
    assert interlock.states[0] == (1, 1, -1, 10_000, (5000, 0, 0))


def test_a_view_is_arrays_of_the_promised_kinds(interlock):
    interlock.advance(decision(5000, 1), 5000)
    view = interlock.view(9_999_000)
    assert (view.stage.dtype, view.switching.dtype) == (np.int32, np.bool_)
    assert (view.elapsed_s.dtype, view.remaining_s.dtype) == (np.float64, np.float64)
    assert view.remaining_s[0] == 0.0  # late to be asked: never negative, never more than is left


def test_a_released_junction_shows_its_own_program():
    network = grid_network(1, 1)
    interlock = Interlock(network, RULES, released=True)
    interlock.start(0, [network.junctions[0].program[0].state])
    assert interlock.is_released(0)
    green, change = interlock.view(10_000), interlock.view(28_500)  # 27 s of green, 3 s of yellow, 1 s of all-red
    assert (green.stage[0], green.switching[0], green.elapsed_s[0], green.remaining_s[0]) == (0, False, 10.0, 0.0)
    assert (change.stage[0], change.switching[0], change.elapsed_s[0], change.remaining_s[0]) == (1, True, 1.5, 2.5)
    interlock.advance(decision(10_000, RELEASE), 10_000)
    assert interlock.quiet_until_ms(decision(10_000, RELEASE), 10_000) == 10_000  # the program changes lamps by itself


def test_until_when_nothing_changes(interlock):
    assert interlock.quiet_until_ms(decision(1000, HOLD), 1000) == 60_000
    assert interlock.quiet_until_ms(decision(1000, 0), 1000) == 60_000
    assert interlock.quiet_until_ms(decision(1000, 1), 1000) == 1000
    interlock.advance(decision(5000, 1), 5000)
    assert interlock.quiet_until_ms(decision(6000, 1), 6000) == 6000
    assert interlock.quiet_until_ms(decision(6000, HOLD), 6000) == 6000
    for time_ms in (8000, 10_000):
        interlock.advance(decision(time_ms, HOLD), time_ms)
    assert interlock.quiet_until_ms(decision(11_000, 1), 11_000) == 70_000


def test_the_earliest_maximum_of_all_junctions_counts():
    network = grid_network(1, 2)
    interlock = Interlock(network, RULES)
    interlock.start(0)
    for time_ms in (6000, 9000, 11_000):
        interlock.advance(decision(time_ms, HOLD, 1), time_ms)
    assert interlock.quiet_until_ms(decision(12_000, HOLD, HOLD), 12_000) == 60_000


def test_a_junction_of_one_stage_is_quiet_for_ever():
    network = one_junction(["GG"], [])
    interlock = Interlock(network, RULES)
    interlock.start(0)
    assert interlock.quiet_until_ms(decision(1000, 1), 1000) == math.inf


def test_a_decision_for_other_junctions_is_no_answer():
    interlock = Interlock(grid_network(1, 2), RULES)
    interlock.start(0)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        interlock.quiet_until_ms(decision(1000, HOLD), 1000)


def test_a_stage_given_back_and_taken_again_is_as_old_as_it_is():
    """Its green began under command, later than the program's own would have: it must not count as longer than it lasts."""
    network = grid_network(1, 1)
    (junction,) = network.junctions
    interlock = Interlock(network, RULES.model_copy(update={"max_green_s": 120.0}), released=True)
    interlock.start(0, [junction.program[0].state])
    own = [p.state for p in junction.program for _ in range(int(p.duration_s))]

    def ask(second, stage):
        shown = own[second % len(own)]
        return interlock.advance(decision(second * 1000, stage), second * 1000, [shown])

    ask(6, 0)
    for second in range(7, 60):  # away to stage 1 and back to stage 0 while the program goes on
        ask(second, 1 if second < 20 else 0)
    began_ms = interlock.states[0].since_ms
    back = 60
    while not interlock.is_released(0):
        ask(back, RELEASE)
        back += 1
        assert back < 100
    ask(back, 0)
    assert not interlock.is_released(0)
    assert interlock.states[0].stage == 0
    assert interlock.states[0].since_ms == began_ms


def test_junctions_are_looked_at_one_by_one():
    """What one junction keeps or is refused takes nothing from those after it."""
    network = grid_network(1, 3)
    interlock = Interlock(network, RULES, released=True)
    shown = [junction.program[0].state for junction in network.junctions]
    interlock.start(0, shown)
    wrong = ["r" * len(shown[0]), shown[1], shown[2]]
    commands = interlock.advance(decision(9000, 1, RELEASE, 0), 9000, wrong)
    assert [c.junction for c in commands] == [2]
    assert [(e.junction_id, e.data["requested"]) for e in interlock.events] == [(network.junctions[0].id, 1)]
    assert [interlock.is_released(i) for i in range(3)] == [True, True, False]
    assert interlock.advance(decision(10_000, 0, 0, HOLD), 10_000) == []  # without what they show nobody is taken over
    assert [e.data["requested"] for e in interlock.events] == [0, 0]


def test_a_give_back_that_is_refused_holds_and_says_so():
    interlock = Interlock(CROSS, RULES)
    interlock.start(0)
    assert interlock.advance(decision(9000, RELEASE), 9000) == []
    assert [e.data["requested"] for e in interlock.events] == [RELEASE]


def test_a_junction_without_stages_is_left_dark():
    network = one_junction([], program=(ProgramPhase(state="rr", duration_s=60),))
    interlock = Interlock(network, RULES)
    assert interlock.start(500) == []
    assert interlock.states[0] == (0, 0, -1, 500, ())
    assert interlock.advance(decision(9000, HOLD), 9000) == []


@pytest.mark.parametrize(
    ("lamps", "state"),
    [("Grr", (0, 0, -1, 700, (700,) * 3)), ("yrr", (-1, 0, 0, 700, (700,) * 3)), ("Yrr", (-1, 0, 0, 700, (700,) * 3))],
)
def test_the_state_after_a_take_over(lamps, state):
    interlock = Interlock(CROSS, RULES)
    interlock.start(700, [lamps])
    assert interlock.states[0] == state
    assert interlock.view(700).stage[0] == 0


def test_the_longest_green_counts_from_its_own_begin():
    interlock = Interlock(CROSS, RULES)
    interlock.start(40_000)
    assert interlock.advance(decision(70_000, HOLD), 70_000) == []
    (command,) = interlock.advance(decision(100_000, HOLD), 100_000)
    assert command.state == "yrr"
    assert refusals(interlock)[0][3]["reason"] == "green of stage 0 reached its maximum of 60 s"


def test_it_knows_its_network_and_rules():
    interlock = Interlock(CROSS, RULES)
    assert (interlock.network, interlock.rules, interlock.states) == (CROSS, RULES, ())
    assert (interlock.refusals, interlock.events) == (0, [])


@pytest.mark.parametrize(("green_s", "asked_s", "ends_s"), [(150.0, 60, 175), (120.0, 110, 225), (119.0, 110, 120)])
def test_a_plan_as_long_as_the_maximum_does_not_end_what_is_asked_for(green_s, asked_s, ends_s):
    """The maximum of 120 s counts from a minimum green of 5 s before the question, where the plan's own green is as long."""
    network = grid_network(1, 1)
    (junction,) = network.junctions
    first, *others = junction.program
    program = (replace(first, duration_s=green_s), *others)
    network = replace(network, junctions=(replace(junction, program=program),))
    interlock = Interlock(network, RULES.model_copy(update={"max_green_s": 120.0}), released=True)
    interlock.start(0, [first.state])
    decision_ms = asked_s * 1000
    interlock.advance(decision(decision_ms, 0), decision_ms, [first.state])
    assert interlock.states[0].step == -1
    until = [s for s in range(asked_s, 300) if interlock.advance(decision(s * 1000, HOLD), s * 1000)]
    assert until[0] == ends_s


def test_a_green_taken_over_is_as_old_as_the_program_says():
    network = grid_network(1, 1)
    (junction,) = network.junctions
    interlock = Interlock(network, RULES, released=True)
    interlock.start(500, [junction.program[0].state])
    interlock.advance(decision(6000, 0), 6000, [junction.program[0].state])
    assert interlock.states[0][:4] == (0, 0, -1, 0)


def test_a_junction_of_one_stage_hides_nothing_of_those_after_it():
    network = grid_network(1, 2)
    first, second = network.junctions
    network = replace(network, junctions=(replace(first, stages=first.stages[:1]), second))
    interlock = Interlock(network, RULES)
    interlock.start(0)
    assert interlock.quiet_until_ms(decision(1000, HOLD, HOLD), 1000) == 60_000


def test_one_that_is_given_back_takes_nothing_from_those_after_it():
    network = grid_network(1, 2)
    interlock = Interlock(network, RULES, released=True)
    shown = [junction.program[0].state for junction in network.junctions]
    interlock.start(0, shown)
    interlock.advance(decision(6000, 0, 0), 6000, shown)
    commands = interlock.advance(decision(8000, RELEASE, 1), 8000, shown)
    assert [command.junction for command in commands] == [0, 1]
    assert [interlock.is_released(i) for i in (0, 1)] == [True, False]


@pytest.mark.parametrize(
    ("min_walk_s", "max_green_s", "refused"), [(20.0, 60.0, "before its minimum green"), (12.0, 10.0, None)]
)
def test_a_give_back_is_judged_by_the_bounds_of_its_own_stage(min_walk_s, max_green_s, refused):
    """Pedestrians walk in stage 0 alone: its minimum, and so its maximum, is longer than that of stage 1."""
    plan = [("Gr", 12.0), ("rr", 15.0), ("rG", 9.0), ("ry", 3.0), ("rr", 3.0)]
    program = tuple(ProgramPhase(state=state, duration_s=seconds) for state, seconds in plan)
    network = one_junction(["Gr", "rG"], [(0, 1)], crossings=[0], path_m=[6.0, 15.0], program=program)
    rules = RULES.model_copy(update={"min_walk_s": min_walk_s, "max_green_s": max_green_s})
    interlock = Interlock(network, rules, released=True)
    interlock.start(0, ["Gr"])
    assert interlock.advance(decision(6000, 0), 6000, ["Gr"])
    interlock.advance(decision(8000, RELEASE), 8000)
    assert interlock.is_released(0) == (refused is None)
    assert [refused in event.data["reason"] for event in interlock.events] == ([] if refused is None else [True])


def test_the_network_that_policies_know_has_the_same_junctions():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        Interlock(grid_network(1, 2), RULES, own=grid_network(1, 1))
