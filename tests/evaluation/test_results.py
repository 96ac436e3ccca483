from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from citybrain.evaluation.compare import by_policy, compare
from citybrain.evaluation.results import Results, RunResult, VehicleCounts


@pytest.fixture
def results():
    runs = [
        RunResult(policy=policy, seed=seed, mean_delay_s=delay + seed / 7, mean_travel_time_s=90.0,
                  vehicles=VehicleCounts(loaded=9, inserted=8, arrived=7, unfinished=1, never_inserted=1, teleported=0))
        for policy, delay in (("fixed-time", 30.0), ("greedy", 20.0)) for seed in (1, 2, 3)
    ]  # fmt: skip
    runs.append(RunResult(policy="greedy", seed=4, status="failed", error="SUMO was lost"))
    return Results(
        scenario="a.sumocfg", sumo_version="1.28.0", citybrain_version="0", begin_s=0, end_s=3600, sensors="perfect",
        junctions=2, notes=("a note",), runs=runs, policies=by_policy(runs), comparison=compare(runs, "fixed-time"),
    )  # fmt: skip


def test_results_come_back_as_they_were(results, tmp_path):
    path = tmp_path / "results.json"
    results.write(path)
    assert Results.read(path) == results
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_the_file_has_the_documented_shape(results, tmp_path):
    path = tmp_path / "results.json"
    results.write(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data.keys() >= {
        "scenario", "sumo_version", "citybrain_version", "begin_s", "end_s", "sensors", "junctions", "runs", "policies",
        "comparison",
    }  # fmt: skip
    assert data["runs"][0].keys() >= {
        "policy", "seed", "status", "vehicles", "mean_delay_s", "mean_travel_time_s", "mean_waiting_s",
        "stops_per_vehicle", "mean_speed_kmh", "co2_kg", "emergency_brakes", "collisions", "interlock_refusals",
        "wall_s", "simulator_s", "control_s", "decision_p99_ms",
    }  # fmt: skip
    assert data["runs"][0]["vehicles"].keys() == {
        "loaded", "inserted", "arrived", "unfinished", "never_inserted", "teleported",
    }  # fmt: skip
    assert data["runs"][-1]["status"] == "failed"
    assert data["runs"][-1]["error"] == "SUMO was lost"
    assert data["policies"]["greedy"]["mean_delay_s"].keys() == {"mean", "ci95", "worst"}
    assert data["comparison"][0].keys() >= {
        "policy", "baseline", "travel_time_saved_pct", "delay_saved_pct", "ci95_pct",
    }  # fmt: skip


def test_a_file_is_replaced_whole_or_not_at_all(results, tmp_path):
    path = tmp_path / "results.json"
    path.write_text("old", encoding="utf-8")
    results.write(path)
    assert Results.read(path).scenario == "a.sumocfg"
    with pytest.raises(ValidationError):
        results.runs[0].seed = 7


def test_what_an_incident_study_could_not_measure_is_null(results, tmp_path):
    path = tmp_path / "results.json"
    section = {"loops": {"mttd_s": None, "incidents": 0}}
    results.model_copy(update={"incidents": section}).write(path)
    assert json.loads(path.read_text(encoding="utf-8"))["incidents"] == section
    assert Results.read(path).incidents == section
