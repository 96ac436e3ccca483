"""``citybrain evaluate`` as a process, from a scenario on disk to the result files."""

from __future__ import annotations

import json
import re

import pyarrow.parquet as pq
import pytest

from citybrain.evaluation.metrics import TRIP_SCHEMA
from citybrain.evaluation.results import Results
from citybrain.network import read_network

pytestmark = pytest.mark.sumo


def test_end_to_end(cli, case):
    done = cli("evaluate", case.config, "--policies", "actuated,greedy", "--seeds", "4,", "--jobs", "2", "--out", "o")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    out = cli.folder / "o"
    assert sorted(p.name for p in out.iterdir()) == ["report.html", "results.json", "trips.parquet"]
    results = Results.read(out / "results.json")
    assert [(run.policy, run.seed, run.status) for run in results.runs] == [
        ("fixed-time", 4, "ok"), ("actuated", 4, "ok"), ("greedy", 4, "ok"),
    ]  # fmt: skip
    assert (results.junctions, results.begin_s, results.end_s, results.interrupted) == (2, 0, case.end_s, False)
    assert results.scenario == str(case.config)
    assert results.command.startswith("citybrain evaluate ")
    assert set(results.policies) == {"fixed-time", "actuated", "greedy"}
    assert [row.policy for row in results.comparison] == ["actuated", "greedy"]
    for run in results.runs:
        vehicles = run.vehicles
        assert vehicles.loaded == case.vehicles
        assert vehicles.loaded == vehicles.arrived + vehicles.unfinished + vehicles.never_inserted
        assert vehicles.inserted == vehicles.arrived + vehicles.unfinished
        assert 0 < run.mean_delay_s < run.mean_travel_time_s
        assert 10 < run.mean_speed_kmh < 50
        assert run.co2_kg > 0
        assert run.wall_s > run.simulator_s > 0
        assert run.collisions == 0
    assert results.runs[2].decision_p99_ms > 0
    trips = pq.read_table(out / "trips.parquet")
    assert trips.num_rows == 3 * case.vehicles
    assert trips.schema.names == ["policy", "seed", *TRIP_SCHEMA.names]
    rows = [row for row in trips.to_pylist() if row["policy"] == "greedy"]
    delay_s = sum(row["time_loss_s"] + row["depart_delay_s"] for row in rows) / len(rows)
    assert delay_s == pytest.approx(results.runs[2].mean_delay_s)
    for name in ("fixed-time", "actuated", "greedy"):
        assert name in done.stdout
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "greedy" in page
    assert not re.search(r"""(src|href)=["']https?://""", page)


def test_force_replaces_and_nothing_else_does(cli, case):
    first = cli("evaluate", case.config, "--policies", "", "--seeds", "1", "--out", "o", "--end", "60")
    assert first.returncode == 0, first.stderr
    before = (cli.folder / "o" / "results.json").read_bytes()
    again = cli("evaluate", case.config, "--policies", "", "--seeds", "1", "--out", "o", "--end", "60")
    assert again.returncode == 2
    assert (cli.folder / "o" / "results.json").read_bytes() == before
    forced = cli("evaluate", case.config, "--policies", "", "--seeds", "2,", "--out", "o", "--end", "60", "--force")
    assert forced.returncode == 0
    assert [run["seed"] for run in json.loads((cli.folder / "o" / "results.json").read_text())["runs"]] == [2]


def test_programs_of_additional_files_are_run_and_their_outputs_are_not_written(cli, case, tmp_path):
    net = read_network(case.folder / "net.net.xml")
    lane = net.lanes[net.movements[net.junctions[0].movements[0]].from_lane].id
    states = [stage.state for stage in net.junctions[0].stages][:2]
    phases = "".join(f'<phase duration="30" state="{state}"/>' for state in states)
    extra = tmp_path / "mine.add.xml"
    extra.write_text(
        f'<additional><tlLogic id="{net.junctions[0].id}" programID="mine" type="static" offset="0">{phases}</tlLogic>'
        f'<e1Detector id="d" lane="{lane}" pos="-5" freq="60" file="mine.xml"/></additional>',
        encoding="utf-8",
    )
    (tmp_path / "mine.xml").write_text("precious", encoding="utf-8")
    config = tmp_path / "mine.sumocfg"
    config.write_text(
        case.config.read_text(encoding="utf-8")
        .replace('value="net', f'value="{case.folder}/net').replace('value="case', f'value="{case.folder}/case')
        .replace("</input>", f'<additional-files value="{extra}"/></input>'),
        encoding="utf-8",
    )  # fmt: skip
    done = cli("evaluate", config, "--policies", "greedy", "--seeds", "1", "--out", "o", "--end", "240")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine.xml").read_text(encoding="utf-8") == "precious"
    plain = cli("evaluate", case.config, "--policies", "greedy", "--seeds", "1", "--out", "p", "--end", "240")
    assert plain.returncode == 0, plain.stderr
    with_mine, without = (Results.read(cli.folder / folder / "results.json").runs[0] for folder in "op")
    assert with_mine.mean_delay_s != without.mean_delay_s


def test_a_scenario_that_sumo_cannot_load_is_a_failed_row_with_sumos_reason(cli, case, tmp_path):
    config = tmp_path / "bad.sumocfg"
    config.write_text(
        case.config.read_text(encoding="utf-8")
        .replace('value="net', f'value="{case.folder}/net').replace('value="case', f'value="{case.folder}/case')
        .replace("<time>", '<processing><no-such-option value="1"/></processing><time>'),
        encoding="utf-8",
    )  # fmt: skip
    done = cli("evaluate", config, "--policies", "", "--seeds", "1", "--out", "o")
    assert done.returncode == 1
    (run,) = Results.read(cli.folder / "o" / "results.json").runs
    assert run.status == "failed"
    assert "SUMO did not start" in run.error
    assert "no-such-option" in run.error
    assert f"failed: fixed-time seed 1: {run.error}" in done.stderr
