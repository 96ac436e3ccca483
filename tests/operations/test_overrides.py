"""What people ask for, as the interlock is asked for it."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.messages import FLASH, HOLD, Decision, SignalView
from citybrain.network.synthetic import grid_network
from citybrain.operations.actions import Action, ActionRequest
from citybrain.operations.live.overrides import Overrides

NETWORK = grid_network(1, 3)
NAMES = [junction.id for junction in NETWORK.junctions]


def action(name, *, begin_s=0.0, **request):
    given = ActionRequest(reason="a test", **request)
    return Action(
        id=name, request=given, who="ana", role="operator", when="", begin_s=begin_s, end_s=begin_s + given.limit_s
    )


def view(stage=(0, 0, 0), elapsed_s=0.0, *, switching=False):
    return SignalView(
        stage=np.array(stage, np.int32), switching=np.full(3, switching), elapsed_s=np.full(3, elapsed_s),
        remaining_s=np.zeros(3),
    )  # fmt: skip


def edited(overrides, asked=(1, 1, 1), signals=None, time_ms=60_000):
    decision = Decision(time_s=time_ms / 1000, stage=np.array(asked, np.int32))
    return overrides.edit(decision, signals or view(), time_ms).stage.tolist()


def test_nobody_asks_for_anything():
    assert edited(Overrides(NETWORK)) == [1, 1, 1]


def test_the_newest_action_at_a_junction_wins_and_the_older_one_is_back_when_it_ends():
    overrides = Overrides(NETWORK)
    overrides.begin(action("a", kind="lock_stage", junction=NAMES[1], stage=0))
    assert edited(overrides) == [1, 0, 1]
    overrides.begin(action("b", kind="flash", junction=NAMES[1]))
    assert edited(overrides) == [1, FLASH, 1]
    overrides.begin(action("c", kind="lock_stage", junction=NAMES[0], stage=0))
    assert overrides.locked == {0, 1}
    assert overrides.end("b")
    assert not overrides.end("b")
    assert edited(overrides) == [0, 0, 1]


def test_the_whole_city_can_be_put_on_its_plans():
    overrides = Overrides(NETWORK)
    overrides.begin(action("a", kind="force_plan", junction="*", plan="night"))
    assert overrides.level.tolist() == [1, 1, 1]
    assert overrides.plan == ["night"] * 3
    assert overrides.actions_at() == {0: ["a"], 1: ["a"], 2: ["a"]}


def test_flash_is_left_for_a_stage_whoever_has_none_to_ask_for():
    overrides = Overrides(NETWORK)
    overrides.in_flash = np.array([True, True, False])
    assert edited(overrides, (HOLD, 1, HOLD)) == [0, 1, HOLD]


@pytest.mark.parametrize(("signals", "ends"), [
    (view((0, 1, 0), 9.0), False), (view((0, 1, 0), 10.0), True), (view((0, 1, 0), 10.0, switching=True), False),
    (view((0, 0, 0), 50.0), False),
])  # fmt: skip
def test_a_hurry_call_ends_when_it_was_green_for_long_enough(signals, ends):
    overrides = Overrides(NETWORK)
    overrides.begin(action("a", kind="hurry_call", junction=NAMES[1], stage=1))
    assert edited(overrides, (0, 0, 0), signals) == [0, 1, 0]
    assert (overrides.ended == ["a"]) is ends
