"""Plans that validate themselves."""

from __future__ import annotations

import pytest
from builders import one_junction

from citybrain.errors import InputError
from citybrain.network.intergreens import SignalRules
from citybrain.signals.plan import Plan

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0, min_green_s=5.0, max_green_s=60.0)
TWO = one_junction(["Gr", "rG"], [(0, 1)])


def plan(stages=(0, 1), greens_s=(20.0, 10.0), **changes):
    return Plan(junction_id=changes.pop("junction_id", "J"), stages=stages, greens_s=greens_s, **changes)


def test_a_legal_plan_has_no_problem_and_a_cycle():
    assert plan().problems(TWO, RULES) == ()
    assert plan().cycle_s(TWO, RULES) == 38.0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (plan(junction_id="K"), "junction 'K' is not in the network"),
        (plan(stages=(0, 2)), "stage 2 does not exist (0 to 1)"),
        (plan(greens_s=(20.0,)), "2 stages but 1 greens"),
        (plan(stages=(), greens_s=()), "0 stages but 0 greens"),
        (plan(greens_s=(4.0, 10.0)), "green of stage 0 is 4 s, allowed 5 to 60 s"),
        (plan(greens_s=(20.0, 61.0)), "green of stage 1 is 61 s, allowed 5 to 60 s"),
        (plan(stages=(0,), greens_s=(20.0,)), "link 1 never gets green"),
        (plan(stages=(0, 0), greens_s=(20.0, 20.0)), "shown twice"),
    ],
)
def test_an_illegal_plan_says_why(wrong, words):
    assert any(words in problem for problem in wrong.problems(TWO, RULES))
    with pytest.raises(InputError):
        wrong.to_sumo(TWO, RULES, program_id="p")


def test_a_green_below_the_walk_is_refused():
    walk = one_junction(["GrG", "rGr"], [(0, 1), (1, 2)], crossings=[2])
    assert plan(greens_s=(5.0, 10.0)).problems(walk, RULES) == (
        "junction J: green of stage 0 is 5 s, allowed 6 to 60 s",
    )


def test_as_a_sumo_program():
    text = plan(offset_s=12.0).to_sumo(TWO, RULES, program_id="night")
    assert 'programID="night" offset="12"' in text
    states = [line.split('state="')[1].split('"')[0] for line in text.splitlines() if "<phase" in line]
    assert states == ["Gr", "yr", "rr", "rG", "ry", "rr"]
