"""The same table from processes, from Dask and from Ray, workers lost or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from citybrain.studies.sweep import SweepRequest, sweep

pytestmark = pytest.mark.sumo

SPEC = """
scenarios = ["case.sumocfg", "twin:1x2"]
policies = ["greedy"]
sensors = ["camera"]
seeds = 4
end_s = 200
"""


@pytest.fixture
def local(case, tmp_path):
    """A sweep by processes of this machine, and its table."""
    spec = case.folder / "clusters.toml"
    spec.write_text(SPEC, encoding="utf-8")
    done = sweep(SweepRequest(spec=spec, out=tmp_path / "local", jobs=2))
    assert not done.failed, done.failed
    assert done.table.num_rows == 16
    return spec, (tmp_path / "local" / "results.parquet").read_bytes()


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def test_dask_gives_the_same_table_though_a_worker_is_killed(local, tmp_path):
    distributed = pytest.importorskip("distributed")
    spec, expected = local
    at = tmp_path / "scheduler.json"
    scheduler = start(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", at
    )
    workers = [
        start("distributed.cli.dask_worker", "--scheduler-file", at, "--nthreads", "1", "--no-nanny", "--no-dashboard",
              "--name", name, "--host", "127.0.0.1", "--local-directory", tmp_path)
        for name in ("one", "two")
    ]  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not at.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(at), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        killed = []

        def progress(_total, _index, share):
            if share >= 1 and not killed:  # in mid-run: one run is finished, the other worker is at work on the next
                os.kill(workers[0].pid, signal.SIGKILL)
                killed.append(workers[0].wait())

        request = SweepRequest(spec=spec, out=tmp_path / "dask", backend="dask", scheduler=address)
        done = sweep(request, progress)
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
    assert killed == [-signal.SIGKILL]
    assert not done.failed, done.failed
    assert (tmp_path / "dask" / "results.parquet").read_bytes() == expected


def test_ray_gives_the_same_table(local, tmp_path):
    pytest.importorskip("ray")
    spec, expected = local
    script = (
        "import sys; from pathlib import Path\n"
        "from citybrain.studies.sweep import SweepRequest, sweep\n"
        "done = sweep(SweepRequest(spec=Path(sys.argv[1]), out=Path(sys.argv[2]), backend='ray', jobs=2))\n"
        "assert not done.failed, done.failed\n"
    )
    quick = {**os.environ, "RAY_worker_niceness": "0"}  # Ray's workers give way to everything else otherwise
    subprocess.run(
        [sys.executable, "-c", script, spec, tmp_path / "ray"], check=True, capture_output=True, timeout=200, env=quick
    )
    assert (tmp_path / "ray" / "results.parquet").read_bytes() == expected
