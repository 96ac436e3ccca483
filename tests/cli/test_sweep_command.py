"""``citybrain sweep``, ``league`` and ``new`` as a user types them."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from citybrain.cli import app
from citybrain.errors import InputError

SPEC = 'scenarios = ["twin:1x1"]\npolicies = ["max-wave"]\nsensors = ["perfect"]\nseeds = 2\nend_s = 60\n'


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "120"})


@pytest.mark.sumo  # it does not need it, but starts processes
def test_a_sweep_from_the_command_line(tmp_path):
    spec, out = tmp_path / "s.toml", tmp_path / "out"
    spec.write_text(SPEC, encoding="utf-8")
    done = invoke("sweep", spec, "--out", out, "--jobs", 2)
    assert done.exit_code == 0, done.output
    assert "4 of 4 runs finished, 0 of them before, 0 failed" in done.output
    assert pq.read_table(out / "results.parquet").num_rows == 4
    assert (out / "report.html").exists()
    again = invoke("sweep", spec, "--out", out, "--resume")
    assert "4 of 4 runs finished, 4 of them before" in again.output
    assert "too few seeds" in invoke("league", out).output


@pytest.mark.sumo
def test_failed_runs_are_said_and_the_command_fails(tmp_path):
    spec = tmp_path / "s.toml"
    spec.write_text(SPEC.replace("end_s = 60", "end_s = 200000\nrun_limit_s = 0.2"), encoding="utf-8")
    done = invoke("sweep", spec, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "4 failed" in done.output
    rows = pq.read_table(tmp_path / "out" / "results.parquet").to_pylist()
    assert {row["error"] for row in rows} == {"stopped after its limit of 0.2 s"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sweep", "none.toml"), "none.toml: cannot be read"),
        (("league", "nowhere"), "no table of a study"),
        (("new", "policy", "Bad Name"), "needs small letters"),
    ],
)
def test_bad_input_is_one_line(arguments, words):
    done = invoke(*arguments)
    assert isinstance(done.exception, InputError)
    assert words in str(done.exception)
