"""Transitions end in step, in bounds, and by the way that their mode allows."""

from __future__ import annotations

import pytest
from builders import one_junction
from hypothesis import given
from hypothesis import strategies as st

from citybrain.errors import InputError
from citybrain.network.intergreens import SignalRules
from citybrain.signals.plan import Plan
from citybrain.signals.transition import MODES, transition

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0, min_green_s=5.0, max_green_s=60.0)
TWO = one_junction(["Gr", "rG"], [(0, 1)])


def plan(greens_s=(26.0, 26.0), offset_s=0.0):
    return Plan(junction_id="J", stages=(0, 1), greens_s=greens_s, offset_s=offset_s)


def test_in_step_at_once():
    assert transition(plan(offset_s=7.0), TWO, RULES, start_ms=67_000).cycles == 0


def test_short_way_takes_when_a_little_late_and_adds_when_a_little_early():
    late = transition(plan(), TWO, RULES, start_ms=6_000)
    early = transition(plan(), TWO, RULES, start_ms=54_000)
    assert (late.shift_ms, late.cycles) == (-6_000, 1)
    assert (early.shift_ms, early.cycles) == (6_000, 1)
    assert late.greens_ms == ((23_000, 23_000),)


def test_dwell_holds_the_first_stage_alone():
    found = transition(plan(), TWO, RULES, start_ms=40_000, mode="dwell")
    assert found.greens_ms == ((46_000, 26_000),)


def test_add_only_goes_the_long_way():
    found = transition(plan(), TWO, RULES, start_ms=6_000, mode="add-only")
    assert found.shift_ms == 54_000
    assert found.cycles == 5


@given(
    greens_s=st.tuples(st.integers(5, 59), st.integers(5, 59)),
    offset_s=st.integers(0, 60),
    start_ms=st.integers(0, 300_000),
    mode=st.sampled_from(MODES),
    most_change=st.floats(0.05, 0.5),
)
def test_every_transition_ends_in_step_with_legal_greens(greens_s, offset_s, start_ms, mode, most_change):
    target = plan(tuple(map(float, greens_s)), float(offset_s))
    cycle_ms = round(target.cycle_s(TWO, RULES) * 1000)
    found = transition(target, TWO, RULES, start_ms=start_ms, mode=mode, most_change=most_change)
    at_ms = start_ms
    for row in found.greens_ms:
        assert all(5_000 <= green <= 60_000 for green in row)
        length = sum(row) + 8_000
        at_ms += length
        if mode != "short-way":
            assert length >= cycle_ms
        if mode != "dwell":
            assert abs(length - cycle_ms) <= most_change * cycle_ms + 1
    assert (at_ms - offset_s * 1000) % cycle_ms == 0
    assert at_ms - start_ms == found.cycles * cycle_ms + found.shift_ms


@pytest.mark.parametrize("change", [{"mode": "jump"}, {"most_change": 0.0}, {"most_change": 1.5}])
def test_absurd_wishes_are_refused(change):
    with pytest.raises(InputError):
        transition(plan(), TWO, RULES, start_ms=1_000, **change)


def test_a_plan_without_room_says_so():
    with pytest.raises(InputError, match="no green may change by add-only"):
        transition(plan((60.0, 60.0)), TWO, RULES, start_ms=1_000, mode="add-only")
