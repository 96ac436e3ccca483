from __future__ import annotations

import pytest

from citybrain.detection import (
    SENSORS,
    SensorSpec,
    check_sensors,
    make_sensors,
    parse_sensors,
    sensors_together,
    split_sensors,
)
from citybrain.errors import InputError
from citybrain.network.synthetic import grid_network


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("perfect", SensorSpec(name="perfect")),
        ("camera", SensorSpec(name="camera")),
        ("camera:night", SensorSpec(name="camera", condition="night")),
        ("camera:rain,dead=0.1", SensorSpec(name="camera", condition="rain", dead=0.1)),
        ("camera:dead=0.1", SensorSpec(name="camera", dead=0.1)),
        ("camera:feeds=382", SensorSpec(name="camera", feeds=382)),
        ("loops", SensorSpec(name="loops")),
        ("loops:entry,dead=0.1", SensorSpec(name="loops", entry=True, dead=0.1)),
        ("loops:dead=1", SensorSpec(name="loops", dead=1.0)),
        ("probes:0.1", SensorSpec(name="probes", share=0.1)),
        ("probes:0.25,dead=0.1", SensorSpec(name="probes", share=0.25, dead=0.1)),
    ],
)
def test_what_can_be_asked_for(text, spec):
    assert parse_sensors(text) == spec
    check_sensors(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("camra", r"unknown sensors 'camra' \(did you mean 'camera'\?\)"),
        ("camera+loops", r"--sensors camera\+loops: .* one kind"),
        ("camera:nigth", r"--sensors camera:nigth: camera has no option 'nigth' \(did you mean 'night'\?\)"),
        ("camera:ded=0.1", r"camera has no option 'ded=0.1'"),
        ("camera:feeds=0", r"feeds is '0', it must be a number of cameras"),
        ("camera:dead=x", r"dead is 'x', it must be 0 to 1"),
        ("loops:dead=1.5", r"dead is '1.5', it must be 0 to 1"),
        ("loops:night", r"loops has no option 'night'"),
        ("perfect:dead=0.1", r"perfect has no option"),
        ("probes", r"say which share of vehicles are probes, such as probes:0.1"),
        ("probes:0", r"say which share"),
        ("probes:ten", r"the share of probe vehicles is 'ten', it must be 0 to 1"),
        ("probes:nan", r"it must be 0 to 1"),
    ],
)
def test_what_cannot(text, message):
    with pytest.raises(InputError, match=message):
        check_sensors(text)


@pytest.mark.parametrize("text", [*(s for s in SENSORS if s != "probes"), "probes:0.1", "camera:night", "loops:dead=1"])
def test_every_one_can_be_made(text):
    assert make_sensors(text, grid_network(1, 1), seed=1) is not None


PLUG_IN = """
from citybrain.detection import PerfectSensors
def near(network, *, seed, options):
    return PerfectSensors(network, sight_m=float(options or 50))
"""


def test_third_parties_sensors_are_found_by_name(tmp_path, monkeypatch):
    (tmp_path / "eyes.py").write_text(PLUG_IN, encoding="utf-8")
    info = tmp_path / "eyes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: eyes\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[citybrain.sensors]\nnear = eyes:near\nperfect = eyes:near\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    network = grid_network(1, 1)
    assert make_sensors("near", network, seed=1).sight_m == 50.0
    assert make_sensors("near:20", network, seed=1).sight_m == 20.0
    assert make_sensors("perfect", network, seed=1).sight_m == 400.0  # ours are not replaced
    with pytest.raises(InputError, match="did you mean 'near'"):
        check_sensors("nea")


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("loops,camera", ("loops", "camera")),
        ("loops:entry,dead=0.1, camera:night,loops", ("loops:entry,dead=0.1", "camera:night", "loops")),
        ("loops,camra,loops", ("loops", "camra")),
        ("loops:entry,camra", ("loops:entry", "camra")),
        ("loops:enrty,daed=0.1", ("loops:enrty,daed=0.1",)),
        (
            "camera+loops:entry,dead=0.1,loops:entry,dead=0.1+camera",
            ("camera+loops:entry,dead=0.1", "loops:entry,dead=0.1+camera"),
        ),
        ("", ()),
    ],
)
def test_a_list_of_sensor_sets_keeps_options_together(text, sets):
    assert split_sensors(text) == sets


def test_sensors_of_a_set_are_there_at_once():
    assert sensors_together("camera:night + loops:entry,dead=0.1") == ("camera:night", "loops:entry,dead=0.1")
    assert sensors_together("loops+loops") == ("loops",)


@pytest.mark.parametrize("text", ["camera+", "+loops", "+", "camera++loops"])
def test_a_set_with_nothing_on_one_side_is_refused(text):
    with pytest.raises(InputError, match=r"there must be sensors on both sides of \+"):
        sensors_together(text)
