"""The fallback ladder: down at once, up with patience, and it says why."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from citybrain.operations.live.ladder import ADAPTIVE, FLASHING, ISOLATED, PLAN, Facts, Ladder, LadderParameters


def facts(n=2, **changes):
    given = {
        "policy_ok": True, "console_ok": True, "clock_ok": True, "has_plan": np.ones(n, bool),
        "sensors_dead": np.zeros(n, bool), "conflict": np.zeros(n, bool), **changes,
    }  # fmt: skip
    return Facts(**given)


def run(ladder, times, **changes):
    return [step for time_s in times for step in ladder.update(float(time_s), facts(**changes))]


@pytest.mark.parametrize(
    ("changes", "levels", "because"),
    [
        ({"policy_ok": False}, [PLAN, PLAN], "the policy is late"),
        ({"console_ok": False}, [PLAN, PLAN], "no console is watching"),
        ({"sensors_dead": np.array([True, False])}, [PLAN, ADAPTIVE], "its sensors are dead"),
        ({"policy_ok": False, "has_plan": np.array([False, True])}, [ISOLATED, PLAN], "it has no plan"),
        ({"policy_ok": False, "clock_ok": False}, [ISOLATED, ISOLATED], "the clock jumped"),
        ({"conflict": np.array([False, True])}, [ADAPTIVE, FLASHING], "its lamps were not as commanded"),
        ({"clock_ok": False}, [ADAPTIVE, ADAPTIVE], ""),
    ],
)
def test_each_fault_leads_to_the_best_step_that_is_left_at_once(changes, levels, because):
    ladder = Ladder(2)
    run(ladder, [0, 1])
    steps = run(ladder, [2], **changes)
    assert ladder.level.tolist() == levels
    assert because in "; ".join(ladder.because)
    assert bool(steps) == any(levels)


def test_it_comes_back_by_itself_after_a_while_without_a_break():
    ladder = Ladder(1, LadderParameters(return_s=30))
    run(ladder, [0], n=1, policy_ok=False)
    assert run(ladder, range(1, 30), n=1) == []
    run(ladder, [30], n=1, policy_ok=False)  # the patience begins anew
    assert run(ladder, range(31, 61), n=1) == []
    steps = run(ladder, [61], n=1)
    assert [(s.before, s.after, s.because) for s in steps] == [(PLAN, ADAPTIVE, "all is well again")]
    assert ladder.because == [""]


def test_who_falls_often_waits_longer():
    ladder = Ladder(1, LadderParameters(return_s=10))
    waits, time_s = [], 0.0
    for _ in range(7):
        ladder.update(time_s, facts(1, policy_ok=False))
        begun = time_s
        while ladder.level[0]:
            time_s += 1
            ladder.update(time_s, facts(1))
        waits.append(time_s - begun - 1)
        time_s += 1
    assert waits == [10, 20, 40, 80, 160, 160, 160]


def test_it_climbs_only_as_far_as_is_good():
    ladder = Ladder(1, LadderParameters(return_s=5))
    run(ladder, [0], n=1, conflict=np.array([True]))
    assert ladder.level[0] == FLASHING
    run(ladder, range(1, 8), n=1, sensors_dead=np.array([True]))
    assert ladder.level[0] == PLAN
    run(ladder, range(8, 15), n=1)
    assert ladder.level[0] == ADAPTIVE


def test_a_random_life_is_never_on_a_step_that_is_not_good():
    rng = np.random.default_rng(3)
    ladder = Ladder(5, LadderParameters(return_s=4))
    for time_s in range(800):
        now = facts(
            5, policy_ok=bool(rng.random() > 0.1), console_ok=bool(rng.random() > 0.05), clock_ok=bool(rng.random() > 0.1),
            has_plan=np.arange(5) > 1, sensors_dead=rng.random(5) < 0.1, conflict=rng.random(5) < 0.02,
        )  # fmt: skip
        before = ladder.level.copy()
        ladder.update(float(time_s), now)
        good = ladder._good(now)
        assert good[ladder.level, np.arange(5)].all()
        assert not ((ladder.level < before) & ~good[before, np.arange(5)]).any()  # who falls does not rise


@pytest.mark.parametrize("wrong", [{"return_s": 0}, {"misses": 0}, {"other": 1}])
def test_parameters_are_checked(wrong):
    with pytest.raises(ValidationError):
        LadderParameters(**wrong)
