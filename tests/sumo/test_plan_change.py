"""Plans by the clock, through the interlock, in SUMO."""

from __future__ import annotations

import pytest

from citybrain.demand.scenario import open_scenario
from citybrain.detection import PerfectSensors
from citybrain.evaluation.run import RunSpec, execute
from citybrain.loop import run_loop
from citybrain.network import read_network
from citybrain.signals.plan import Plan
from citybrain.signals.retiming.files import toml_text
from citybrain.signals.time_of_day import TimeOfDay
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

pytestmark = pytest.mark.sumo


def two_periods(case, path, change_s):
    network, rules = read_network(case.net), open_scenario(str(case.config)).rules

    def plans(greens_s, offset_s):
        return {name: Plan(junction_id=name, stages=(0, 1), greens_s=greens_s, offset_s=offset_s) for name in "AB"}

    early, late = plans((20.0, 20.0), 0.0), plans((25.0, 15.0), 17.0)
    text = toml_text(network, rules, {"a": early, "b": late}, source="test", begins_s={"a": 0.0, "b": change_s})
    path.write_text(text, encoding="utf-8")
    return network, rules, late


def test_plans_by_the_clock_are_in_step_after_a_change(case, tmp_path):
    scenario = open_scenario(str(case.config), end_s=500.0)
    network, rules, late = two_periods(case, tmp_path / "plans.toml", 150.0)
    plant = SumoPlant(scenario, network, SumoLaunch(seed=1))
    begins, before = [], ""

    class Watch:
        def step(self, time_ms, events):
            nonlocal before
            now = plant.signal_states()[0]
            if now == network.junctions[0].stages[0].state != before and time_ms > 380_000:
                begins.append(time_ms)
            before = now

    try:
        run_loop(
            plant, network, TimeOfDay(plans=tmp_path / "plans.toml"), PerfectSensors(network), rules, 500.0, [Watch()]
        )
    finally:
        plant.close()
    cycle_ms = round(1000 * late["A"].cycle_s(network, rules))
    assert len(begins) >= 2
    assert {(begin - 17_000) % cycle_ms for begin in begins} <= {0, 1000}


def test_a_plan_change_runs_as_a_policy_of_an_evaluation(case, tmp_path):
    scenario = open_scenario(str(case.config))
    two_periods(case, tmp_path / "plans.toml", 150.0)
    for way in ("cheapest", "at-once"):
        parameters = {"plans": str(tmp_path / "plans.toml"), "way": way}
        record = execute(RunSpec(scenario=scenario, policy="time-of-day", seed=1, parameters=parameters))
        assert record.result.vehicles.loaded == case.vehicles
