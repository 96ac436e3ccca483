"""Traffic that is already there when the measured window begins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from citybrain.demand.scenario import open_scenario
from citybrain.errors import PlantError
from citybrain.evaluation.run import RunSpec, execute
from citybrain.evaluation.warm import cache_folder, warm_state
from citybrain.messages import HOLD, Decision
from citybrain.network import read_network
from citybrain.network.intergreens import SignalRules
from citybrain.signals.interlock import Interlock
from citybrain.signals.monitor import Monitor
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

pytestmark = pytest.mark.sumo


@pytest.fixture
def scenario(case, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return replace(open_scenario(str(case.config), begin_s=120.0), warmup_s=120.0)


def test_without_a_warm_up_there_is_no_state(scenario):
    assert warm_state(replace(scenario, warmup_s=0.0)) is None
    assert not cache_folder("warm").exists()


def test_a_state_is_computed_once_and_belongs_to_its_scenario(scenario, tmp_path):
    path = warm_state(scenario)
    assert path.is_relative_to(tmp_path / "cache" / "citybrain")
    made = path.stat().st_mtime_ns
    assert warm_state(scenario) == path
    assert path.stat().st_mtime_ns == made
    assert warm_state(replace(scenario, begin_s=150.0)) != path
    assert [p.name for p in path.parent.iterdir() if not p.name.endswith(".xml.gz")] == []


def test_a_run_starts_with_the_traffic_of_the_state(scenario):
    path = warm_state(scenario)
    network = read_network(scenario.net_file)
    plant = SumoPlant(scenario, network, SumoLaunch(seed=1, load_state=path))
    try:
        assert plant.time_ms == 120_000
        assert len(plant.read().ids) > 5
    finally:
        plant.close()
    runs = [
        execute(RunSpec(scenario=scenario, policy=policy, seed=1, warm_state=path)).result
        for policy in ("fixed-time", "max-wave")
    ]
    loaded = {run.vehicles.loaded for run in runs}
    assert len(loaded) == 1  # the same vehicles for every policy
    for run in runs:
        v = run.vehicles
        assert v.loaded == v.arrived + v.unfinished + v.never_inserted


@pytest.mark.parametrize("begin_s", [120.0, 134.0, 150.0, 179.0])
def test_signals_are_taken_over_without_a_jump(scenario, begin_s):
    """Whatever the plan shows when the window begins, green ends in yellow."""
    scenario = replace(scenario, begin_s=begin_s, warmup_s=begin_s)
    network = read_network(scenario.net_file)
    rules = SignalRules()
    plant = SumoPlant(scenario, network, SumoLaunch(seed=1, load_state=warm_state(scenario)))
    interlock, monitor = Interlock(network, rules), Monitor(network, rules)
    reasons = []
    try:
        monitor.watch(plant.signal_states(), plant.time_ms)
        plant.apply(interlock.start(plant.time_ms, plant.signal_states()))
        for second in range(60):
            monitor.watch(plant.signal_states(), plant.time_ms)
            reasons += [event.data["reason"] for event in monitor.events]
            plant.step()
            asked = np.full(len(network.junctions), HOLD if second < 30 else 1)
            plant.apply(interlock.advance(Decision(time_s=0.0, stage=asked), plant.time_ms))
    finally:
        plant.close()
    assert reasons == []


def test_a_warm_up_that_fails_says_why(scenario):
    broken = replace(scenario, options={"no-such-option": "1"})
    with pytest.raises(PlantError, match=r"the warm-up failed: .*no-such-option"):
        warm_state(broken)
    assert not list(cache_folder("warm").rglob("*.gz"))
