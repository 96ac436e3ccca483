"""A running city as people have it: :class:`citybrain.operations.room.ControlRoom` on a supervised loop."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import Any

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.warm import scenario_key
from citybrain.messages import Event
from citybrain.network import read_network
from citybrain.operations.actions import (
    Action,
    ActionRequest,
    AuditEntry,
    EmergencyAnswer,
    EmergencyRequest,
    Principal,
    WhatIfRequest,
)
from citybrain.operations.details import CorridorHistory, Geometry, JunctionDetail, PlanInfo, WhatIfAnswer
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.process import Start
from citybrain.operations.live.reports import Hello, Input, Saved, TickReport
from citybrain.operations.messages import LEVELS, Alarm, CitySnapshot
from citybrain.operations.record.recorder import Recorder
from citybrain.operations.room import RoomError, RoomEvent
from citybrain.operations.service.checks import check_allowed, find
from citybrain.operations.service.consoles import Consoles
from citybrain.operations.service.desk import Desk
from citybrain.operations.service.emergency_line import EmergencyLine
from citybrain.operations.service.ledger import Ledger, utc
from citybrain.operations.service.picture import Picture
from citybrain.operations.service.subscribers import Subscribers
from citybrain.operations.service.supervisor import State, Supervisor
from citybrain.operations.service.what_ifs import WhatIfs

_PUBLISH_S, _WATCH_S = 0.2, 0.25
_STALE_S = 1.5


class LiveRoom:
    """See the module.

    Parameters
    ----------
    config : RoomConfig
    folder : Path
        For saved states.
    recorder : Recorder, optional
        Keeps the record; none for a run that is played again.
    start : Start
        For the loop process.
    """

    def __init__(self, config: RoomConfig, folder: Path, recorder: Recorder | None, start: Start) -> None:
        self.config, self._states, self._recorder = config, folder / "states", recorder
        scenario = open_scenario(config.scenario, begin_s=config.begin_s, end_s=config.end_s)
        self.network = read_network(scenario.net_file, scenario.additional_files)
        self._step_s, self._scenario_key = scenario.step_s, scenario_key(scenario)
        self.replayed = start.seat is not None
        self.subscribers = Subscribers()
        self.picture = Picture(
            config, scenario, self.network, recorder, self._alarm_changed, replayed=self.replayed
        )
        self.ledger = Ledger(recorder, key=start.key, told=self._audited)
        self.consoles = Consoles(config.heartbeat_s)
        self.supervisor = Supervisor(start, self._told, self._state_changed)
        self.what_ifs = WhatIfs(config, self._states, self._save)
        self.desk = Desk(self.picture, self.ledger, self.supervisor, replayed=self.replayed)
        self.line = EmergencyLine(self.supervisor)
        self._saves: dict[str, Future[Saved]] = {}
        self._saved_ms, self._published_s = 0, 0.0
        self._console_ok = True
        self._level_before = "adaptive"
        self.when_failed: Callable[[], None] = lambda: None
        self._stop = Flag()
        self._watch_thread = Thread(target=self._watch, name="watch", daemon=True)

    def begin(self) -> None:
        """Start the loop."""
        self._states.mkdir(parents=True, exist_ok=True)
        self.supervisor.begin()
        self._watch_thread.start()

    # what the loop tells

    def _told(self, message: Any) -> None:
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
        self.ledger.begin_run(
            run_id, config, hello, scenario_key=self._scenario_key, after=before, state=config.state
        )
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
            self._city_step("lost", LEVELS[int(max(report.level.tolist(), key=report.level.tolist().count))], "it is back")
        for answer in report.answers:
            self.line.answer(answer)
        for action_id, how in report.ended:
            self.desk.over(action_id, how)
        for event in report.events:
            self._audit_event(event)
        if self.config.checkpoint_s and not self.replayed and report.time_ms - self._saved_ms >= 1000 * self.config.checkpoint_s:
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

    def _state_changed(self, state: State, why: str) -> None:
        if state in ("lost", "failed"):
            self._lose(why)
        if state in ("lost", "ended", "failed", "stopped"):
            self.ledger.end_run(why or state)
        if state in ("ended", "failed", "stopped"):
            if state == "failed":
                self._alarm("failed", on=True, text=f"The loop cannot be started: {why}. Mend that and open the room again.")
            self.desk.enter_system("stop", "city", why or state, {}, {"state": state})
            if state == "failed" and not self.ledger.run_id:  # it has never run: whoever opened it must mend that
                self.when_failed()

    def _lose(self, why: str) -> None:
        with self.picture.lock:
            if self.picture.lost:
                return
            self.picture.lost = True
        self.picture.restarts = self.supervisor.restarts
        self._alarm("simulator", on=True, text=f"The simulator was lost ({why}); it is started again from its last state.")
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
        step_s = self._step_s / self.config.speed if self.config.speed else 0.0
        while not self._stop.wait(_WATCH_S):
            running = self.supervisor.state == "running" and self.picture.report is not None
            silent_s = monotonic() - self.picture.heard_s
            if running and not self.supervisor.paused and silent_s > _STALE_S + step_s:
                self._lose(f"it has said nothing for {silent_s:.1f} s")
            self.picture.restarts = self.supervisor.restarts
            self.picture.consoles = len(self.subscribers) + self.consoles.count()
            ok = self.replayed or not running or self.consoles.watched()
            if ok != self._console_ok and self.supervisor.send("input", Input("console", {"ok": ok})):
                self._console_ok = ok
                self._alarm("console", on=not ok, text="No console is watching; junctions follow their plans.")
            if self._recorder is not None:
                self._alarm("database", on=self._recorder.status != "ok", text=f"The record: {self._recorder.problem}")

    def heartbeat(self, console_id: str) -> None:
        """Say that a console is being watched."""
        self.consoles.heard(console_id)

    # what people look at

    def snapshot(self) -> CitySnapshot:
        """Return the latest state."""
        snapshot = self.picture.latest()
        if snapshot is None:
            why = f": {self.supervisor.error}" if self.supervisor.error else "; ask again in a moment"
            raise RoomError(f"the loop is {self.supervisor.state}{why}", 503)
        return snapshot

    def snapshot_json(self) -> bytes:
        """Return the latest state as JSON."""
        return self.picture.json(self.snapshot())

    def geometry(self) -> Geometry:
        """Return what stays as it is."""
        return self.picture.geometry

    def junction(self, junction_id: str) -> JunctionDetail:
        """Return one junction in depth."""
        return self.picture.junction(junction_id, self.snapshot())

    def plans(self) -> tuple[PlanInfo, ...]:
        """Return the plans of all junctions."""
        return tuple(plan for j in range(len(self.network.junctions)) for plan in self.picture.plans_of(j))

    def subscribe(self) -> AsyncIterator[RoomEvent]:
        """Return events as they come."""
        return self.subscribers.listen()

    def actions(self) -> tuple[Action, ...]:
        """Return the actions in force, the oldest first."""
        return self.desk.in_force()

    def alarms(self, *, all_: bool = False) -> tuple[Alarm, ...]:
        """Return open alarms, with ``all_`` those that are over, too."""
        with self.picture.lock:
            board = self.picture.alarms
            return (*board.open(), *(board.over() if all_ else ()))

    def audit(self, *, limit: int = 200, before: int | None = None, kind: str | None = None) -> Sequence[AuditEntry]:
        """Return entries of the audit, the newest first."""
        return self.ledger.audit(limit=limit, before=before, kind=kind)

    def corridor(self, corridor_id: str, *, last_s: float = 600.0) -> CorridorHistory:
        """Return the greens along a corridor."""
        return self.picture.corridor(corridor_id, last_s)

    # what people ask for

    def act(self, request: ActionRequest, who: Principal) -> AuditEntry:
        """Take an action."""
        return self.desk.act(request, who)

    def undo(self, action_id: str, who: Principal, reason: str) -> AuditEntry:
        """End an action before its time."""
        return self.desk.undo(action_id, who, reason)

    def request_emergency(self, request: EmergencyRequest, who: Principal) -> EmergencyAnswer:
        """Pass a vehicle's request on and wait for the next tick's answer."""
        check_allowed(who, "emergency_corridor")
        self.desk.check_changeable()
        return self.line.ask(request)

    def inject(self, fault: dict[str, list[str]], who: Principal) -> AuditEntry:
        """Let sensors or lamps fail, for a drill."""
        check_allowed(who, "flash")
        self.desk.check_changeable()
        if not self.config.drill:
            raise RoomError("faults can be injected in drills only: citybrain serve --drill", 403)
        for names in fault.values():
            for name in names:
                find(name, [junction.id for junction in self.network.junctions], "junction")
        entry = self.desk.enter("fault", ", ".join(fault), who, "a drill", {}, fault)
        self.supervisor.send("input", Input("fault", fault))
        return entry

    def what_if(self, request: WhatIfRequest, who: Principal) -> WhatIfAnswer:
        """Try something on a copy."""
        if who.role == "viewer":
            raise RoomError(f"{who.name} is viewer and may not try things out", 403)
        for one in request.actions:
            self.desk.checked(one)
        return self.what_ifs.begin(request, self.actions(), self.picture.now_s)

    def what_if_answer(self, what_if_id: str) -> WhatIfAnswer:
        """Return how a what-if stands."""
        return self.what_ifs.answer(what_if_id)

    def _save(self, path: Path) -> Future[Saved]:
        waiting: Future[Saved] = Future()
        name = secrets.token_hex(4)
        self._saves[name] = waiting
        if not self.supervisor.send("save", {"path": str(path), "id": name}):
            waiting.set_exception(RuntimeError("the loop cannot be reached"))
        return waiting

    # the end

    def _audited(self, entry: AuditEntry) -> None:
        self.subscribers.tell(RoomEvent(kind="audit", time_s=entry.time_s, data=entry))

    def _alarm_changed(self, alarm: Alarm) -> None:
        self.subscribers.tell(RoomEvent(kind="alarm", time_s=alarm.since_s, data=alarm))

    def close(self) -> None:
        """Stop the loop and finish the record."""
        self._stop.set()
        self.what_ifs.close()
        self.supervisor.stop()
        self.subscribers.close()
        if self._recorder is not None:
            self._recorder.close()
