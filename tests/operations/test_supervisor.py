"""Ending a loop process that cannot be asked to end, because it has not begun to listen."""

from __future__ import annotations

import subprocess
import sys
import time

from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.process import Start
from citybrain.operations.live.reports import Hello
from citybrain.operations.service import supervisor as module
from citybrain.operations.service.supervisor import Supervisor

SILENT = "import time; time.sleep(120)"
HELLO_THEN_OBEY = """
import sys
import time
from multiprocessing.connection import Connection
from citybrain.operations.live.reports import Ended, Hello

pipe = Connection(int(sys.argv[1]))
pipe.recv()
time.sleep(0.3)
pipe.send(Hello(**{name: None for name in Hello.__dataclass_fields__}))
assert pipe.recv() == ("stop", None)
pipe.send(Ended(why="stopped"))
"""


def supervised(monkeypatch, program):
    """A supervisor whose loop process is a small program; what it told, and its states."""
    popen = subprocess.Popen

    def other(command, **options):
        return popen([sys.executable, "-c", program, command[-1]], **options)

    monkeypatch.setattr(module.subprocess, "Popen", other)
    told, states = [], []
    start = Start(config=RoomConfig(scenario="any"), key=b"0" * 16)
    return Supervisor(start, told.append, lambda state, _why: states.append(state)), told, states


def test_a_loop_that_is_still_starting_is_ended_at_once(monkeypatch):
    supervisor, told, states = supervised(monkeypatch, SILENT)
    supervisor.begin()
    while supervisor.pid is None:
        time.sleep(0.01)
    begun_s = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - begun_s < 5.0  # the process would sleep for two minutes
    assert states == ["stopped"]
    assert told == []
    assert supervisor._process.poll() is not None


def test_a_stop_in_the_moment_before_the_loop_listens_reaches_it(monkeypatch):
    supervisor, told, states = supervised(monkeypatch, HELLO_THEN_OBEY)

    def changed(state, _why):
        states.append(state)
        if state == "running":
            supervisor._stopping.set()  # whoever stops it has been refused just now

    supervisor._changed = changed
    supervisor.begin()
    supervisor._thread.join(20.0)
    assert states == ["running", "stopped"]
    assert isinstance(told[0], Hello)
    assert supervisor._process.returncode == 0  # it was told to stop
