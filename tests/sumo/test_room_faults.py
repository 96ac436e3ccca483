"""Faults injected one by one into a running room: the ladder acts, signals stay legal, nothing recorded is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from cases import build_case
from rooms import WatchedRoom

from citybrain.operations.live.ladder import LadderParameters
from citybrain.operations.live.reports import Hello, Input
from citybrain.operations.record.database import open_database
from citybrain.operations.record.reader import check_chain, list_runs, read_run
from citybrain.operations.replay import check_again

pytestmark = [pytest.mark.sumo, pytest.mark.alone]
LISTEN = "from urllib.request import urlopen; urlopen('http://localhost:18443/api/events').read()"
ACTS_S = 2.0
SLACK_S = 1.5  # for a machine that does other things, too


class Pulse:
    """A console that is being watched, until it is cut."""

    def __init__(self, room):
        self._room, self._beats, self._stop = room, threading.Event(), threading.Event()
        self._beats.set()
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self):
        while not self._stop.wait(0.3):
            if self._beats.is_set():
                self._room.heartbeat("the console of the test")

    def cut(self, *, off):
        self._beats.clear() if off else self._beats.set()

    def end(self):
        self._stop.set()


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    scenario = build_case(tmp_path_factory.mktemp("faults-case"), end_s=3600).config
    made = WatchedRoom(
        tmp_path_factory.mktemp("faults"), scenario, drill=True, speed=5.0, decide_limit_s=0.7, heartbeat_s=1.5,
        checkpoint_s=10.0, ladder=LadderParameters(return_s=5.0, memory_s=1.0),
    )  # fmt: skip
    made.pulse = Pulse(made.room)
    yield made
    made.pulse.end()
    made.room.close()


@pytest.fixture(autouse=True)
def calm(room):
    room.wait(lambda: room.last.level.tolist() == [0, 0] and room.room.snapshot().level != "lost", 60, "calm")


def audited(room, kind, why):
    return any(why in row.why for row in room.room.audit(limit=50, kind=kind))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_policy_that_is_killed_or_frozen_is_replaced(room, how):
    failures, pid = room.last.policy_failures, room.last.policy_pid
    os.kill(pid, how)
    took_s = room.wait(lambda: room.last.level.tolist() == [1, 1], 30, "plans")
    assert took_s < ACTS_S + SLACK_S
    assert any(alarm.kind == "policy" for alarm in room.room.alarms())
    room.wait(lambda: room.last.level.tolist() == [0, 0], 60, "the policy")
    assert room.last.policy_failures == failures + 1
    assert room.last.policy_pid != pid
    assert audited(room, "ladder", "the policy is")
    assert ("killed by SIGKILL" if how == signal.SIGKILL else "no answer within 5 s") in room.last.policy_why
    assert audited(room, "ladder", "all is well again")


def test_a_junction_without_sensors_follows_its_plan(room):
    room.client["operator"].post("/api/faults", json={"sensors": ["A"]}).raise_for_status()
    assert room.wait(lambda: room.last.level.tolist() == [1, 0], 10, "the plan at A") < ACTS_S + SLACK_S
    state = room.room.snapshot().junctions[0]
    assert (state.sensors, state.because) == ("dead", "its sensors are dead")
    room.client["operator"].post("/api/faults", json={"mend": ["A"]}).raise_for_status()
    room.wait(lambda: room.last.level.tolist() == [0, 0], 20, "the sensors' return")


def test_lamps_that_are_not_as_commanded_are_answered_with_flash(room):
    room.client["operator"].post("/api/faults", json={"lamps": ["B"]}).raise_for_status()
    assert room.wait(lambda: room.last.level.tolist() == [0, 3], 10, "flash at B") < ACTS_S + SLACK_S
    room.wait(lambda: set(room.room.picture.history.lamps[1]) == {"o"}, 20, "flashing lamps")
    room.wait(lambda: not room.last.flashing.any(), 30, "its end")


def test_a_clock_that_jumped_is_not_trusted_with_plans(room):
    plan = room.act(kind="force_plan", junction="A", limit_s=600)["action_id"]
    room.wait(lambda: room.last.level[0] == 1, 10, "the plan")
    os.kill(room.last.policy_pid, signal.SIGKILL)
    room.wait(lambda: room.last.level.tolist() == [1, 1], 10, "plans")
    room.room.supervisor.send("input", Input("clock", {"ok": False, "drift_s": 3600.0}))
    assert room.wait(lambda: room.last.level.tolist() == [2, 2], 10, "isolation") < ACTS_S + SLACK_S
    assert any(alarm.kind == "clock" for alarm in room.room.alarms())
    room.room.supervisor.send("input", Input("clock", {"ok": True, "drift_s": 0.0}))
    room.client["operator"].post(f"/api/actions/{plan}/undo", json={"reason": "done"}).raise_for_status()
    room.wait(lambda: room.last.level.tolist() == [0, 0], 60, "the policy")


def test_a_console_that_is_cut_leaves_the_city_to_its_plans(room):
    room.pulse.cut(off=True)
    took_s = room.wait(lambda: room.last.level.tolist() == [1, 1], 10, "plans")
    assert took_s < 1.5 + ACTS_S + SLACK_S  # after the silence that was allowed
    assert audited(room, "ladder", "no console is watching")
    room.pulse.cut(off=False)
    room.wait(lambda: room.last.level.tolist() == [0, 0], 20, "the policy")


def test_a_database_that_is_dropped_is_said_and_gets_all_when_it_is_back(room):
    other = sa.create_engine(f"sqlite:///{room.files.database}")
    with other.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ticks RENAME TO gone"))
    room.wait(lambda: room.room.snapshot().health.database == "spooling", 10, "the alarm")
    before = room.last.tick
    entry = room.act(kind="lock_stage", junction="A", stage=0, limit_s=5)  # the audit goes on
    room.wait(lambda: room.last.tick > before + 10, 20, "ticks meanwhile")
    with other.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO ticks"))
    room.wait(lambda: room.room.snapshot().health.database == "ok", 20, "its return")
    with other.connect() as connection:
        ids = [row[0] for row in connection.execute(sa.text("SELECT id FROM audit"))]
    other.dispose()
    assert entry["id"] in ids


def test_a_frozen_loop_shows_as_lost_and_a_short_silence_does_no_harm(room):
    pid = room.room.supervisor.pid
    os.kill(pid, signal.SIGSTOP)
    took_s = room.wait(lambda: room.room.snapshot().level == "lost", 10, "the loss to show")
    assert took_s < ACTS_S + SLACK_S
    assert room.room.snapshot().stale_s > 1
    os.kill(pid, signal.SIGCONT)
    room.wait(lambda: room.room.snapshot().level != "lost", 10, "its return")
    assert room.room.supervisor.pid == pid


def test_a_killed_simulator_is_started_again_from_its_last_state(room):
    room.wait(lambda: room.room.supervisor.checkpoint is not None, 20, "a checkpoint")
    lock = room.act(kind="lock_stage", junction="A", stage=1, limit_s=3000)["action_id"]
    room.wait(lambda: 0 in room.last.actions, 10, "the lock")
    first, time_ms = room.room.picture.run_id, room.last.time_ms
    os.kill(room.room.supervisor.pid, signal.SIGKILL)
    took_s = room.wait(lambda: room.room.snapshot().level == "lost", 10, "the loss to show")
    assert took_s < ACTS_S + SLACK_S
    assert room.act(kind="lock_stage", junction="B", stage=0, limit_s=20)["action_id"]  # it waits for the plant
    room.wait(lambda: isinstance(room.messages[-1], Hello) or room.room.picture.run_id != first, 60, "another run")
    room.wait(lambda: room.last.actions.get(0) == (lock,), 20, "the lock in the new run")
    assert room.last.time_ms > time_ms - 15_000  # not from the beginning
    assert room.room.snapshot().health.simulator_restarts == 1
    assert audited(room, "ladder", "killed by SIGKILL")
    room.client["operator"].post(f"/api/actions/{lock}/undo", json={"reason": "done"}).raise_for_status()


def test_all_that_happened_was_legal_is_recorded_and_comes_out_the_same(room):
    """The last test of this room: it ends it."""
    room.room.close()
    assert room.violations() == []
    engine = open_database(room.files.database)
    runs = [row["run_id"] for row in list_runs(engine)]
    told = [len(read_run(engine, run).digests) for run in runs]
    chain = check_chain(engine)
    engine.dispose()
    assert len(runs) == 2
    assert sum(told) == len(room.ticks)
    assert chain[1] is None
    for run in runs:
        found = check_again(room.files.database, run)
        assert found.same, found.summary


def test_a_full_disk_loses_nothing_and_says_so(tmp_path):
    """On a disk of half a megabyte: changes that cannot be recorded are refused, flash is not, all is kept."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs a small disk, which only root can mount")
    scenario = build_case(tmp_path, end_s=600).config
    room = None
    try:
        room = WatchedRoom(disk / "room", scenario, checkpoint_s=0.0, policy="max-pressure")
        with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        room.wait(lambda: room.room.snapshot().health.database == "lost", 20, "the alarm")
        room.wait(lambda: any("free space there" in a.text for a in room.room.alarms()), 5, "what to do")
        refused = room.act(status=503, kind="lock_stage", junction="A", stage=0)["detail"]
        assert refused.startswith("nothing was changed: cannot be recorded")
        flash = room.act(kind="flash", junction="A", limit_s=30)
        room.wait(lambda: room.last.flashing[0], 10, "flash")
        (disk / "filler").unlink()
        room.wait(lambda: room.room.snapshot().health.database == "ok", 20, "space")
        room.room.close()
        assert room.violations() == []
        engine = open_database(room.files.database)
        assert len(read_run(engine).digests) == len(room.ticks)
        with engine.connect() as connection:
            assert flash["id"] in [row[0] for row in connection.execute(sa.text("SELECT id FROM audit"))]
        engine.dispose()
    finally:
        if room is not None:
            room.room.close()
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_a_room_cleanly_and_the_port_is_named(tmp_path, how):
    scenario = build_case(tmp_path, end_s=600).config
    command = [sys.executable, "-m", "citybrain.cli", "serve", str(scenario), "--out", str(tmp_path / "out")]
    command += ["--port", "18443", "--speed", "5", "--policy", "max-pressure"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
    reader.start()
    begun, journal = time.monotonic(), Path(tmp_path / "out" / "record.db")
    while time.monotonic() - begun < 60:
        if lines and journal.exists():
            engine = open_database(str(journal))
            ticks = [row["ticks"] for row in list_runs(engine)]
            engine.dispose()
            if ticks and ticks[0]:
                break
        time.sleep(0.2)
    listener = subprocess.Popen([sys.executable, "-c", LISTEN])
    second = subprocess.run(
        [*command[:-4], "--out", str(tmp_path / "two")], capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert "--port 18443" in second.stderr
    process.send_signal(how)
    assert process.wait(30) in (0, 130)
    listener.wait(5)
    reader.join(5)
    process.stdout.close()
    assert "http://localhost:18443" in lines[0]
    assert len(lines) == 1, lines
    engine = open_database(str(journal))
    assert list_runs(engine)[0]["ended"]
    engine.dispose()
