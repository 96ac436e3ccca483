"""The plan rung of the ladder by the clock: from a file of plans, and from the scenario's own day."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.messages import HOLD, Decision
from citybrain.network.day_programs import read_day
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.operations.live.day_plans import OWN, read_day_plans
from citybrain.operations.live.decider import Decider
from citybrain.operations.live.ladder import PLAN, Ladder
from citybrain.operations.live.seat import SeatAnswer
from citybrain.signals.plan import Plan
from citybrain.signals.retiming.files import toml_text

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0, min_green_s=5.0, max_green_s=60.0)
NETWORK = grid_network(1, 2)
IDS = [junction.id for junction in NETWORK.junctions]
STAGES = tuple(stage.index for stage in NETWORK.junctions[0].stages)
CHANGE_S = 400.0


def scenario(*files):
    return SimpleNamespace(rules=RULES, additional_files=files)


def plans(green_s, offset_s):
    return {
        name: Plan(junction_id=name, stages=STAGES, greens_s=(float(green_s),) * len(STAGES), offset_s=offset_s + 7.0 * k)
        for k, name in enumerate(IDS)
    }


def plan_file(tmp_path, begins_s):
    path = tmp_path / "plans.toml"
    periods = {"early": plans(12, 0.0), "late": plans(20, 31.0)}
    path.write_text(toml_text(NETWORK, RULES, periods, source="test", begins_s=begins_s), encoding="utf-8")
    return path


def waut(tmp_path, junctions=IDS):
    rows = ""
    for name, greens in (("night", plans(12, 0.0)), ("day", plans(20, 31.0))):
        rows += "".join(greens[j].to_sumo(NETWORK, RULES, program_id=name) for j in junctions)
    rows += f'<WAUT id="w" startProg="night" refTime="0"><wautSwitch time="{CHANGE_S:g}" to="day"/></WAUT>'
    rows += "".join(f'<wautJunction wautID="w" junctionID="{j}"/>' for j in junctions)
    path = tmp_path / "plans.add.xml"
    path.write_text(f"<additional>{rows}</additional>", encoding="utf-8")
    return path


class Silent:
    """A seat where nobody answers."""

    status, why = "lost", "a test"

    def start(self, network, rules):
        pass

    def ask(self, _observation):
        return None, SeatAnswer(answered=False)


def fallen(day, forced=""):
    """A decider whose policy never answers: all its junctions follow their plans."""
    n = len(IDS)
    people = SimpleNamespace(level=np.zeros(n, np.int8), plan=[forced] * n)
    decider = Decider(Silent(), Ladder(n), people, day)
    decider.start(NETWORK, RULES)
    return decider


def observation(time_s):
    lanes, movements = len(NETWORK.lanes), len(NETWORK.movements)
    return SimpleNamespace(
        time_s=time_s, passed=np.zeros(movements), confidence=np.ones(lanes), age_s=np.zeros(lanes)
    )


def cycle_of(decider, begin_s, end_s):
    """Seconds between the last two times that the first junction was asked for its first stage."""
    asked = [int(decider.decide(observation(float(t))).stage[0]) for t in range(begin_s, end_s)]
    begins = [t for t in range(1, len(asked)) if asked[t] == STAGES[0] != asked[t - 1]]
    return begins[-1] - begins[-2]


EARLY_S, LATE_S = (len(STAGES) * (green_s + 4) for green_s in (12, 20))


@pytest.mark.parametrize("source", ["file", "scenario"])
def test_a_junction_that_falls_follows_the_plan_of_the_hour_and_changes_with_the_clock(tmp_path, source):
    if source == "file":
        day = read_day_plans(plan_file(tmp_path, {"early": 0.0, "late": CHANGE_S}), scenario(), NETWORK)
        names = ["early", "late"]
    else:
        day, names = read_day_plans(None, scenario(waut(tmp_path)), NETWORK), ["night", "day"]
    decider = fallen(day)
    assert cycle_of(decider, 0, 390) == EARLY_S
    assert (decider.level == PLAN).all()
    assert decider.plans_in_force(390.0) == dict.fromkeys(range(len(IDS)), names[0])
    assert cycle_of(decider, 390, 1200) == LATE_S
    assert decider.plans_in_force(1200.0) == dict.fromkeys(range(len(IDS)), names[1])
    ways = [runner.changes for runner in decider._day.runners]
    assert [len(changes) for changes in ways] == [1] * len(IDS)  # it was led into step, it did not jump
    for junction, runner in zip(IDS, decider._day.runners, strict=True):
        assert runner._plan.offset_s == day.periods[names[1]][junction].offset_s
    assert decider.plan_ids(0)[1:] == tuple(names)


def test_without_begins_plans_of_a_file_are_forced_only(tmp_path):
    day = read_day_plans(plan_file(tmp_path, None), scenario(), NETWORK)
    own_s = sum(phase.duration_s for phase in NETWORK.junctions[0].program)
    assert cycle_of(fallen(day), 0, 600) == own_s
    assert day.name(IDS[0], 500.0) == OWN
    assert cycle_of(fallen(day, forced="late"), 0, 600) == LATE_S


def test_the_scenario_s_own_plan_can_be_forced_where_a_file_rules(tmp_path):
    day = read_day_plans(plan_file(tmp_path, {"early": 0.0, "late": CHANGE_S}), scenario(), NETWORK)
    own_s = sum(phase.duration_s for phase in NETWORK.junctions[0].program)
    assert cycle_of(fallen(day, forced=OWN), 0, 600) == own_s


def test_a_junction_that_the_schedule_leaves_out_keeps_its_own(tmp_path):
    day = read_day_plans(None, scenario(waut(tmp_path, IDS[:1])), NETWORK)
    assert [epoch.name for epoch in read_day(NETWORK, [waut(tmp_path, IDS[:1])])] == ["night", "day"]
    decider = fallen(day)
    assert decider.decide(observation(0.0)).stage.shape == (len(IDS),)
    assert Decision(time_s=0.0, stage=decider.decide(observation(1.0)).stage).stage.min() >= HOLD


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "broken.add.xml"
    path.write_text('<additional><WAUT id="w"><wautSwitch time="soon" to="x"/></WAUT></additional>', encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.add\.xml"):
        read_day(NETWORK, [path])
    assert read_day(NETWORK, [tmp_path / "missing.xml"]) == ()
