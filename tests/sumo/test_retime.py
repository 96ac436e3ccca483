"""``citybrain retime`` from scenario to files, on a scenario of two junctions."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from citybrain.demand.scenario import open_scenario
from citybrain.errors import InputError
from citybrain.evaluation.metrics import read_statistics, read_trips, summarise
from citybrain.evaluation.retiming.period import parse_periods
from citybrain.evaluation.retiming.retime import FILES, RetimeRequest, retime
from citybrain.evaluation.retiming.retime_results import RetimeResults
from citybrain.evaluation.run import RunRecord, RunSpec, execute, run_outputs
from citybrain.evaluation.warm import warm_state, without_programs
from citybrain.evaluation.workers import run_all
from citybrain.network import read_network
from citybrain.signals.plan import Plan
from citybrain.signals.retiming.files import read_plans, sumo_text, switching_text
from citybrain.signals.retiming.optimise import Settings
from citybrain.simulation.sumo import SumoLaunch, SumoPlant, sumo_arguments, sumo_binary

pytestmark = pytest.mark.sumo


@pytest.fixture(scope="module")
def retimed(case, tmp_path_factory) -> Path:
    scenario = open_scenario(str(case.config))
    out = tmp_path_factory.mktemp("retimed")
    retime(
        RetimeRequest(
            scenario=scenario,
            periods=parse_periods(str(case.config), scenario, None),
            settings=Settings(seconds=3.0, cycles_s=(40, 60)),
            out=out,
            choice_seeds=(11,),
            acceptance_seeds=(21,),
            jobs=2,
        )
    )
    return out


def test_all_files_are_there_and_agree(case, retimed):
    results = RetimeResults.read(retimed / "results.json")
    (period,) = results.periods
    network = read_network(case.net)
    assert {"Webster", "current plan", period.chosen} <= {c.name for c in period.candidates}
    if period.accepted:
        plans = read_plans(retimed / "plans.toml", network, open_scenario(str(case.config)).rules)
        assert set(plans[period.name]) == {"A", "B"}
    page = (retimed / "report.html").read_text(encoding="utf-8")
    assert "Junctions before and after" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert sorted(p.name for p in retimed.iterdir()) == sorted(FILES)


def test_the_plans_give_the_same_delay_in_bare_sumo(case, retimed, tmp_path):
    scenario = open_scenario(str(case.config))
    plans = retimed / "plans.add.xml"
    spec = RunSpec(scenario=scenario, policy="retimed", seed=7, parameters={"plans": str(plans)})
    ((_, record),) = run_all([spec], jobs=1)
    assert isinstance(record, RunRecord)
    bare = replace(scenario, additional_files=(*scenario.additional_files, plans))
    arguments = sumo_arguments(bare, SumoLaunch(seed=7, outputs=run_outputs(tmp_path)))
    subprocess.run([sumo_binary(), *arguments], check=True, capture_output=True)
    trips = read_trips(tmp_path / "tripinfo.xml", end_s=scenario.end_s)
    result = summarise(trips, read_statistics(tmp_path / "statistics.xml"), policy="bare", seed=7)
    assert result.mean_delay_s == pytest.approx(record.result.mean_delay_s, abs=1e-9)


def test_a_folder_with_plans_is_not_overwritten(case, retimed):
    scenario = open_scenario(str(case.config))
    with pytest.raises(InputError, match="already holds"):
        retime(RetimeRequest(scenario=scenario, periods=parse_periods(str(case.config), scenario, None), out=retimed))


def test_a_window_without_vehicles_is_refused_and_nothing_is_written(case, tmp_path):
    scenario = replace(open_scenario(str(case.config)), begin_s=4000.0, end_s=5000.0)
    out = tmp_path / "none"
    with pytest.raises(InputError, match="departs in the window"):
        retime(RetimeRequest(scenario=scenario, periods=parse_periods("x", scenario, None), out=out))
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0-4000", "must lie within"),
        ("auto:40", "1 to 12"),
        ("", "names no period"),
        ("10-20,10-20", "names a period twice"),
    ],
)
def test_absurd_periods_are_refused(case, text, words):
    scenario = open_scenario(str(case.config))
    with pytest.raises(InputError, match=words):
        parse_periods(str(case.config), scenario, text)


def test_sumo_switches_between_the_plans_of_two_periods(case, tmp_path):
    network, rules = read_network(case.net), open_scenario(str(case.config)).rules
    early = {"A": Plan(junction_id="A", stages=(0, 1), greens_s=(20.0, 30.0))}
    late = {"A": Plan(junction_id="A", stages=(0, 1), greens_s=(40.0, 10.0))}
    text = switching_text(network, rules, [("early", 0.0, early), ("late", 150.0, late)])
    output = tmp_path / "programs.xml"
    text = text.replace("</additional>", f'<timedEvent type="SaveTLSProgram" source="A" dest="{output}"/></additional>')
    (tmp_path / "plans.add.xml").write_text(text, encoding="utf-8")
    command = [sumo_binary(), "-n", case.net, "-a", tmp_path / "plans.add.xml", "--end", "300", "--no-step-log"]
    subprocess.run(command, check=True, capture_output=True)
    shown = output.read_text(encoding="utf-8")
    assert 'programID="early"' in shown
    assert 'programID="late"' in shown


def test_the_plans_run_after_a_warm_up_too(case, tmp_path, monkeypatch):
    """A saved state carries the program that was running; the plans of the file must be shown all the same."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    scenario = replace(open_scenario(str(case.config), begin_s=120.0), warmup_s=120.0)
    network = read_network(case.net)
    plan = Plan(junction_id="A", stages=(0, 1), greens_s=(11.0, 17.0), offset_s=5.0)
    path = tmp_path / "plans.add.xml"
    path.write_text(sumo_text(network, scenario.rules, {"A": plan}), encoding="utf-8")
    state = without_programs(warm_state(scenario), ["A"], tmp_path)
    plant = SumoPlant(scenario, network, SumoLaunch(seed=1, load_state=state, additional_files=(path,)))
    cycle = round(plan.cycle_s(network, scenario.rules))
    first = network.junctions[network.junction_index("A")].stages[0].state
    begins, before = [], ""
    try:
        for _ in range(120):
            plant.step()
            now = plant.signal_states()[network.junction_index("A")]
            if now == first and before not in ("", first):
                begins.append(plant.time_ms // 1000)
            before = now
    finally:
        plant.close()
    assert len(begins) >= 2
    # SUMO shows a phase in the second after it is due, as plant.step returns
    assert {(begin - 5) % cycle for begin in begins} <= {0, 1}


def test_a_native_policy_runs_its_own_programs_from_a_warm_state(case, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    scenario = replace(open_scenario(str(case.config), begin_s=120.0), warmup_s=120.0)
    network = read_network(case.net)
    plan = Plan(junction_id="A", stages=(0, 1), greens_s=(5.0, 80.0))
    path = tmp_path / "plans.add.xml"
    path.write_text(sumo_text(network, scenario.rules, {"A": plan}), encoding="utf-8")
    warm = warm_state(scenario)
    delays = {
        policy: execute(
            RunSpec(scenario=scenario, policy=policy, seed=1, parameters=parameters, warm_state=warm)
        ).result.mean_delay_s
        for policy, parameters in (("fixed-time", {}), ("retimed", {"plans": str(path)}))
    }
    # the state's own programs would give the very same run
    assert delays["retimed"] != delays["fixed-time"]
