"""Runs in child processes: a crash of the simulator loses one run, not the command."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from citybrain.errors import CitybrainError
from citybrain.evaluation.results import RunResult
from citybrain.evaluation.run import RunRecord, RunSpec, execute

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

Outcome = RunRecord | RunResult
"""A record of a run that went well, or the row of one that failed."""


class Task(Protocol):
    """Whatever is run here; a row tells by these whose it is."""

    @property
    def policy(self) -> str:
        """Name of the policy."""

    @property
    def seed(self) -> int:
        """Seed of the run."""


_NEEDED_BY_RUNS = ("citybrain.signals.adaptive", "citybrain.signals.stage_table", "libsumo")
"""Loaded once in the server that children are forked from: together a second for each run otherwise."""

TaskT = TypeVar("TaskT", bound=Task)
RecordT = TypeVar("RecordT")


@dataclass(slots=True)
class _Child:
    task: Task
    process: BaseProcess
    pipe: Connection
    ends: float
    """When its time is over, on the monotonic clock."""


def run_all(
    specs: Sequence[RunSpec],
    *,
    jobs: int,
    progress: Callable[[int, float], None] = lambda _index, _share: None,
) -> Iterator[tuple[int, Outcome]]:
    """Run specs in ``jobs`` processes, each in a fresh one; yield outcomes as they come.

    Parameters
    ----------
    progress : callable
        Called with the index of a spec and the share of it that is done.
    """
    return run_tasks(specs, execute, jobs=jobs, progress=progress)


def run_tasks(
    tasks: Sequence[TaskT],
    run: Callable[[TaskT, Callable[[float], None]], RecordT],
    *,
    jobs: int,
    progress: Callable[[int, float], None] = lambda _index, _share: None,
    limit_s: float | None = None,
) -> Generator[tuple[int, RecordT | RunResult]]:
    """Run tasks in ``jobs`` processes, each in a fresh one; yield records, or rows of failed runs, as they come.

    Parameters
    ----------
    run : callable
        What a child does: takes the task and a callable for the share that is done. A
        function of a module, so that the child can find it.
    progress : callable
        Called with the index of a task and the share of it that is done.
    limit_s : float, optional
        Wall time after which a child is ended and its run counted as failed.

    Notes
    -----
    Closing the iterator (Ctrl-C does) ends the children that still run.
    """
    context = fresh_processes()
    waiting = list(enumerate(tasks))[::-1]
    running: dict[int, _Child] = {}
    finished: list[tuple[int, RecordT | RunResult]] = []
    try:
        while True:
            while waiting and len(running) < jobs:
                index, task = waiting.pop()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_child, args=(run, task, theirs), daemon=True)
                with interrupts_held():
                    process.start()
                theirs.close()
                running[index] = _Child(task, process, ours, monotonic() + (limit_s or math.inf))
            yield from finished  # the next ones run while the caller puts these away
            if not running:
                return
            soonest_s = min(child.ends for child in running.values()) - monotonic()
            wait([child.pipe for child in running.values()], None if soonest_s == math.inf else max(0.0, soonest_s))
            finished = []
            for index, child in list(running.items()):
                outcome = _poll(child, lambda share, index=index: progress(index, share))  # type: ignore[misc]
                if outcome is None and monotonic() >= child.ends:
                    child.process.kill()
                    child.process.join()
                    outcome = failed_run(child.task, f"stopped after its limit of {limit_s:g} s")
                if outcome is not None:
                    del running[index]
                    finished.append((index, outcome))
    finally:
        for child in running.values():
            child.process.terminate()
            child.process.join()


def fresh_processes() -> SpawnContext | ForkServerContext:
    """Fresh processes: forked from a server that has loaded the packages once, where the system can."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # a child also runs the imports of this process's main module again
    loaded = sorted(name for name in sys.modules if name.startswith("citybrain."))
    context.set_forkserver_preload([*loaded, *_NEEDED_BY_RUNS])
    return context


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Start children deaf to Ctrl-C, which a terminal sends to them too: this process ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _poll(child: _Child, progress: Callable[[float], None]) -> Any:
    while child.pipe.poll():
        try:
            message = child.pipe.recv()
        except EOFError:
            child.process.join()
            return failed_run(child.task, f"the simulator's process died ({ending(child.process.exitcode)})")
        if not isinstance(message, float):
            child.process.join()
            return message
        progress(message)
    return None


def ending(code: int | None) -> str:
    """Say how a process ended."""
    try:
        return f"killed by {signal.Signals(-(code or 0)).name}"
    except ValueError:
        return f"exit code {code}"


def failed_run(task: Task, error: str) -> RunResult:
    """Return the row of a run that failed."""
    return RunResult(policy=task.policy, seed=task.seed, status="failed", error=error)


def _child(run: Callable[[Any, Callable[[float], None]], object], task: Task, pipe: Connection) -> None:
    """Run one task and send what came of it. SUMO's own messages are caught, not shown."""
    with tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        os.dup2(caught.fileno(), 2)
        os.dup2(caught.fileno(), 1)
        try:
            outcome = run(task, pipe.send)
        except KeyboardInterrupt:
            return
        except CitybrainError as error:
            outcome = failed_run(task, with_detail(str(error), caught))
        except Exception as error:  # noqa: BLE001  a plug-in may raise anything; it is this run's row
            outcome = failed_run(task, f"{type(error).__name__}: {' '.join(str(error).split())}")
        with suppress(BrokenPipeError):
            pipe.send(outcome)


def with_detail(message: str, caught: object) -> str:
    """Add the first error that SUMO printed; its exceptions alone often say nothing."""
    caught.seek(0)  # type: ignore[attr-defined]
    text = caught.read().decode("utf-8", errors="replace")  # type: ignore[attr-defined]
    lines = [line.strip() for line in text.splitlines()]
    for line in lines:
        if line.startswith("Error:") and line.removeprefix("Error:").strip() not in message:
            return f"{message} [{line.removeprefix('Error:').strip()}]"
    return message
