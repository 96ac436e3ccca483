from __future__ import annotations

from pathlib import Path

import pytest

from citybrain.demand.scenario import Scenario
from citybrain.errors import InputError
from citybrain.evaluation.evaluate import Request, plan_runs, prepare_folder
from citybrain.evaluation.run import RunSpec

SCENARIO = Scenario(name="s", net_file=Path("n"), route_files=(), begin_s=0, end_s=1)


def request(**options):
    given = {"policies": ("greedy", "max-wave"), "baseline": "fixed-time", "seeds": (1, 2), "out": Path("o"), **options}
    return Request(scenario=SCENARIO, **given)


def test_runs_are_paired_seed_by_seed_the_baseline_first():
    runs = [(spec.policy, spec.seed) for spec in plan_runs(request())]
    assert runs == [
        ("fixed-time", 1), ("greedy", 1), ("max-wave", 1), ("fixed-time", 2), ("greedy", 2), ("max-wave", 2),
    ]  # fmt: skip


def test_a_policy_named_twice_or_as_the_baseline_runs_once():
    specs = plan_runs(request(policies=("greedy", "fixed-time", "greedy"), seeds=(7,)))
    assert [spec.policy for spec in specs] == ["fixed-time", "greedy"]


def test_every_run_gets_the_same_scenario_sensors_and_transport():
    specs = plan_runs(request(sensors="perfect", transport="traci"))
    assert {(spec.scenario.name, spec.sensors, spec.transport) for spec in specs} == {("s", "perfect", "traci")}


def test_no_seeds_and_unknown_policies_are_refused():
    with pytest.raises(InputError, match="no seeds given"):
        plan_runs(request(seeds=()))
    with pytest.raises(InputError, match="did you mean 'greedy'"):
        plan_runs(request(policies=("gredy",)))


def test_default_parameters_of_a_run():
    spec = RunSpec(scenario=SCENARIO, policy="greedy", seed=1)
    assert (spec.parameters, spec.sensors, spec.transport, spec.remote, spec.warm_state) == (
        {}, "perfect", "libsumo", None, None,
    )  # fmt: skip


def test_a_folder_is_made_with_its_parents_and_may_hold_other_things(tmp_path):
    prepare_folder(tmp_path / "a" / "b", force=False)
    (tmp_path / "a" / "b" / "notes.txt").write_text("mine", encoding="utf-8")
    prepare_folder(tmp_path / "a" / "b", force=False)
    (tmp_path / "a" / "b" / "results.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"already holds results\.json"):
        prepare_folder(tmp_path / "a" / "b", force=False)
    prepare_folder(tmp_path / "a" / "b", force=True)
    assert (tmp_path / "a" / "b" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_of_plans_is_one_more_policy(tmp_path):
    specs = plan_runs(request(policies=("greedy",), seeds=(1,), plans=tmp_path / "plans.add.xml"))
    assert [spec.policy for spec in specs] == ["fixed-time", "greedy", "retimed"]
    assert specs[2].parameters == {"plans": str(tmp_path / "plans.add.xml")}
    assert specs[1].parameters == {}
    with pytest.raises(InputError, match="give --plans"):
        plan_runs(request(policies=("retimed",)))
