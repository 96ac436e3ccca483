"""What a room makes of all that its loop tells, and of its silence: record, picture, audit, alarms."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import Any

from citybrain.messages import Event
from citybrain.operations.live.reports import Hello, Input, Saved, TickReport
from citybrain.operations.messages import LEVELS
from citybrain.operations.record.recorder import Recorder
from citybrain.operations.room import RoomEvent
from citybrain.operations.service.consoles import Consoles
from citybrain.operations.service.desk import Desk
from citybrain.operations.service.emergency_line import EmergencyLine
from citybrain.operations.service.ledger import Ledger, utc
from citybrain.operations.service.picture import Picture
from citybrain.operations.service.subscribers import Subscribers
from citybrain.operations.service.supervisor import State, Supervisor

_PUBLISH_S, _WATCH_S = 0.2, 0.25
_STALE_S = 1.5


def patience_s(step_s: float, report: TickReport) -> float:
    """Return how long the loop may say nothing before it counts as lost, wall seconds.

    A computer that is too slow for its ticks is late, and that is another alarm: it would be lost and found at every tick.
    """
    return _STALE_S + max(step_s, report.tick_ms / 1000)


class Follower:
    """See the module. It has the threads of the supervisor, and one of its own that looks what the loop cannot tell.

    Parameters
    ----------
    states : Path
        Folder for saved states.
    scenario_key : str
        Hash of the scenario, for the record.

    Attributes
    ----------
    when_failed : callable
        Is called where the loop has never run: whoever opened the room must mend that.
    """

    def __init__(
        self,
        picture: Picture,
        ledger: Ledger,
        consoles: Consoles,
        subscribers: Subscribers,
        recorder: Recorder | None,
        *,
        states: Path,
        scenario_key: str,
    ) -> None:
        self.picture, self.ledger, self.consoles, self.subscribers = picture, ledger, consoles, subscribers
        self._recorder, self._states, self._scenario_key = recorder, states, scenario_key
        self.config, self.network, self.replayed = picture.config, picture.network, picture.replayed
        self._saves: dict[str, Future[Saved]] = {}
        self._saved_ms, self._published_s = 0, 0.0
        self._console_ok = True
        self._level_before = "adaptive"
        self.when_failed: Callable[[], None] = lambda: None
        self._stop = Flag()
        self._watch_thread = Thread(target=self._watch, name="watch", daemon=True)

    def begin(self, supervisor: Supervisor, desk: Desk, line: EmergencyLine) -> None:
        """Follow a loop that is about to start."""
        self.supervisor, self.desk, self.line = supervisor, desk, line
        self._watch_thread.start()

    def save(self, path: Path) -> Future[Saved]:
        """Have the plant's state saved; tells when it is."""
        waiting: Future[Saved] = Future()
        name = secrets.token_hex(4)
        self._saves[name] = waiting
        if not self.supervisor.send("save", {"path": str(path), "id": name}):
            waiting.set_exception(RuntimeError("the loop cannot be reached"))
        return waiting

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def told(self, message: Any) -> None:
        """Take note of a message of the loop."""
        if isinstance(message, TickReport):
            self._ticked(message)
        elif isinstance(message, Hello):
            self._greeted(message)
        elif isinstance(message, Saved):
            waiting = self._saves.pop(message.id, None)
            if waiting is not None:
                waiting.set_result(message)

    def _greeted(self, hello: Hello) -> None:
        before, run_id = self.ledger.run_id, f"{utc()[:19].replace(':', '').replace('-', '')}-{secrets.token_hex(2)}"
        config, checkpoint = self.config, self.supervisor.checkpoint
        if checkpoint is not None and checkpoint.path == hello.state:  # another one will be written there
            kept = self._states / f"{run_id}.xml.gz"
            shutil.copyfile(checkpoint.path, kept)
            config = config.model_copy(update={"state": kept, "state_s": checkpoint.time_ms / 1000})
        self.ledger.begin_run(run_id, config, hello, scenario_key=self._scenario_key, after=before, state=config.state)
        with self.picture.lock:
            self.picture.begin_run(run_id, hello)
            self._saved_ms = hello.time_ms
        self.desk.begin_again()
        if not self._console_ok:
            self.supervisor.send("input", Input("console", {"ok": False}))
        if not before:
            self.desk.enter_system("start", "city", "the room was opened", {}, {"run": run_id, "policy": config.policy})

    def _ticked(self, report: TickReport) -> None:
        if report.tick == 1:
            self.consoles.begin()
        self.ledger.tick(report)
        with self.picture.lock:
            self.picture.note(report)
            was_lost, self.picture.lost = self.picture.lost, False
        if was_lost:
            self._alarm("simulator", on=False)
            self._city_step(
                "lost", LEVELS[int(max(report.level.tolist(), key=report.level.tolist().count))], "it is back"
            )
        for answer in report.answers:
            self.line.answer(answer)
        for action_id, how in report.ended:
            self.desk.over(action_id, how)
        for event in report.events:
            self._audit_event(event)
        if (
            self.config.checkpoint_s
            and not self.replayed
            and report.time_ms - self._saved_ms >= 1000 * self.config.checkpoint_s
        ):
            self._saved_ms = report.time_ms
            path = self._states / f"checkpoint-{report.tick % 2}.xml.gz"
            self.supervisor.send("save", {"path": str(path)})
        if (now_s := monotonic()) - self._published_s >= _PUBLISH_S:
            self._published_s = now_s
            self._publish()
        for event in report.events:
            if event.kind != "refusal":
                self.subscribers.tell(RoomEvent(kind="event", time_s=event.time_s, data=event))

    def _audit_event(self, event: Event) -> None:
        data = dict(event.data)
        if event.kind == "ladder":
            old, new = {"level": data["from"]}, {"level": data["to"], "junctions": data["ids"]}
            self.desk.enter_system("ladder", f"{data['junctions']} junctions", str(data["because"]), old, new)
        elif event.kind.startswith("priority-"):
            self.desk.enter_system("emergency", event.junction_id, event.kind.replace("-", " "), {}, data)

    def _publish(self) -> None:
        snapshot = self.picture.latest()
        if snapshot is not None:
            self._level_before = snapshot.level
            self.subscribers.tell(RoomEvent(kind="snapshot", time_s=snapshot.time_s, data=snapshot))

    # what goes wrong

    def state_changed(self, state: State, why: str) -> None:
        """Take note of how the loop process stands."""
        if state in ("lost", "failed"):
            self._lose(why)
        if state in ("lost", "ended", "failed", "stopped"):
            self.ledger.end_run(why or state)
        if state in ("ended", "failed", "stopped"):
            if state == "failed":
                self._alarm(
                    "failed", on=True, text=f"The loop cannot be started: {why}. Mend that and open the room again."
                )
            self.desk.enter_system("stop", "city", why or state, {}, {"state": state})
            if state == "failed" and not self.ledger.run_id:  # it has never run: whoever opened it must mend that
                self.when_failed()

    def _lose(self, why: str) -> None:
        with self.picture.lock:
            if self.picture.lost:
                return
            self.picture.lost = True
        self.picture.restarts = self.supervisor.restarts
        self._alarm(
            "simulator", on=True, text=f"The simulator was lost ({why}); it is started again from its last state."
        )
        self._city_step(self._level_before, "lost", why)
        self._publish()

    def _city_step(self, before: str, after: str, because: str) -> None:
        n = len(self.network.junctions)
        data = {"from": before, "to": after, "because": because, "junctions": n, "ids": []}
        self._audit_event(Event(time_s=self.picture.now_s, kind="ladder", data=data))

    def _alarm(self, kind: str, *, on: bool, text: str = "") -> None:
        with self.picture.lock:
            self.picture.alarms.state(
                kind, "", on=on, severity="critical", text=text, time_s=self.picture.now_s, when=utc()
            )

    def _watch(self) -> None:
        """Look four times a second at what the loop cannot tell itself."""
        step_s = self.picture.scenario.step_s / self.config.speed if self.config.speed else 0.0
        while not self._stop.wait(_WATCH_S):
            report = self.picture.report
            running = self.supervisor.state == "running" and report is not None
            silent_s = monotonic() - self.picture.heard_s
            if report is not None and running and not self.supervisor.paused and silent_s > patience_s(step_s, report):
                self._lose(f"it has said nothing for {silent_s:.1f} s")
            self.picture.restarts = self.supervisor.restarts
            self.picture.consoles = len(self.subscribers) + self.consoles.count()
            ok = self.replayed or not running or self.consoles.watched()
            if ok != self._console_ok and self.supervisor.send("input", Input("console", {"ok": ok})):
                self._console_ok = ok
                self._alarm("console", on=not ok, text="No console is watching; junctions follow their plans.")
            if self._recorder is not None:
                self._alarm("database", on=self._recorder.status != "ok", text=f"The record: {self._recorder.problem}")
