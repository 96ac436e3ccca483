"""What a sweep costs over bare processes, and what a kill -9 costs it.

python benchmarks/sweep.py overhead [RUNS] [PAIRS]
python benchmarks/sweep.py kills [RUNS] [KILLS]
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from citybrain.evaluation.workers import run_tasks
from citybrain.studies.execute import execute_run
from citybrain.studies.grid import expand
from citybrain.studies.spec import read_spec
from citybrain.studies.sweep import SweepRequest, sweep

JOBS = 1


def write_spec(folder: Path, runs: int) -> Path:
    path = folder / "tiny.toml"
    path.write_text(
        f'scenarios = ["twin:1x2"]\npolicies = ["greedy"]\nsensors = ["perfect"]\nseeds = {runs // 2}\nend_s = 300\n',
        encoding="utf-8",
    )
    return path


def clocks() -> tuple[float, float]:
    own = os.times()
    return time.perf_counter(), own.user + own.system


def overhead(folder: Path, runs: int, pairs: int) -> None:
    spec = write_spec(folder, runs)
    todo = expand(read_spec(spec), folder)
    list(run_tasks(todo[:4], execute_run, jobs=JOBS))  # the server that forks the children is there for both
    walls, own = [], []
    for pair in range(pairs):
        begun = clocks()
        assert sum(1 for _ in run_tasks(todo, execute_run, jobs=JOBS)) == runs
        bare = clocks()
        done = sweep(SweepRequest(spec=spec, out=folder / f"out-{pair}", jobs=JOBS))
        swept = clocks()
        assert done.table.num_rows == runs
        assert not done.failed
        walls.append((swept[0] - bare[0]) / (bare[0] - begun[0]))
        own.append(((swept[1] - bare[1]) - (bare[1] - begun[1])) / runs)
        print(f"pair {pair}: bare {bare[0] - begun[0]:.1f} s, sweep {swept[0] - bare[0]:.1f} s, {walls[-1]:.3f} x")
    print(f"{runs} runs, median of {pairs} pairs: {statistics.median(walls):.3f} x the wall time of bare processes;")
    print(f"the sweep's own process takes {1000 * statistics.median(own):.1f} ms more of CPU a run")


def kills(folder: Path, runs: int, count: int) -> None:
    spec, out = write_spec(folder, runs), folder / "killed"
    chance = random.Random(1)  # noqa: S311
    command = [sys.executable, "-m", "citybrain.cli", "sweep", str(spec), "--out", str(out), "--jobs", str(JOBS), "--resume"]
    known: dict[str, str] = {}
    for number in range(count):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(chance.uniform(1.0, 6.0))
            process.send_signal(signal.SIGKILL)
        now = finished(out)
        again = [key for key, when in known.items() if now.get(key) != when]
        print(f"kill {number + 1}: {len(now)} runs finished, of {len(known)} known before {len(again)} lost or run again")
        assert not again
        known = now
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    now = finished(out)
    assert len(now) == runs
    assert all(now[key] == when for key, when in known.items())
    sweep(SweepRequest(spec=spec, out=folder / "whole", jobs=JOBS))
    same = (out / "results.parquet").read_bytes() == (folder / "whole" / "results.parquet").read_bytes()
    print(f"{count} kills, {runs} runs: none lost, none run twice; the table is {'the same' if same else 'ANOTHER'}")
    assert same


def finished(out: Path) -> dict[str, str]:
    """When each run was finished, by key."""
    rows = (entry / "run.json" for entry in (out / "runs").glob("[!.]*"))
    return {row.parent.name: json.loads(row.read_text(encoding="utf-8"))["finished"] for row in rows}


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="citybrain-bench-") as name:
        if what == "overhead":
            overhead(Path(name), *(int(n) for n in numbers or ("1000", "3")))
        else:
            kills(Path(name), *(int(n) for n in numbers or ("600", "10")))
