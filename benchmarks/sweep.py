"""What a sweep costs over bare processes, and what a kill -9 costs it.

python benchmarks/sweep.py overhead [RUNS]
python benchmarks/sweep.py kills [RUNS] [KILLS]
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from citybrain.studies.backends import Progress
from citybrain.studies.backends.processes import Processes
from citybrain.studies.execute import StudyRecord
from citybrain.studies.grid import StudyRun
from citybrain.studies.sweep import SweepRequest, sweep

JOBS = 1


def write_spec(folder: Path, runs: int) -> Path:
    path = folder / "tiny.toml"
    path.write_text(
        f'scenarios = ["twin:1x2"]\npolicies = ["greedy"]\nsensors = ["perfect"]\nseeds = {runs // 2}\nend_s = 300\n',
        encoding="utf-8",
    )
    return path


class Timed(Processes):
    """Bare processes, and how long a sweep waits for them."""

    inside_s = 0.0

    def run(
        self, runs: Sequence[StudyRun], *, limit_s: float | None, progress: Progress
    ) -> Generator[tuple[int, StudyRecord]]:
        with closing(super().run(runs, limit_s=limit_s, progress=progress)) as outcomes:
            while True:
                begun = time.perf_counter()
                outcome = next(outcomes, None)
                self.inside_s += time.perf_counter() - begun
                if outcome is None:
                    return
                yield outcome


def overhead(folder: Path, runs: int) -> None:
    """Time a sweep inside and outside of its processes: both in one run, whatever else the machine does.

    While the sweep puts a run away the next one runs: what it costs the user is less than this.
    """
    timed = Timed(JOBS)
    begun, cpu = time.perf_counter(), time.process_time()
    done = sweep(SweepRequest(spec=write_spec(folder, runs), out=folder / "out", jobs=JOBS), backend=timed)
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    assert done.table.num_rows == runs
    assert not done.failed
    outside_s = wall_s - timed.inside_s
    print(
        f"{runs} runs: {wall_s:.1f} s, of which {timed.inside_s:.1f} s in processes and {outside_s:.1f} s the sweep's own:"
    )
    print(
        f"{100 * outside_s / timed.inside_s:.1f} % over bare processes; {1000 * cpu_s / runs:.1f} ms of CPU a run in all"
    )


def kills(folder: Path, runs: int, count: int) -> None:
    spec, out = write_spec(folder, runs), folder / "killed"
    chance = random.Random(1)  # noqa: S311
    command = [
        sys.executable,
        "-m",
        "citybrain.cli",
        "sweep",
        str(spec),
        "--out",
        str(out),
        "--jobs",
        str(JOBS),
        "--resume",
    ]
    known: dict[str, str] = {}
    for number in range(count):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(chance.uniform(1.0, 6.0))
            process.send_signal(signal.SIGKILL)
        now = finished(out)
        again = [key for key, when in known.items() if now.get(key) != when]
        print(
            f"kill {number + 1}: {len(now)} runs finished, of {len(known)} known before {len(again)} lost or run again"
        )
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
            overhead(Path(name), *(int(n) for n in numbers or ("1000",)))
        else:
            kills(Path(name), *(int(n) for n in numbers or ("600", "10")))
