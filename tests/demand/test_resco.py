from __future__ import annotations

from importlib import metadata

import pytest

from citybrain.demand.resco import MAPS, resco_scenario
from citybrain.demand.validate import check_demand
from citybrain.errors import InputError

WINDOWS = {
    "arterial4x4": (0, 3600), "grid4x4": (0, 3600), "cologne1": (25200, 28800), "cologne3": (25200, 28800),
    "cologne8": (25200, 28800), "ingolstadt1": (57600, 61200), "ingolstadt7": (57600, 61200),
    "ingolstadt21": (57600, 61200),
}  # fmt: skip


@pytest.mark.usefixtures("resco")
@pytest.mark.parametrize("name", MAPS)
def test_the_benchmarks_own_settings(name):
    scenario = resco_scenario(name)
    begin_s, end_s = WINDOWS[name]
    assert (scenario.name, scenario.begin_s, scenario.end_s, scenario.step_s) == (f"resco:{name}", begin_s, end_s, 1.0)
    arterial = name == "arterial4x4"
    assert (scenario.rules.yellow_s, scenario.rules.all_red_s) == (2.0 if arterial else 3.0, 0.0)
    assert scenario.intervals_s == dict.fromkeys(("max-pressure", "max-wave"), 5.0 if arterial else 10.0)
    assert scenario.options["time-to-teleport"] == "-1"
    assert ("ignore-junction-blocker" in scenario.options) == (name in ("cologne3", "ingolstadt21"))
    assert any("teleporting" in note for note in scenario.notes)
    check_demand(scenario)


def test_an_unknown_map_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"'resco:ingolstadt22' \(did you mean 'resco:ingolstadt21'\?\)"):
        resco_scenario("ingolstadt22")


def test_without_the_wheel_the_line_to_install_it_is_given(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(InputError, match=r"pip install 'citybrain\[bench\]'"):
        resco_scenario("cologne1")
