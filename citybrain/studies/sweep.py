"""``citybrain sweep``: run what is not there yet, keep each run as it comes, write the table."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from citybrain.studies.backends import Backend, make_backend
from citybrain.studies.emission_maps import write_emission_maps
from citybrain.studies.grid import StudyRun, expand
from citybrain.studies.report import write_report
from citybrain.studies.spec import StudySpec, read_spec
from citybrain.studies.store import Kept, Store, hold
from citybrain.studies.table import results_table, timings_table, write_table


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """What to sweep, where, and where to."""

    spec: Path
    out: Path
    backend: str = "processes"
    scheduler: str | None = None
    jobs: int = 1
    resume: bool = False
    retry_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a sweep leaves: its runs in the order of the grid, and those that are finished, by key."""

    spec: StudySpec
    runs: list[StudyRun]
    kept: dict[str, Kept]
    table: pa.Table
    reused: int
    interrupted: bool = False

    @property
    def failed(self) -> list[tuple[StudyRun, str]]:
        """Runs that failed, with their errors."""
        return [
            (run, kept.error or "")
            for run in self.runs
            if (kept := self.kept.get(run.key)) is not None and kept.status == "failed"
        ]


def sweep(
    request: SweepRequest,
    progress: Callable[[int, int, float], None] = lambda _total, _index, _share: None,
    backend: Backend | None = None,
) -> Sweep:
    """Run a study and write its files; Ctrl-C and kill keep every finished run.

    Parameters
    ----------
    progress : callable
        Called with how many runs there are to do, the number of one, and the share of it that is done;
        first when all input has been checked.
    backend : Backend, optional
        Instead of the one that the request names.

    Raises
    ------
    InputError
        If the spec, the folder or the backend cannot be used. Raised before anything is written.
    """
    spec = read_spec(request.spec)
    runs = expand(spec, request.spec.resolve().parent)
    backend = backend or make_backend(request.backend, jobs=request.jobs, scheduler=request.scheduler)
    interrupted = False
    with hold(request.out, resume=request.resume) as store:
        kept = store.kept(runs)
        reused = [key for key, row in kept.items() if row.status == "ok" or not request.retry_failed]
        todo = [run for run in runs if run.key not in set(reused)]
        progress(len(todo), 0, 0.0)
        try:
            outcomes = backend.run(
                todo, limit_s=spec.run_limit_s, progress=lambda index, share: progress(len(todo), index, share)
            )
            with closing(outcomes):
                for index, record in outcomes:
                    kept[todo[index].key] = store.write(todo[index], record)
                    progress(len(todo), index, 1.0)
        except KeyboardInterrupt:
            interrupted = True
        done = Sweep(
            spec=spec,
            runs=runs,
            kept=kept,
            table=results_table(runs, kept),
            reused=len(reused),
            interrupted=interrupted,
        )
        _write(store, done)
    return done


def _write(store: Store, done: Sweep) -> None:
    out = store.out
    (out / "study.json").write_text(done.spec.model_dump_json(indent=1), encoding="utf-8")
    write_table(out / "timings.parquet", timings_table(done.runs, done.kept))
    write_table(out / "results.parquet", done.table)
    if done.spec.keep_emissions:
        write_emission_maps(out, done.runs, done.kept)
    write_report(out / "report.html", done.spec.name, done.table, baseline=done.spec.baseline, planned=len(done.runs))
