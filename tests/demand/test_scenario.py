from __future__ import annotations

from pathlib import Path

import pytest

from citybrain.demand.scenario import SUMO_DEFAULT_END_S, Scenario, open_scenario, read_sumocfg
from citybrain.errors import InputError
from citybrain.network.intergreens import SignalRules


def write(folder, body, name="a.sumocfg"):
    path = folder / name
    path.write_text(f"<configuration>{body}</configuration>", encoding="utf-8")
    return path


def test_a_sumocfg_as_netedit_writes_it(tmp_path):
    path = write(
        tmp_path,
        """
        <!-- written by hand -->
        <input><net-file value="net/a.net.xml"/><route-files value="a.rou.xml, b.rou.xml"/>
          <additional-files value="types.add.xml"/></input>
        <time><begin value="25200"/><end value="28800"/><step-length value="0.5"/></time>
        <processing><time-to-teleport value="-1"/><lateral-resolution value="0.8"/></processing>
        """,
    )
    scenario = read_sumocfg(path)
    assert scenario.name == str(path)
    assert scenario.net_file == tmp_path / "net" / "a.net.xml"
    assert scenario.route_files == (tmp_path / "a.rou.xml", tmp_path / "b.rou.xml")
    assert scenario.additional_files == (tmp_path / "types.add.xml",)
    assert (scenario.begin_s, scenario.end_s, scenario.step_s) == (25200.0, 28800.0, 0.5)
    assert scenario.options == {"time-to-teleport": "-1", "lateral-resolution": "0.8"}
    assert scenario.rules == SignalRules()


def test_outputs_seeds_and_windows_of_the_file_are_left_out(tmp_path):
    path = write(
        tmp_path,
        """<net-file value="n"/><tripinfo-output value="t.xml"/><tripinfo-output.write-unfinished value="true"/>
        <summary-output value="s.xml"/><fcd-output value="f.xml"/><seed value="7"/><random value="true"/>
        <log value="l.txt"/><output-prefix value="x"/><save-state.times value="9"/><device.rerouting.probability value="1"/>""",
    )
    assert read_sumocfg(path).options == {"device.rerouting.probability": "1"}


def test_short_names_and_short_attributes(tmp_path):
    path = write(tmp_path, '<n v="a.net.xml"/><r v="a.rou.xml"/><b v="10"/><e v="20"/>')
    scenario = read_sumocfg(path)
    assert scenario.net_file == tmp_path / "a.net.xml"
    assert scenario.route_files == (tmp_path / "a.rou.xml",)
    assert (scenario.begin_s, scenario.end_s) == (10.0, 20.0)


def test_files_may_be_absolute_or_elsewhere(tmp_path):
    path = write(tmp_path, f'<net-file value="{tmp_path}/x/n.xml"/><route-files value="../r.xml"/>')
    scenario = read_sumocfg(path)
    assert scenario.net_file == tmp_path / "x" / "n.xml"
    assert scenario.route_files == ((tmp_path / ".." / "r.xml").resolve(),)


def test_without_times_a_run_lasts_a_day(tmp_path):
    scenario = read_sumocfg(write(tmp_path, '<net-file value="n"/><end value="-1"/>'))
    assert (scenario.begin_s, scenario.end_s, scenario.step_s) == (0.0, SUMO_DEFAULT_END_S, 1.0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("0:1:30", 90.0), ("07:00:00", 25200.0), ("1:0:0:0", 86400.0)]
)
def test_times_of_day(tmp_path, text, seconds):
    assert read_sumocfg(write(tmp_path, f'<net-file value="n"/><begin value="{text}"/>')).begin_s == seconds


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<route-files value='r'/>", "names no net-file (0 found, 1 needed)"),
        ("<net-file value='n'/><end value='noon'/>", "end is 'noon', not a time in seconds"),
        ("<net-file value='n'/><step-length value='fast'/>", "step-length is 'fast'"),
        ("<net-file value='n'/><step-length value='0'/>", "step-length is 0 s"),
        ("<net-file value='n'", "broken XML"),
    ],
)
def test_a_config_that_cannot_be_used_is_refused_in_one_line(tmp_path, body, complaint):
    path = write(tmp_path, body)
    with pytest.raises(InputError) as caught:
        read_sumocfg(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.sumocfg: no such scenario"):
        open_scenario(str(tmp_path / "gone.sumocfg"))


def config(tmp_path):
    return str(write(tmp_path, '<net-file value="n"/><begin value="100"/><end value="200"/>'))


@pytest.mark.parametrize(
    ("window", "expected"),
    [({}, (100, 200)), ({"begin_s": 150.0}, (150, 200)), ({"end_s": 1e6}, (100, 1e6)), ({"begin_s": 0.0}, (0, 200))],
)
def test_the_window_can_be_moved(tmp_path, window, expected):
    scenario = open_scenario(config(tmp_path), **window)
    assert (scenario.begin_s, scenario.end_s) == expected


@pytest.mark.parametrize(
    ("window", "complaint"),
    [
        ({"begin_s": 200.0}, "begin 200 s, end 200 s"),
        ({"begin_s": 300.0, "end_s": 250.0}, "begin 300 s, end 250 s"),
        ({"end_s": float("nan")}, "end nan s"),
        ({"end_s": float("inf")}, "end inf s"),
        ({"begin_s": -10.0}, "begin -10 s"),
    ],
)
def test_a_window_that_is_none_is_refused(tmp_path, window, complaint):
    with pytest.raises(InputError) as caught:
        open_scenario(config(tmp_path), **window)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("resco:cologn1", "did you mean 'resco:cologne1'?"),
        ("kuala-lumpor", "did you mean 'kuala-lumpur'?"),
        ("", "known: "),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, hint):
    with pytest.raises(InputError) as caught:
        open_scenario(name)
    assert f"unknown scenario '{name}'" in str(caught.value)
    assert hint in str(caught.value)


def test_a_scenario_does_not_share_its_options():
    one, two = (Scenario(name=n, net_file=Path("n"), route_files=(), begin_s=0, end_s=1) for n in "ab")
    assert one.options == {}
    assert one.options is not two.options
