"""The scenarios of Kuala Lumpur load and run; how well they are calibrated is for benchmarks/kuala_lumpur.py."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from lxml import etree

from citybrain.demand.assignment import edge_speeds
from citybrain.demand.city import city_periods
from citybrain.demand.measured import mean_speed_kmh, read_edge_data
from citybrain.demand.scenario import open_scenario
from citybrain.demand.validate import check_demand
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary

pytestmark = pytest.mark.sumo
SCENARIOS = ("pm-peak", "am-peak", "midday", "night", "day", "pm-peak-mixed")


def run(scenario, tmp_path, **outputs):
    launch = SumoLaunch(
        seed=1,
        begin_s=scenario.begin_s - scenario.warmup_s,
        outputs={"statistic-output": str(tmp_path / "s.xml")},
        additional_files=tuple(outputs.values()),
    )
    done = subprocess.run(
        [sumo_binary(), *sumo_arguments(scenario, launch)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return etree.parse(str(tmp_path / "s.xml")).getroot()


def test_there_is_a_scenario_for_every_period():
    assert sorted(city_periods("kuala-lumpur")) == sorted(SCENARIOS)


@pytest.mark.parametrize("period", SCENARIOS)
def test_a_scenario_loads_and_vehicles_drive(period, tmp_path):
    scenario = open_scenario(f"kuala-lumpur:{period}")
    check_demand(scenario)
    first_s = scenario.begin_s - scenario.warmup_s
    statistics = run(replace(scenario, end_s=first_s + 90.0), tmp_path)
    vehicles, safety = statistics.find("vehicles"), statistics.find("safety")
    # SUMO loads ahead of the clock, so "loaded" says nothing here
    assert int(vehicles.get("inserted")) > 5
    assert int(vehicles.get("waiting")) <= 0.1 * int(vehicles.get("inserted"))
    assert int(safety.get("collisions")) == 0


def test_the_night_drives_at_the_night_s_speed(tmp_path):
    scenario = open_scenario("kuala-lumpur:night", end_s=2 * 3600 + 1200.0)
    extra = tmp_path / "e.add.xml"
    extra.write_text(
        f'<additional><edgeData id="w" file="{tmp_path / "e.xml"}" begin="{scenario.begin_s:g}"/></additional>',
        encoding="utf-8",
    )
    statistics = run(scenario, tmp_path, extra=extra)
    length_m = {edge: length for edge, (length, _) in edge_speeds(scenario.net_file).items()}
    assert mean_speed_kmh(read_edge_data(tmp_path / "e.xml"), length_m) == pytest.approx(44, abs=5)
    inserted = int(statistics.find("vehicles").get("inserted"))
    assert int(statistics.find("teleports").get("total")) < 0.005 * inserted  # what the calibration allows
