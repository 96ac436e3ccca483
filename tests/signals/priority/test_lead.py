"""How long clearing can wait when the junction's own program, or a policy, goes on meanwhile."""

from __future__ import annotations

import pytest
from builders import signal_view

from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.own_program import OwnProgram
from citybrain.signals.priority.lead import Lead
from citybrain.signals.priority.timing import Timing

NETWORK = grid_network(1, 1)
RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
PROGRAM = OwnProgram(NETWORK.junctions[0])


def begin_s(stage, green_by_s, *, time_s=20, own_plans=True, held=False):
    """Of the grid's program: stage 0 for 27 s, 4 s, stage 1 for 27 s, 4 s."""
    shown = PROGRAM.at(time_s * 1000)
    signals = signal_view([shown.stage], elapsed_s=shown.elapsed_ms / 1000)
    lead = Lead(NETWORK, Timing(NETWORK, RULES), own_plans=own_plans)
    return lead.begin_s(0, stage, green_by_s, signals, time_s * 1000, held=held)


@pytest.mark.parametrize(
    ("stage", "green_by_s", "expected_s"),
    [
        (0, 3.0, 3.0),  # green until then anyway
        (0, 10.0, 5.0),  # it would be gone, and could not come back in time
        (0, 30.0, 26.0),  # there is time to serve the other stage first
        (1, 10.0, 5.0),  # the program itself would be a second late
        (1, 40.0, 36.0),  # by then it shows it, and must only be kept
        (1, 2.0, -2.0),  # too late
    ],
)
def test_the_last_moment_that_a_program_leaves(stage, green_by_s, expected_s):
    assert begin_s(stage, green_by_s) == pytest.approx(expected_s)


def test_what_priority_holds_does_not_change_by_itself():
    assert begin_s(0, 10.0, held=True) == 10.0


def test_a_policy_may_leave_a_stage_at_any_moment():
    assert begin_s(0, 30.0, own_plans=False) == pytest.approx(30.0 - (4.0 + 5.0 + 4.0))
    assert begin_s(1, 30.0, own_plans=False) == pytest.approx(30.0 - 4.0)


def test_the_greens_of_a_program_to_come():
    assert list(PROGRAM.greens(20_000, 40_000)) == [(0, -20_000, 7_000), (1, 11_000, 38_000)]
