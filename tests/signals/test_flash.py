"""Flash as the interlock's own mode: how a junction gets there, what is said meanwhile, and how it comes back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import one_junction

from citybrain.messages import FLASH, HOLD, RELEASE, Decision
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import Interlock

RULES = SignalRules(yellow_s=3.0, all_red_s=2.0, min_green_s=5.0, max_green_s=60.0)
THREE = one_junction(["Grr", "rGr", "rrG"], [(0, 1), (0, 2), (1, 2)])


def ask(interlock, second, *stages):
    decision = Decision(time_s=float(second), stage=np.array(stages, dtype=np.int32))
    return [command.state for command in interlock.advance(decision, round(second * 1000))]


def flashing(network=THREE, rules=RULES):
    """A junction that flashes since 10 s."""
    interlock = Interlock(network, rules)
    interlock.start(0)
    for second in (5, 8, 10):
        ask(interlock, second, FLASH)
    return interlock


def test_it_goes_dark_for_nobody_before_all_have_cleared():
    interlock = Interlock(THREE, RULES)
    interlock.start(0)
    assert ask(interlock, 4, FLASH) == []
    assert interlock.events[0].data["reason"] == "stage 0 has been green for 4 s of at least 5 s"
    assert [ask(interlock, second, FLASH) for second in (5, 6, 8, 9, 10)] == [["yrr"], [], ["rrr"], [], ["ooo"]]
    assert interlock.states[0] == (FLASH, FLASH, -1, 10_000, (5000, 0, 0))
    assert interlock.refusals == 1


def test_no_maximum_green_ends_it():
    interlock = flashing()
    for request in (HOLD, FLASH):
        assert all(ask(interlock, second, request) == [] for second in range(11, 300, 7))
        assert interlock.refusals == 0


def test_it_lasts_its_minimum_and_ends_in_yellow_and_red_for_all():
    interlock = flashing()
    assert ask(interlock, 14.5, 1) == []
    assert interlock.events[0].data == {"reason": "flash has lasted 4.5 s of at least 5 s", "requested": 1}
    assert [ask(interlock, second, 1) for second in (15, 18, 20)] == [["yyy"], ["rrr"], ["rGr"]]
    assert interlock.states[0] == (1, 1, -1, 20_000, (5000, 0, 0))  # flash is no stage that was green


def test_the_minimum_of_flash_is_that_of_any_green_not_that_of_pedestrians():
    network = one_junction(["Gr", "rG"], [(0, 1)], crossings=[0], path_m=[6.0, 15.0])
    interlock = Interlock(network, RULES.model_copy(update={"min_walk_s": 20.0}))
    interlock.start(0, ["rG"])
    for second in (5, 8, 10):
        ask(interlock, second, FLASH)
    assert ask(interlock, 14, 1) == []
    assert ask(interlock, 15, 1) == ["ry"]


def test_a_change_of_mind_on_the_way_is_refused_in_words():
    interlock = Interlock(THREE, RULES)
    interlock.start(0)
    ask(interlock, 5, FLASH)
    ask(interlock, 6, 2)
    assert interlock.events[0].data["reason"] == "stage 2 asked for while changing to flash"
    interlock = flashing()
    ask(interlock, 15, 1)
    ask(interlock, 16, FLASH)
    assert interlock.events[0].data["reason"] == "flash asked for while changing to stage 1"


def test_what_policies_see_of_it():
    interlock = Interlock(THREE, RULES)
    interlock.start(0)
    assert not interlock.is_flashing(0)
    ask(interlock, 5, FLASH)
    assert interlock.is_flashing(0)
    view = interlock.view(6000)
    # 4 s of yellow and red are left, and 5 s from flash to a first green
    assert (view.stage[0], view.switching[0], view.elapsed_s[0], view.remaining_s[0]) == (0, True, 1.0, 9.0)
    for second in (8, 10):
        ask(interlock, second, FLASH)
    view = interlock.view(30_000)
    assert (view.stage[0], view.switching[0], view.elapsed_s[0], view.remaining_s[0]) == (0, True, 20.0, 5.0)
    ask(interlock, 30, 2)
    assert not interlock.is_flashing(0)
    view = interlock.view(31_000)
    assert (view.stage[0], view.switching[0], view.elapsed_s[0], view.remaining_s[0]) == (2, True, 1.0, 4.0)


def test_a_city_that_flashes_is_quiet_until_somebody_else_is_not():
    interlock = flashing()
    decision = Decision(time_s=11.0, stage=np.array([FLASH]))
    assert interlock.quiet_until_ms(decision, 11_000) == math.inf
    assert interlock.quiet_until_ms(Decision(time_s=11.0, stage=np.array([0])), 11_000) == 11_000
    two = Interlock(grid_network(1, 2), RULES)
    two.start(0)
    for second in (5, 8, 10):
        ask(two, second, FLASH, HOLD)
    assert two.is_flashing(0)
    assert not two.is_flashing(1)
    assert two.quiet_until_ms(Decision(time_s=11.0, stage=np.array([HOLD, HOLD])), 11_000) == 60_000


@pytest.mark.parametrize("request_", [FLASH, HOLD])
def test_one_that_flashes_takes_nothing_from_those_after_it(request_):
    network = grid_network(1, 2)
    interlock = Interlock(network, RULES)
    interlock.start(0)
    for second in (5, 8, 10):
        ask(interlock, second, FLASH, HOLD)
    decision = Decision(time_s=20.0, stage=np.array([request_, 1]))
    assert [command.junction for command in interlock.advance(decision, 20_000)] == [1]


def test_it_is_not_given_back_while_it_flashes():
    network = grid_network(1, 1)
    interlock = Interlock(network, RULES, released=True)
    shown = network.junctions[0].program[0].state
    interlock.start(0, [shown])
    for second in (6, 9, 11):
        decision = Decision(time_s=float(second), stage=np.array([FLASH]))
        interlock.advance(decision, second * 1000, [shown])
    assert interlock.is_flashing(0)
    assert ask(interlock, 70, RELEASE) == []
    assert interlock.events[0].data["reason"] == f"its own program shows {shown}, not stage -1"
    assert not interlock.is_released(0)


def test_lamps_that_somebody_left_flashing_are_led_to_the_first_stage():
    interlock = Interlock(THREE, RULES)
    assert interlock.start(0, ["ooo"])[0].state == "yyy"
    assert [ask(interlock, second, HOLD) for second in (3, 5)] == [["rrr"], ["Grr"]]
