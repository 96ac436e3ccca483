"""Runs in child processes: a crash of the simulator loses one run, not the command."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

from citybrain.errors import CitybrainError
from citybrain.evaluation.results import RunResult
from citybrain.evaluation.run import RunRecord, RunSpec, execute

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

Outcome = RunRecord | RunResult
"""A record of a run that went well, or the row of one that failed."""


@dataclass(slots=True)
class _Child:
    spec: RunSpec
    process: BaseProcess
    pipe: Connection


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

    Notes
    -----
    Closing the iterator (Ctrl-C does) ends the children that still run.
    """
    context = fresh_processes()
    waiting = list(enumerate(specs))[::-1]
    running: dict[int, _Child] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                index, spec = waiting.pop()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_child, args=(spec, theirs), daemon=True)
                with interrupts_held():
                    process.start()
                theirs.close()
                running[index] = _Child(spec, process, ours)
            wait([child.pipe for child in running.values()])
            for index, child in list(running.items()):
                outcome = _poll(child, lambda share, index=index: progress(index, share))  # type: ignore[misc]
                if outcome is not None:
                    del running[index]
                    yield index, outcome
    finally:
        for child in running.values():
            child.process.terminate()
            child.process.join()


def fresh_processes() -> SpawnContext | ForkServerContext:
    """Fresh processes: forked from a server that has loaded the packages once, where the system can."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
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


def _poll(child: _Child, progress: Callable[[float], None]) -> Outcome | None:
    while child.pipe.poll():
        try:
            message = child.pipe.recv()
        except EOFError:
            child.process.join()
            return failed_run(child.spec, f"the simulator's process died ({ending(child.process.exitcode)})")
        if not isinstance(message, float):
            child.process.join()
            outcome: Outcome = message
            return outcome
        progress(message)
    return None


def ending(code: int | None) -> str:
    """Say how a process ended."""
    try:
        return f"killed by {signal.Signals(-(code or 0)).name}"
    except ValueError:
        return f"exit code {code}"


def failed_run(spec: RunSpec, error: str) -> RunResult:
    """Return the row of a run that failed."""
    return RunResult(policy=spec.policy, seed=spec.seed, status="failed", error=error)


def _child(spec: RunSpec, pipe: Connection) -> None:
    """Run one spec and send what came of it. SUMO's own messages are caught, not shown."""
    with tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        os.dup2(caught.fileno(), 2)
        os.dup2(caught.fileno(), 1)
        try:
            outcome: Outcome = execute(spec, pipe.send)
        except KeyboardInterrupt:
            return
        except CitybrainError as error:
            outcome = failed_run(spec, with_detail(str(error), caught))
        except Exception as error:  # noqa: BLE001  a plug-in may raise anything; it is this run's row
            outcome = failed_run(spec, f"{type(error).__name__}: {' '.join(str(error).split())}")
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
