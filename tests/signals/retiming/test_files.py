"""Plans as files: they round-trip, and say exactly what is wrong."""

from __future__ import annotations

import pytest
from builders import one_junction

from citybrain.errors import InputError
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import ProgramPhase
from citybrain.signals.plan import Plan
from citybrain.signals.plan_file import PlanFile, check_plan_file
from citybrain.signals.retiming.files import current_text, read_plans, sumo_text, switching_text, toml_text

RULES = SignalRules(yellow_s=3.0, all_red_s=1.0)
TWO = one_junction(["Gr", "rG"], [(0, 1)], program=[ProgramPhase(state="Gr", duration_s=30.0)])
PLANS = {"J": Plan(junction_id="J", stages=(0, 1), greens_s=(20.0, 30.0), offset_s=12.0)}


def test_toml_round_trips(tmp_path):
    path = tmp_path / "plans.toml"
    path.write_text(toml_text(TWO, RULES, {"pm": PLANS}, source="test"), encoding="utf-8")
    assert read_plans(path, TWO, RULES) == {"pm": PLANS}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cycle_s = 58", "cycle_s = 60", "cycle_s is 60, but greens and intergreens sum to 58"),
        ("offset_s = 12", "offset_s = 99", "offset_s 99 is not below cycle 58"),
        ("offset_s = 12", "offset_s = -1", "offset_s"),
        ("greens_s = [20, 30]", "greens_s = [2, 48]", "green of stage 0 is 2 s, allowed 5 to 120 s"),
        ('junction = "J"', 'junction = "K"', "junction 'K' is not in the network"),
        ("[[plan]]", "[[plans]]", "holds 0 plans"),
        ("stages = [0, 1]", "stages = [0, 1", "broken TOML"),
        ("offset_s = 12", "offset_s = 12\ncolour = 3", "colour"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, old, new, words):
    path = tmp_path / "plans.toml"
    text = toml_text(TWO, RULES, {"pm": PLANS}, source="test")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=r"plans\.toml") as caught:
        read_plans(path, TWO, RULES)
    assert words in str(caught.value)


def test_sumo_file_is_accepted_as_a_policy(tmp_path):
    path = tmp_path / "plans.add.xml"
    path.write_text(sumo_text(TWO, RULES, PLANS), encoding="utf-8")
    assert check_plan_file(path, TWO) == 1
    assert 'offset="12"' in PlanFile(plans=path).programs(TWO, RULES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<additional/>", "holds no tlLogic"),
        ("<additional>", "broken XML"),
        ('<additional><tlLogic id="K"><phase state="Gr"/></tlLogic></additional>', "signal 'K'"),
        ('<additional><tlLogic id="J"><phase state="Grr"/></tlLogic></additional>', "[3] lamps, the network 2"),
    ],
)
def test_a_wrong_file_of_plans_is_refused(tmp_path, text, words):
    path = tmp_path / "plans.add.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_plan_file(path, TWO)
    assert words in str(caught.value)


def test_a_missing_file_of_plans_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file of plans"):
        check_plan_file(tmp_path / "none.add.xml", TWO)
    with pytest.raises(InputError, match="--plans"):
        PlanFile().programs(TWO, RULES)


def test_current_plan_and_switching():
    assert 'duration="30" state="Gr"' in current_text(TWO)
    text = switching_text(TWO, RULES, [("am", 0.0, PLANS), ("pm", 1800.0, None)])
    assert text.count("<tlLogic") == 2
    assert '<WAUT id="retimed" startProg="am" refTime="0">' in text
    assert '<wautSwitch time="1800" to="pm"/>' in text
    assert '<wautJunction wautID="retimed" junctionID="J"/>' in text
