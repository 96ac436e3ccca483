"""Twins in child processes: a crash of the simulator (the siren's sublane model has some) loses one twin."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from citybrain.evaluation.emergency.spec import TwinSpec
from citybrain.evaluation.emergency.twin import TwinRecord, execute
from citybrain.evaluation.workers import ending, fresh_processes, interrupts_held, with_detail

_PRELOADED = [__name__, "libsumo", "citybrain.detection.camera", "citybrain.signals.stage_table", "scipy.sparse"]
"""Loaded once in the server that children are forked from: a second for each twin otherwise."""

Outcome = TwinRecord | str
"""A record, or why there is none."""


def run_twins(
    specs: Sequence[TwinSpec], *, jobs: int, progress: Callable[[int, float], None] = lambda _i, _s: None
) -> Iterator[tuple[int, Outcome]]:
    """Run twins in ``jobs`` processes at a time; yield what comes of each as it comes."""
    context = fresh_processes()
    if hasattr(context, "set_forkserver_preload"):
        context.set_forkserver_preload(_PRELOADED)
    waiting = list(enumerate(specs))[::-1]
    running: dict[int, tuple[BaseProcess, Connection]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                index, spec = waiting.pop()
                ours, theirs = context.Pipe(duplex=False)
                process: BaseProcess = context.Process(target=_child, args=(spec, theirs), daemon=True)
                with interrupts_held():
                    process.start()
                theirs.close()
                running[index] = process, ours
            wait([pipe for _, pipe in running.values()])
            for index, (child, pipe) in list(running.items()):
                outcome = _poll(child, pipe, lambda share, index=index: progress(index, share))  # type: ignore[misc]
                if outcome is not None:
                    del running[index]
                    yield index, outcome
    finally:
        for child, _ in running.values():
            child.terminate()
            child.join()


def _poll(process: BaseProcess, pipe: Connection, progress: Callable[[float], None]) -> Outcome | None:
    while pipe.poll():
        try:
            message = pipe.recv()
        except EOFError:
            process.join()
            return f"the simulator's process died ({ending(process.exitcode)})"
        if isinstance(message, (TwinRecord, str)):
            process.join()
            return message
        progress(message)
    return None


def _child(spec: TwinSpec, pipe: Connection) -> None:
    with tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        os.dup2(caught.fileno(), 2)
        os.dup2(caught.fileno(), 1)
        outcome: Outcome
        try:
            outcome = execute(spec, pipe.send)
        except KeyboardInterrupt:
            return
        except Exception as error:  # noqa: BLE001  whatever it is, it is this twin's row
            outcome = with_detail(f"{type(error).__name__}: {' '.join(str(error).split())}", caught)
        with suppress(BrokenPipeError):
            pipe.send(outcome)
