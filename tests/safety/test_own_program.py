"""Junctions left to their own programs: taken over and given back without a jump of any lamp."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from builders import one_junction
from lamp_oracle import LampOracle

from citybrain.messages import HOLD, OWN_PROGRAM, RELEASE, Decision
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import ProgramPhase
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import Interlock
from citybrain.signals.own_program import OwnProgram

NETWORK = grid_network(1, 1)
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
PROGRAM = OwnProgram(NETWORK.junctions[0])


def released():
    interlock = Interlock(NETWORK, RULES, released=True)
    assert interlock.start(0, [PROGRAM.at(0).state]) == []
    return interlock


def ask(interlock, stage, time_ms, shown=None):
    decision = Decision(time_s=time_ms / 1000, stage=np.array([stage]))
    return interlock.advance(decision, time_ms, [PROGRAM.at(time_ms).state if shown is None else shown])


def test_the_clock_of_a_program():
    cycle_s = sum(phase.duration_s for phase in NETWORK.junctions[0].program)
    assert cycle_s * 1000 == PROGRAM.cycle_ms
    for time_s in (0, 13, 27, 29, 31, 45, 61, 1000):
        assert PROGRAM.at(time_s * 1000)[:2] == PROGRAM.at(time_s * 1000 + PROGRAM.cycle_ms)[:2]
    assert PROGRAM.at(28_000).stage == -1
    assert PROGRAM.next_stage(28_000) == (1, 3000)


def test_a_green_that_runs_over_the_end_of_the_cycle_is_one():
    """The last intergreen may show what the first phase shows: given back there, the green would last too long."""
    junction = NETWORK.junctions[0]
    first, *others = junction.program
    program = (first, *others, replace(first, duration_s=5.0))
    own = OwnProgram(replace(junction, program=program, offset_s=0.0))
    end_ms = own.cycle_ms
    assert own.at(end_ms - 5000)[2:] == (0, 5000 + round(first.duration_s * 1000))
    assert own.at(2000)[2:] == (7000, round(first.duration_s * 1000) - 2000)
    assert own.at(end_ms - 5001).state == others[-1].state


def test_nothing_is_commanded_while_released():
    interlock = released()
    for time_ms in range(1000, 70_000, 1000):
        assert ask(interlock, RELEASE if time_ms % 2000 else HOLD, time_ms) == []
    view = interlock.view(28_000)
    assert (view.stage[0], view.switching[0], view.remaining_s[0]) == (1, True, 3.0)


def test_taking_over_begins_with_what_is_shown():
    interlock = released()
    commands = ask(interlock, 0, 10_000)
    assert [command.state for command in commands] == [PROGRAM.at(10_000).state]
    assert not interlock.is_released(0)


def test_no_take_over_within_an_intergreen_nor_from_unknown_lamps():
    interlock = released()
    assert ask(interlock, 0, 28_000) == []
    assert "changing stages" in interlock.events[0].data["reason"]
    assert ask(interlock, 0, 40_000, shown="r" * 12) == []
    assert "where its own program has" in interlock.events[0].data["reason"]


def test_no_take_over_while_whom_the_program_stopped_is_clearing():
    """A crossing that turned red this very moment; a yellow longer than ours, after which nobody has left yet."""
    network = one_junction(["GrG", "rrG", "rGr"], [(0, 1), (1, 2)], crossings=[0], path_m=[9.0, 9.0, 9.0])
    lamps = [("GrG", 10.0), ("rrG", 20.0), ("rry", 6.0), ("rrr", 2.0), ("rGr", 10.0), ("ryr", 6.0), ("rrr", 2.0)]
    program = tuple(ProgramPhase(state=state, duration_s=seconds) for state, seconds in lamps)
    network = replace(network, junctions=(replace(network.junctions[0], program=program, offset_s=0.0),))
    own = OwnProgram(network.junctions[0])
    assert own.dark_ms(10_000) == [0, 18_000, -1]
    assert own.dark_ms(38_000) == [28_000, -1, 8000]
    assert own.dark_ms(38_000, "Ggy") == [28_000, -1, 2000]

    def refusal(time_ms, rules):
        interlock = Interlock(network, rules, released=True)
        interlock.start(0, [own.at(0).state])
        interlock.advance(Decision(time_s=0.0, stage=np.array([2])), time_ms, [own.at(time_ms).state])
        return [event.data["reason"] for event in interlock.events if "clearing" in event.data["reason"]]

    walking = SignalRules(yellow_s=3.0, all_red_s=1.0, walking_speed_mps=1.0)
    assert refusal(10_000, walking) == refusal(18_000, walking) == ["link 0 of its own program is still clearing"]
    assert refusal(19_000, walking) == []
    assert refusal(38_000, SignalRules(yellow_s=3.0, all_red_s=2.0)) == []
    assert refusal(38_000, SignalRules(yellow_s=3.0, all_red_s=4.0)) == ["link 2 of its own program is still clearing"]


def test_giving_back_waits_for_the_same_stage():
    interlock = released()
    ask(interlock, 0, 10_000)
    for time_ms in range(11_000, 140_000, 1000):
        commands = ask(interlock, RELEASE, time_ms)
        if commands:
            assert [command.state for command in commands] == [OWN_PROGRAM]
            assert PROGRAM.at(time_ms).stage == 0
            break
    assert interlock.is_released(0)
    interlock = released()
    ask(interlock, 0, 10_000)
    assert ask(interlock, RELEASE, 35_000) == []
    assert "its own program shows" in interlock.events[0].data["reason"]


@pytest.mark.parametrize("seed", range(4))
def test_lamps_obey_the_rules_through_take_overs(seed):
    random, interlock = Random(seed), released()  # noqa: S311
    oracle = LampOracle(NETWORK, NETWORK.junctions[0], RULES, step_ms=1000)
    lamps, own, request, changes = PROGRAM.at(0).state, True, RELEASE, 0
    oracle.show(lamps, 0)
    for time_ms in range(1000, 900_000, 1000):
        if random.random() < 0.15:
            request = random.choice((RELEASE, RELEASE, 0, 1, HOLD))
        before = lamps if not own else PROGRAM.at(time_ms).state
        for command in ask(interlock, request, time_ms, shown=before):
            own = command.state == OWN_PROGRAM
            lamps = PROGRAM.at(time_ms).state if own else command.state
            changes += 1
        oracle.show(PROGRAM.at(time_ms).state if own else lamps, time_ms)
    assert changes > 20
    assert oracle.violations == []


def test_the_maximum_green_counts_from_when_a_junction_is_taken():
    """A plan may be longer than that: it would end the very green that is asked for."""
    junction = NETWORK.junctions[0]
    first, *others = junction.program
    long = replace(NETWORK, junctions=(replace(junction, program=(replace(first, duration_s=150.0), *others)),))
    own, interlock = OwnProgram(long.junctions[0]), Interlock(long, RULES, released=True)
    interlock.start(0, [own.at(0).state])
    for time_ms in range(1000, 260_000, 1000):
        wanted = 0 if time_ms >= 140_000 else RELEASE
        interlock.advance(Decision(time_s=time_ms / 1000, stage=np.array([wanted])), time_ms, [own.at(time_ms).state])
        if interlock.view(time_ms).stage[0] != 0:
            break
    assert time_ms == 140_000 + 120_000 - 5_000  # a minimum green is behind it
