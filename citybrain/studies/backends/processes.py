"""The default: processes of this machine."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

from citybrain.evaluation.results import RunResult
from citybrain.evaluation.workers import run_tasks
from citybrain.studies.backends import Progress
from citybrain.studies.execute import StudyRecord, execute_run, failed_record
from citybrain.studies.grid import StudyRun


class Processes:
    """``jobs`` runs at a time."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def run(
        self, runs: Sequence[StudyRun], *, limit_s: float | None, progress: Progress
    ) -> Generator[tuple[int, StudyRecord]]:
        """Yield index and record of each run as they come."""
        with closing(run_tasks(runs, execute_run, jobs=self.jobs, progress=progress, limit_s=limit_s)) as outcomes:
            for index, outcome in outcomes:
                yield index, failed_record(outcome) if isinstance(outcome, RunResult) else outcome


def run_apart(run: StudyRun, limit_s: float | None) -> StudyRecord:
    """Run one run in a process of its own; what an engine's worker does."""
    ((_, record),) = Processes(1).run([run], limit_s=limit_s, progress=lambda _index, _share: None)
    return record
