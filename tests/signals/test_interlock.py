"""Exact lamp sequences of one junction."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction

from citybrain.errors import UnsafeCommandError
from citybrain.messages import HOLD, Decision
from citybrain.network.intergreens import SignalRules
from citybrain.signals.interlock import Interlock, conflicting_greens

RULES = SignalRules(yellow_s=3.0, all_red_s=2.0, min_green_s=5.0, max_green_s=60.0, min_walk_s=6.0)
CROSS = one_junction(["Gr", "rG"], [(0, 1)])
THREE = one_junction(["Grr", "rGr", "rrG"], [(0, 1), (0, 2), (1, 2)])


def decision(time_ms, *stage):
    return Decision(time_s=time_ms / 1000, stage=np.array(stage, dtype=np.int32))


def shown(network, rules, requests, *, step_ms=1000, until_ms=40_000):
    """Every change of the lamps as (seconds, state). ``requests``: a stage, or a function of the milliseconds."""
    interlock = Interlock(network, rules)
    lamps = [(0.0, interlock.start(0)[0].state)]
    for time_ms in range(step_ms, until_ms + 1, step_ms):
        request = requests(time_ms) if callable(requests) else requests
        lamps += [(time_ms / 1000, c.state) for c in interlock.advance(decision(time_ms, request), time_ms)]
    return lamps


def test_a_change_is_minimum_green_yellow_all_red_green():
    assert shown(CROSS, RULES, 1) == [(0, "Gr"), (5, "yr"), (8, "rr"), (10, "rG")]


def test_minimum_green_ends_at_its_very_millisecond():
    interlock = Interlock(CROSS, RULES)
    interlock.start(0)
    assert interlock.advance(decision(4999, 1), 4999) == []
    assert interlock.refusals == 1
    assert "4.999 s of at least 5 s" in interlock.events[0].data["reason"]
    assert [c.state for c in interlock.advance(decision(5000, 1), 5000)] == ["yr"]
    assert interlock.refusals == 1


@pytest.mark.parametrize(
    ("step_ms", "expected"),
    [
        (400, [(0, "Gr"), (5.2, "yr"), (8.4, "rr"), (10.4, "rG")]),
        (500, [(0, "Gr"), (5, "yr"), (8, "rr"), (10, "rG")]),
        (700, [(0, "Gr"), (5.6, "yr"), (9.1, "rr"), (11.2, "rG")]),
        (5000, [(0, "Gr"), (5, "yr"), (10, "rr"), (15, "rG")]),
    ],
)
def test_steps_that_do_not_divide_the_times_make_them_longer_never_shorter(step_ms, expected):
    assert shown(CROSS, RULES, 1, step_ms=step_ms, until_ms=20_000) == expected


def test_a_yellow_of_fractional_length_lasts_it():
    rules = RULES.model_copy(update={"yellow_s": 2.5, "all_red_s": 0.0})
    assert shown(CROSS, rules, 1, step_ms=100) == [(0, "Gr"), (5, "yr"), (7.5, "rG")]


def test_no_all_red_means_yellow_then_green():
    assert shown(CROSS, RULES.model_copy(update={"all_red_s": 0.0}), 1) == [(0, "Gr"), (5, "yr"), (8, "rG")]


@pytest.mark.parametrize("request_", [HOLD, 0])
def test_maximum_green_ends_a_green_that_nobody_ends(request_):
    rules = RULES.model_copy(update={"max_green_s": 20.0})
    assert shown(CROSS, rules, request_) == [(0, "Gr"), (20, "yr"), (23, "rr"), (25, "rG"), *(
        [] if request_ == HOLD else [(30, "ry"), (33, "rr"), (35, "Gr")]
    )]  # fmt: skip


def test_maximum_green_serves_the_stage_that_waited_longest():
    rules = RULES.model_copy(update={"max_green_s": 10.0, "yellow_s": 1.0, "all_red_s": 0.0})
    greens = [state for _, state in shown(THREE, rules, HOLD, until_ms=50_000) if "G" in state]
    assert greens == ["Grr", "rGr", "rrG", "Grr", "rGr"]
    by_request = shown(THREE, rules, lambda ms: 2 if ms < 8000 else HOLD, until_ms=50_000)
    assert [state for _, state in by_request if "G" in state][:5] == ["Grr", "rrG", "rGr", "Grr", "rrG"]


def test_maximum_green_is_an_event_and_counted():
    interlock = Interlock(CROSS, RULES.model_copy(update={"max_green_s": 20.0}))
    interlock.start(0)
    interlock.advance(decision(20_000, HOLD), 20_000)
    assert interlock.refusals == 1
    assert (interlock.events[0].kind, interlock.events[0].junction_id) == ("refusal", "J")
    assert "maximum of 20 s" in interlock.events[0].data["reason"]


def test_pedestrians_get_their_minimum_even_beyond_the_maximum_green():
    network = one_junction(["Gr", "rG"], [(0, 1)], crossings=[0])
    rules = RULES.model_copy(update={"min_walk_s": 15.0, "max_green_s": 10.0})
    assert shown(network, rules, 1)[1] == (15, "rr")
    assert shown(network, rules, HOLD)[1] == (15, "rr")


def test_one_stage_is_never_left():
    network = one_junction(["Gg"], [(0, 1)])
    assert shown(network, RULES.model_copy(update={"max_green_s": 10.0}), HOLD) == [(0, "Gg")]


def test_a_change_of_mind_during_the_intergreen_is_refused_and_does_not_delay_it():
    interlock = Interlock(THREE, RULES)
    interlock.start(0)
    changes = []
    for time_ms in range(1000, 20_001, 1000):
        asked = 1 if time_ms <= 5000 else 2
        changes += [(time_ms, c.state) for c in interlock.advance(decision(time_ms, asked), time_ms)]
    # asked for stage 2 from 6 s on, the junction shows stage 1 for its minimum green first
    assert changes == [
        (5000, "yrr"), (8000, "rrr"), (10000, "rGr"), (15000, "ryr"), (18000, "rrr"), (20000, "rrG"),
    ]  # fmt: skip
    assert interlock.refusals == 4 + 5 + 4  # too early, at 6 to 10 s while changing to 1, too early again


@pytest.mark.parametrize("nonsense", [2, 99, -9, -100])
def test_a_stage_that_does_not_exist_is_refused_and_nothing_moves(nonsense):
    interlock = Interlock(CROSS, RULES)
    interlock.start(0)
    assert interlock.advance(decision(6000, nonsense), 6000) == []
    assert interlock.refusals == 1
    assert f"stage {nonsense} does not exist (0 to 1)" in interlock.events[0].data["reason"]
    assert interlock.events[0].data["requested"] == nonsense


def test_events_are_those_of_the_latest_call():
    interlock = Interlock(CROSS, RULES)
    interlock.start(0)
    interlock.advance(decision(1000, 9), 1000)
    interlock.advance(decision(2000, HOLD), 2000)
    assert interlock.events == []


@pytest.mark.parametrize("stage", [np.array([1, 1]), np.array([]), np.array([[1]]), np.array([1.0]), np.array([True])])
def test_a_decision_that_is_not_one_integer_a_junction_is_an_error(stage):
    interlock = Interlock(CROSS, RULES)
    interlock.start(0)
    with pytest.raises(UnsafeCommandError, match="one integer for each"):
        interlock.advance(Decision(time_s=6.0, stage=stage), 6000)


def test_links_that_stay_green_are_left_alone():
    network = one_junction(["GGr", "rGG"], [(0, 2)])
    assert shown(network, RULES, 1) == [(0, "GGr"), (5, "yGr"), (8, "rGr"), (10, "rGG")]


def test_a_stage_that_takes_no_green_away_needs_no_intergreen():
    network = one_junction(["Gr", "GG"])
    assert shown(network, RULES, 1) == [(0, "Gr"), (5, "GG")]
    assert shown(network, RULES, lambda ms: ms > 5000)[1:] == [(6, "GG")]


def test_a_permissive_green_turns_protected_only_after_the_intergreen():
    # 0 turns across 1: permissive in the first stage, protected in the second
    network = one_junction(["gGr", "Grr", "rrG"], [(0, 1), (0, 2), (1, 2)], gives_way=[(0, 1)])
    assert shown(network, RULES, 1, until_ms=12_000) == [(0, "gGr"), (5, "gyr"), (8, "grr"), (10, "Grr")]


def test_a_crossing_goes_red_at_once_and_is_cleared_before_a_conflicting_green():
    network = one_junction(["GrG", "rGr"], [(0, 1), (1, 2)], crossings=[2], path_m=[15.0, 15.0, 12.0])
    # 12 m at 1.2 m/s are 10 s: 3 of yellow beside it and 7 more
    assert shown(network, RULES, 1) == [(0, "GrG"), (6, "yrr"), (9, "rrr"), (16, "rGr")]


def test_a_crossing_alone_is_followed_by_its_clearance_without_yellow():
    network = one_junction(["Gr", "rG"], [(0, 1)], crossings=[0], path_m=[12.0, 15.0])
    assert shown(network, RULES, 1) == [(0, "Gr"), (6, "rr"), (16, "rG")]


def test_clearance_is_not_forgotten_in_a_stage_that_nobody_conflicts_with():
    # pedestrians of link 0 meet nobody in stage 1, but link 2 in stage 2, a minimum green of 5 s later
    network = one_junction(["Grr", "rGr", "rrG"], [(0, 2)], crossings=[0], path_m=[30.0, 15.0, 15.0])
    rules = SignalRules(yellow_s=3.0, min_green_s=5.0)
    lamps = shown(network, rules, lambda ms: 1 if ms < 12_000 else 2, until_ms=60_000)
    lost_s = next(time_s for time_s, state in lamps if state[0] != "G")
    gained_s = next(time_s for time_s, state in lamps if state[2] == "G")
    assert gained_s - lost_s >= 30.0 / 1.2
    assert gained_s - lost_s == 20 + 5 + 3  # 25 s less the minimum green that follows, that green, its yellow


def test_a_turn_that_becomes_protected_waits_for_the_pedestrians_it_gave_way_to():
    network = one_junction(["gG", "Gr"], [(0, 1)], gives_way=[(0, 1)], crossings=[1], path_m=[15.0, 12.0])
    assert shown(network, RULES, 1) == [(0, "gG"), (6, "gr"), (16, "Gr")]
    assert shown(network, SignalRules(yellow_s=3.0), 1) == [(0, "gG"), (6, "gr"), (16, "Gr")]


def test_turn_on_red_lamps_never_show_yellow():
    network = one_junction(["Gsr", "rrG"], [(0, 2)])
    assert shown(network, RULES, 1) == [(0, "Gsr"), (5, "yrr"), (8, "rrr"), (10, "rrG")]


def test_view_tells_stage_elapsed_and_remaining():
    interlock = Interlock(CROSS, RULES)
    interlock.start(2000)
    interlock.advance(decision(7000, 1), 7000)
    view = interlock.view(8500)
    assert (view.stage[0], bool(view.switching[0])) == (1, True)
    assert (view.elapsed_s[0], view.remaining_s[0]) == (1.5, 3.5)
    for time_ms in (10_000, 12_000):
        interlock.advance(decision(time_ms, HOLD), time_ms)
    view = interlock.view(14_000)
    assert (view.stage[0], bool(view.switching[0])) == (1, False)
    assert (view.elapsed_s[0], view.remaining_s[0]) == (2.0, 0.0)


@pytest.mark.parametrize(
    ("left", "lamps"),
    [
        ("Gr", [(0, "Gr"), (5, "yr"), (8, "rr"), (10, "rG")]),  # a stage is carried on
        ("rG", [(0, "rG")]),
        ("rr", [(0, "Gr"), (5, "yr"), (8, "rr"), (10, "rG")]),
        ("ry", [(0, "ry"), (3, "rr"), (5, "Gr"), (10, "yr"), (13, "rr"), (15, "rG")]),  # full yellow again
        ("yr", [(0, "yr"), (3, "rr"), (5, "Gr"), (10, "yr"), (13, "rr"), (15, "rG")]),
        ("gg", [(0, "gy"), (3, "gr"), (5, "Gr"), (10, "yr"), (13, "rr"), (15, "rG")]),
    ],
)
def test_a_junction_is_taken_over_from_what_it_shows(left, lamps):
    interlock = Interlock(CROSS, RULES)
    seen = [(0, interlock.start(0, [left])[0].state)]
    for time_ms in range(1000, 20_001, 1000):
        seen += [(time_ms // 1000, c.state) for c in interlock.advance(decision(time_ms, 1), time_ms)]
    assert seen == lamps


def test_only_junctions_that_change_get_commands():
    from citybrain.network.synthetic import grid_network

    network = grid_network(1, 3)
    interlock = Interlock(network, RULES)
    assert len(interlock.start(0)) == 3
    commands = interlock.advance(decision(6000, HOLD, 1, 0), 6000)
    assert [(c.junction, c.junction_id) for c in commands] == [(1, "0-1")]


def test_a_stage_with_two_conflicting_protected_greens_is_refused_from_the_start():
    with pytest.raises(UnsafeCommandError, match=r"junction J: stage 1 \(GG\) .* links 0 and 1"):
        Interlock(one_junction(["Gr", "GG"], [(0, 1)]), RULES)
    assert Interlock(one_junction(["Gr", "Gg"], [(0, 1)]), RULES).refusals == 0


def test_a_stage_with_too_few_lamps_is_refused_from_the_start():
    with pytest.raises(UnsafeCommandError, match="has 3 lamps, the junction 2"):
        Interlock(one_junction(["Gr", "GrG"]), RULES)


def test_conflicting_greens_names_the_pair():
    junction = one_junction(["Grr"], [(0, 2)]).junctions[0]
    assert conflicting_greens(junction, "GrG") == (0, 2)
    assert conflicting_greens(junction, "Grg") is None
    assert conflicting_greens(junction, "Gr") is None


def test_maximum_green_moves_on_to_no_stage_that_was_added_for_emergencies():
    own = one_junction(["Grr", "rGr"], [(0, 1), (0, 2), (1, 2)])
    interlock = Interlock(THREE, RULES, own=own)
    lamps = [interlock.start(0)[0].state]
    for time_ms in range(1000, 400_001, 1000):
        lamps += [command.state for command in interlock.advance(decision(time_ms, HOLD), time_ms)]
    assert {state for state in lamps if "G" in state} == {"Grr", "rGr"}
    asked = [c.state for t in range(400_001, 480_000, 1000) for c in interlock.advance(decision(t, 2), t)]
    assert "rrG" in asked
