"""The folder of a study: one folder a run, named by its key, each written in one step.

::

    out/study.json             the spec as it was read
    out/runs/KEY/run.json      the run, its row and its times
    out/runs/KEY/trips.parquet, emissions.parquet where they were asked for
    out/results.parquet        the table, and report.html, timings.parquet beside it

A run is finished when its folder is there: it is written beside its place and
renamed, so that a kill at any moment leaves a whole run or none.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from citybrain.errors import InputError
from citybrain.studies.execute import StudyRecord
from citybrain.studies.grid import StudyRun

RUNS = "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A run as it lies in the folder."""

    status: str
    error: str | None
    measures: Mapping[str, Any]
    timings: Mapping[str, float]
    finished: str
    host: str


class Store:
    """A study's folder, held by one sweep at a time."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def kept(self, runs: Iterable[StudyRun]) -> dict[str, Kept]:
        """Return the finished ones of these runs, by key."""
        present = {entry.name for entry in os.scandir(self.out / RUNS)} if (self.out / RUNS).is_dir() else set()
        return {run.key: self._read(run.key) for run in runs if run.key in present}

    def _read(self, key: str) -> Kept:
        path = self.out / RUNS / key / "run.json"
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            return Kept(**{name: row[name] for name in Kept.__slots__})
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path}: not a run of a study ({error}); delete its folder and sweep again") from None

    def write(self, run: StudyRun, record: StudyRecord) -> Kept:
        """Keep a run, replacing one of the same key that failed."""
        place = self.out / RUNS / run.key
        beside = self.out / RUNS / f".{run.key}"
        kept = Kept(
            status=record.status,
            error=record.error,
            measures=record.measures,
            timings=record.timings,
            finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
            host=socket.gethostname(),
        )
        shutil.rmtree(beside, ignore_errors=True)  # left by a kill
        beside.mkdir(parents=True)
        row = {"run": run.model_dump(mode="json"), **{name: getattr(kept, name) for name in Kept.__slots__}}
        _write_durably(beside / "run.json", json.dumps(row, indent=1).encode())
        for name, data in record.files.items():
            _write_durably(beside / f"{name}.parquet", data)
        if place.exists():
            shutil.rmtree(place)
        beside.rename(place)
        return kept


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # a rename may outlive its data in a power cut


@contextmanager
def hold(out: Path, *, resume: bool) -> Iterator[Store]:
    """Take a study's folder for one sweep; a kill gives it back.

    Raises
    ------
    InputError
        If the folder cannot be made, another sweep holds it, or it holds runs and ``resume`` is off.
    """
    if not resume and (out / RUNS).is_dir() and any((out / RUNS).iterdir()):
        count = sum(1 for entry in (out / RUNS).iterdir() if not entry.name.startswith("."))
        raise InputError(
            f"{out}: already holds {count} finished runs; --resume goes on with them, or give another --out"
        )
    try:
        (out / RUNS).mkdir(parents=True, exist_ok=True)
        lock = (out / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written to ({error.strerror})") from None
    with lock:
        _lock(lock, out)
        yield Store(out)


def _lock(file: Any, out: Path) -> None:
    """Lock for as long as this process lives; where the system has no such locks, trust the user."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InputError(f"{out}: another sweep writes here; wait for it, or give another --out") from None
