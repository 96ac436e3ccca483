"""The event log of a SUMO run, and the page made of it."""

from __future__ import annotations

import pyarrow.parquet
import pytest
from cases import Case
from typer.testing import CliRunner

from citybrain.cli import app
from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.performance import measures
from citybrain.evaluation.performance.record import LogRequest, record

pytestmark = pytest.mark.sumo


@pytest.mark.parametrize("policy", ["fixed-time", "greedy"])
def test_a_sumo_run_is_logged(case: Case, policy: str) -> None:
    log, phases = record(LogRequest(scenario=open_scenario(str(case.config)), policy=policy, junctions=("A",)))
    assert list(phases) == [log.network.junction_index("A")]
    events = log.device(log.network.junction_index("A"))
    for phase in phases[log.network.junction_index("A")]:
        if phase.kind == "phase":
            cycles = measures.cycles(events, phase.number)
            assert cycles
            assert all(c.green_s < c.yellow_s <= c.red_s < c.next_green_s for c in cycles)
            ended = {how for _, how in measures.terminations(events, phase.number)}
            assert ended <= ({"force-off"} if policy == "fixed-time" else {"gap-out", "max-out"})
    assert (events.code == 82).sum() > 20


def test_the_command_writes_log_and_page(case: Case, tmp_path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["performance", str(case.config), "--out", str(out), "--day", "2026-03-02"])
    assert done.exit_code == 0, done.output
    table = pyarrow.parquet.read_table(out / "events.parquet")
    assert table["TimeStamp"][0].as_py().isoformat().startswith("2026-03-02")
    assert set(table["DeviceId"].to_pylist()) == {"A", "B"}
    assert "Purdue coordination diagram" in (out / "performance.html").read_text()
    again = CliRunner().invoke(app, ["performance", str(case.config), "--out", str(out)])
    assert again.exception is not None
    assert "--force" in str(again.exception)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--junctions", "nowhere"], "no such signal"),
        (["--day", "tomorrow"], "YEAR-MONTH-DAY"),
        (["--sensors", "eyes"], "eyes"),
    ],
)
def test_bad_input_is_one_line(case: Case, tmp_path, options: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["performance", str(case.config), "--out", str(tmp_path / "x"), *options])
    assert words in str(done.exception)
    assert not (tmp_path / "x").exists()
