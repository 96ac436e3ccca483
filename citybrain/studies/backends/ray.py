"""A Ray cluster, or one that Ray starts on this machine."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from importlib import import_module
from typing import Any

from citybrain.errors import InputError
from citybrain.studies.backends import Progress
from citybrain.studies.backends.processes import run_apart
from citybrain.studies.execute import StudyRecord
from citybrain.studies.grid import StudyRun


class Ray:
    """Every run is one task of one CPU; a task whose worker is lost is run again elsewhere.

    Parameters
    ----------
    address : str, optional
        ``auto``, or ``ray://host:10001``; a cluster of ``jobs`` CPUs on this machine where not given.
    """

    def __init__(self, address: str | None, *, jobs: int) -> None:
        try:
            ray: Any = import_module("ray")
        except ImportError:
            raise InputError("--backend ray needs Ray: pip install 'citybrain[ray]'") from None
        self._ray = ray
        here = {"num_cpus": jobs, "include_dashboard": False} if address is None else {}
        try:
            ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **here)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"--scheduler {address}: no Ray cluster answers ({reason})") from None

    def run(
        self, runs: Sequence[StudyRun], *, limit_s: float | None, progress: Progress
    ) -> Generator[tuple[int, StudyRecord]]:
        """Yield index and record of each run as they come."""
        remote = self._ray.remote(num_cpus=1, max_retries=3)(run_apart)
        tasks = {remote.remote(run, limit_s): index for index, run in enumerate(runs)}
        try:
            while tasks:
                (task,), _ = self._ray.wait(list(tasks), num_returns=1)
                index = tasks.pop(task)
                yield index, self._result(task)
                progress(index, 1.0)
        finally:
            self._ray.shutdown()

    def _result(self, task: Any) -> StudyRecord:
        try:
            record: StudyRecord = self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            reason = " ".join(str(error).split())
            return StudyRecord(status="failed", error=f"the cluster lost it: {reason}", measures={}, timings={})
        return record
