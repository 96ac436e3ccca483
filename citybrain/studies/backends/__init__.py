"""Where runs are run: processes of this machine, a Dask cluster, a Ray cluster.

A backend hands runs to an existing engine and yields what comes back; the engine
schedules, retries after the loss of a worker, and balances. Every run has a process
of its own wherever it runs: a simulator that crashes takes no worker with it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

from citybrain.errors import InputError, nearest_hint
from citybrain.studies.execute import StudyRecord
from citybrain.studies.grid import StudyRun

BACKENDS = ("processes", "dask", "ray")
Progress = Callable[[int, float], None]


class Backend(Protocol):
    """Runs runs."""

    def run(
        self, runs: Sequence[StudyRun], *, limit_s: float | None, progress: Progress
    ) -> Generator[tuple[int, StudyRecord]]:
        """Yield index and record of each run as they come; closing the iterator ends what still runs."""


def make_backend(name: str, *, jobs: int, scheduler: str | None) -> Backend:
    """Make a backend by name.

    Raises
    ------
    InputError
        If there is none of that name, its package is not installed, or the cluster cannot be reached.
    """
    if name == "processes":
        if scheduler is not None:
            raise InputError(f"--scheduler {scheduler} is for --backend dask or ray, not processes")
        from citybrain.studies.backends.processes import Processes

        return Processes(jobs)
    if name == "dask":
        from citybrain.studies.backends.dask import Dask

        return Dask(scheduler, jobs=jobs)
    if name == "ray":
        from citybrain.studies.backends.ray import Ray

        return Ray(scheduler, jobs=jobs)
    raise InputError(f"unknown backend {name!r}{nearest_hint(name, BACKENDS)}")
