"""Starts the loop process, talks to it, and starts another one when it is lost."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Literal

from citybrain.operations.live.process import Start
from citybrain.operations.live.reports import Ended, Hello, Saved

log = logging.getLogger("citybrain")
State = Literal["starting", "running", "lost", "ended", "failed", "stopped"]
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_MOST_FALSE_STARTS = 3
_SILENT_S, _FIRST_TICK_S = 20.0, 180.0  # the first decision may have code to compile
_STOP_S = 20.0
_END_S, _LOST_END_S = 5.0, 1.0


class Supervisor:
    """See the module. Its thread starts the processes, so that they end with it.

    Parameters
    ----------
    start : Start
        What to run.
    tell : callable
        Is told every message of the process, in the supervisor's thread.
    changed : callable
        Is told every new state and why.

    Attributes
    ----------
    state : str
        ``failed``: it could not be started, and a person must help; ``error`` says how.
    checkpoint : Saved or None
        From where the next process goes on.
    """

    def __init__(self, start: Start, tell: Callable[[Any], None], changed: Callable[[State, str], None]) -> None:
        self._start, self._tell, self._changed = start, tell, changed
        self.state: State = "starting"
        self.error = ""
        self.bad_input = False
        self.checkpoint: Saved | None = None
        self.restarts = 0
        self.paused = False
        self.heard_s = monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._send_lock = Lock()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="supervisor", daemon=True)

    @property
    def pid(self) -> int | None:
        """The loop process."""
        return None if self._process is None else self._process.pid

    def begin(self) -> None:
        """Start the first process."""
        self._thread.start()

    def send(self, kind: str, data: Any = None) -> bool:
        """Send a message; False where there is nobody to take it."""
        with self._send_lock:
            if self._connection is None or self.state != "running":
                return False
            if kind == "pause":
                self.paused = bool(data)
            try:
                self._connection.send((kind, data))
            except (OSError, ValueError):
                return False
            return True

    def _run(self) -> None:
        pause_s, false_starts = _FIRST_PAUSE_S, 0
        while not self._stopping.is_set():
            said_hello, ended = self._one()
            if self._stopping.is_set():
                self._set("stopped", "")
                return
            if ended is not None and ended.why != "failed":
                self._set("ended" if ended.why == "end" else "stopped", "")
                return
            error = ended.error if ended is not None else f"the loop process was lost ({self._ending()})"
            false_starts = 0 if said_hello else false_starts + 1
            if (ended is not None and ended.bad_input) or false_starts >= _MOST_FALSE_STARTS:
                self.bad_input = ended is not None and ended.bad_input
                self.error = error
                self._set("failed", error)
                return
            pause_s = _FIRST_PAUSE_S if said_hello else min(2 * pause_s, _LONGEST_PAUSE_S)
            self.restarts += 1
            self._set("lost", error)
            self._stopping.wait(pause_s)
        self._set("stopped", "")

    def _one(self) -> tuple[bool, Ended | None]:
        """Run one process; return whether it got ready, and how it said that it ended."""
        start = self._start
        if self.checkpoint is not None and Path(self.checkpoint.path).is_file():
            where = {"state": Path(self.checkpoint.path), "state_s": self.checkpoint.time_ms / 1000}
            start = replace(start, config=start.config.model_copy(update=where))
        connection = self._spawn()
        said_hello, ended = False, None
        patience_s = _FIRST_TICK_S
        try:
            connection.send(start)
            self.heard_s = monotonic()
            while True:
                if self._stopping.is_set() and not said_hello:
                    break  # it has run nothing that could be lost
                if not connection.poll(0.5):
                    if said_hello and not self.paused and monotonic() - self.heard_s > patience_s:
                        log.warning("the loop process said nothing for %g s and is ended", patience_s)
                        break
                    continue
                message = connection.recv()
                self.heard_s = monotonic()
                if said_hello:
                    patience_s = _SILENT_S
                if isinstance(message, Hello):
                    said_hello = True
                    self._set("running", "")
                    if self._stopping.is_set():  # asked for before it could be told
                        self.send("stop")
                elif isinstance(message, Saved) and not message.error and not message.id:
                    self.checkpoint = message
                elif isinstance(message, Ended):
                    ended = message
                    break
                self._tell(message)
        except (EOFError, OSError):
            pass
        finally:
            self._end_process(patience_s=_END_S if said_hello and self._stopping.is_set() else _LOST_END_S)
        return said_hello, ended

    def _spawn(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "citybrain.operations.live.process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
            )
        connection = Connection(ours.detach())
        with self._send_lock:
            self._connection = connection
        return connection

    def _end_process(self, *, patience_s: float) -> None:
        with self._send_lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        process = self._process
        if process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _ending(self) -> str:
        code = None if self._process is None else self._process.returncode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"

    def _set(self, state: State, why: str) -> None:
        if state != self.state or state == "lost":
            self.state = state
            self._changed(state, why)

    def stop(self) -> None:
        """End the run, its outputs complete, and wait until that is done."""
        self._stopping.set()
        self.send("stop")
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._thread.join(_END_S)
