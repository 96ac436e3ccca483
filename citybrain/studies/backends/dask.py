"""A Dask cluster, or one that Dask makes on this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Sequence
from typing import Any

from citybrain.errors import InputError
from citybrain.studies.backends import Progress
from citybrain.studies.backends.processes import run_apart
from citybrain.studies.execute import StudyRecord
from citybrain.studies.grid import StudyRun


class Dask:
    """Every run is one task of the scheduler at ``address``; a task whose worker is lost is run again elsewhere.

    Parameters
    ----------
    address : str, optional
        ``tcp://host:8786``; a cluster of ``jobs`` workers on this machine where not given.
    """

    def __init__(self, address: str | None, *, jobs: int) -> None:
        try:
            import distributed
        except ImportError:
            raise InputError("--backend dask needs Dask: pip install 'citybrain[dask]'") from None
        self._distributed: Any = distributed
        self._jobs = jobs
        self._address = address
        if address is not None:
            self._client(address).close()  # a wrong address is found before anything is written

    def _client(self, address: str | None) -> Any:
        if address is None:
            return self._distributed.Client(
                n_workers=self._jobs, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
            )
        try:
            return self._distributed.Client(address, timeout=20)
        except (OSError, ValueError, TimeoutError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"--scheduler {address}: no Dask scheduler answers ({reason})") from None

    def run(
        self, runs: Sequence[StudyRun], *, limit_s: float | None, progress: Progress
    ) -> Generator[tuple[int, StudyRecord]]:
        """Yield index and record of each run as they come."""
        with self._client(self._address) as client:
            # Dask forgets a task's result where nobody holds it; keys of runs name the tasks
            tasks = {
                client.submit(run_on_worker, run, limit_s, key=f"citybrain-{run.key}", pure=False): index
                for index, run in enumerate(runs)
            }
            for task in self._distributed.as_completed(list(tasks)):
                index = tasks.pop(task)
                yield index, _result(task)
                task.release()
                progress(index, 1.0)


def _result(task: Any) -> StudyRecord:
    if task.status == "finished":
        record: StudyRecord = task.result()
        return record
    error = task.exception()
    reason = " ".join(str(error).split())
    return StudyRecord(
        status="failed", error=f"the cluster lost it: {type(error).__name__}: {reason}", measures={}, timings={}
    )


def run_on_worker(run: StudyRun, limit_s: float | None) -> StudyRecord:
    """Run one run in a child of a Dask worker."""
    # a worker under a nanny is a daemon, which may have no children; ours end with it all the same,
    # because their pipe breaks
    multiprocessing.current_process().daemon = False
    return run_apart(run, limit_s)
