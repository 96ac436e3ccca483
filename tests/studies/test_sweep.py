from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from inline import Inline

from citybrain.errors import InputError
from citybrain.studies.store import hold
from citybrain.studies.sweep import SweepRequest, sweep

SPEC = """
scenarios = ["twin:1x1"]
policies = ["max-wave"]
sensors = ["perfect"]
demand = [0.5, 1.0]
seeds = 3
end_s = 120
"""


@pytest.fixture
def request_(tmp_path):
    (tmp_path / "s.toml").write_text(SPEC, encoding="utf-8")
    return SweepRequest(spec=tmp_path / "s.toml", out=tmp_path / "out")


def resumed(request, **changes):
    return SweepRequest(spec=request.spec, out=request.out, resume=True, **changes)


def test_a_sweep_writes_one_row_a_run_in_the_order_of_the_grid(request_):
    done = sweep(request_, backend=Inline(order=lambda runs: reversed(range(len(runs)))))
    table = pq.read_table(request_.out / "results.parquet")
    assert table.equals(done.table)
    assert table.column("key").to_pylist() == [run.key for run in done.runs]
    assert table.column("policy").to_pylist() == ["fixed-time", "max-wave"] * 6
    assert set(table.column("status").to_pylist()) == {"ok"}
    assert min(table.column("mean_delay_s").to_pylist()) > 0
    assert table.column("co2_kg").null_count == 12  # the twin measures none
    assert pq.read_table(request_.out / "timings.parquet").num_rows == 12


def test_the_table_is_the_same_bytes_in_whatever_order_runs_came(request_, tmp_path):
    sweep(request_, backend=Inline())
    again = SweepRequest(spec=request_.spec, out=tmp_path / "again")
    sweep(again, backend=Inline(order=lambda runs: reversed(range(len(runs)))))
    assert (request_.out / "results.parquet").read_bytes() == (again.out / "results.parquet").read_bytes()


def test_interrupted_and_resumed_nothing_is_run_twice(request_):
    first, second = Inline(stop_after=5), Inline()
    done = sweep(request_, backend=first)
    assert done.interrupted
    assert done.table.num_rows == 5
    with pytest.raises(InputError, match="already holds 5 finished runs"):
        sweep(request_, backend=Inline())
    done = sweep(resumed(request_), backend=second)
    assert not done.interrupted
    assert (done.table.num_rows, done.reused) == (12, 5)
    assert not set(first.ran) & set(second.ran)


def test_failed_runs_are_rows_and_are_retried_when_asked(request_):
    done = sweep(request_, backend=Inline(fail=lambda run: run.seed == 2))
    assert len(done.failed) == 4
    rows = [row for row in done.table.to_pylist() if row["status"] == "failed"]
    assert {row["error"] for row in rows} == {"told to"}
    assert {row["mean_delay_s"] for row in rows} == {None}
    idle, busy = Inline(), Inline()
    sweep(resumed(request_), backend=idle)
    assert idle.ran == []
    done = sweep(resumed(request_, retry_failed=True), backend=busy)
    assert len(busy.ran) == 4
    assert not done.failed


def test_a_grid_that_grows_keeps_its_runs(request_):
    sweep(request_, backend=Inline())
    request_.spec.write_text(SPEC.replace("seeds = 3", "seeds = 4"), encoding="utf-8")
    more = Inline()
    done = sweep(resumed(request_), backend=more)
    assert len(more.ran) == 4
    assert done.table.num_rows == 16


def test_what_a_kill_leaves_half_written_is_not_a_run(request_):
    done = sweep(request_, backend=Inline(stop_after=1))
    key = done.runs[1].key
    half = request_.out / "runs" / f".{key}"
    half.mkdir()
    (half / "run.json").write_text("{", encoding="utf-8")
    done = sweep(resumed(request_), backend=Inline())
    assert done.table.num_rows == 12
    assert not half.exists()


def test_a_broken_run_is_named(request_):
    done = sweep(request_, backend=Inline(stop_after=1))
    (request_.out / "runs" / done.runs[0].key / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not a run of a study"):
        sweep(resumed(request_), backend=Inline())


def test_one_sweep_at_a_time(request_):
    with hold(request_.out, resume=False), pytest.raises(InputError, match="another sweep writes here"):
        sweep(resumed(request_), backend=Inline())


def test_a_run_says_what_it_was(request_):
    done = sweep(request_, backend=Inline(stop_after=1))
    row = json.loads((request_.out / "runs" / done.runs[0].key / "run.json").read_text())
    assert row["run"]["policy"] == "fixed-time"
    assert row["run"]["software"].startswith("citybrain ")
    assert row["measures"]["loaded"] > 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backend": "dusk"}, "unknown backend 'dusk' (did you mean 'dask'?)"),
        ({"scheduler": "tcp://127.0.0.1:1"}, "--scheduler tcp://127.0.0.1:1 is for --backend dask or ray"),
    ],
)
def test_bad_backends_leave_nothing(request_, changes, words):
    with pytest.raises(InputError) as error:
        sweep(SweepRequest(spec=request_.spec, out=request_.out, **changes))
    assert words in str(error.value)
    assert not request_.out.exists()
