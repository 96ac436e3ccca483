"""Programs in files beside the net: the right length, complete, without conflicts, with yellow."""

from __future__ import annotations

import pytest
from nets import LEFT_THEN_STRAIGHT, tiny_net

from citybrain.errors import InputError
from citybrain.network.check import check_network
from citybrain.network.check_programs import read_programs
from citybrain.network.reader import read_network


@pytest.fixture
def found(tmp_path):
    """Check a program of these phases; returns severity, rule and text of the findings."""
    (tmp_path / "n.net.xml").write_text(tiny_net(), encoding="utf-8")
    network = read_network(tmp_path / "n.net.xml")

    def check(*states, signal="C"):
        phases = "".join(f'<phase duration="9" state="{state}"/>' for state in states)
        plans = tmp_path / "plans.add.xml"
        plans.write_text(
            f'<additional><tlLogic id="{signal}" type="static" programID="p" offset="0">{phases}</tlLogic></additional>',
            encoding="utf-8",
        )
        report = check_network(network, programs=read_programs([plans]))
        assert report.programs == 1
        return [(f.severity, f.rule, f.id, f.what) for f in report.findings if f.rule.startswith("program-")]

    return check


def test_a_sound_program_has_no_findings(found):
    assert found(*(state for state, _ in LEFT_THEN_STRAIGHT)) == []


def test_a_program_of_another_net(found):
    where = "program 'p' of plans.add.xml"
    assert found("GGrr", signal="X") == [("error", "program-unknown", "X", f"{where}: no such signal")]
    lines = [what for _, rule, _, what in found("GGr", "rrG") if rule == "program-length"]
    assert lines[0] == f"{where}: phase GGr has 3 lamps, the signal has 4"


def test_a_movement_without_green(found):
    states = ("GGrr", "yyrr", "rrrr", "rrrG", "rrrr")
    assert found(*states) == [
        ("error", "program-unserved", "C", "program 'p' of plans.add.xml: link 2 has no green in any phase")
    ]


def test_conflicting_greens(found):
    states = ("GGGr", "yyyr", "rrrr", "rrrG", "rrrr")
    ((severity, rule, _, what),) = found(*states)
    assert (severity, rule) == ("error", "program-conflict")
    assert "links 1 and 2 conflict and are both 'G' in phase GGGr" in what


def test_green_that_ends_without_yellow(found):
    states = ("GGrr", "rrrr", "rrGr", "rryr", "rrrG", "rrrr")
    assert [(severity, rule) for severity, rule, _, _ in found(*states)] == [("warning", "program-yellow")] * 2


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"gone.add.xml: no such file"):
        read_programs([tmp_path / "gone.add.xml"])
    (tmp_path / "broken.add.xml").write_text("<additional>", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken.add.xml: broken XML"):
        read_programs([tmp_path / "broken.add.xml"])
    (tmp_path / "types.add.xml").write_text("<additional/>", encoding="utf-8")
    assert read_programs([tmp_path / "types.add.xml"]) == []
