"""A running city as people have it: :class:`citybrain.operations.room.ControlRoom` on a supervised loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.warm import scenario_key
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
from citybrain.operations.live.reports import Input
from citybrain.operations.messages import Alarm, CitySnapshot
from citybrain.operations.record.recorder import Recorder
from citybrain.operations.room import RoomError, RoomEvent
from citybrain.operations.service.checks import check_allowed, find
from citybrain.operations.service.consoles import Consoles
from citybrain.operations.service.desk import Desk
from citybrain.operations.service.emergency_line import EmergencyLine
from citybrain.operations.service.follower import Follower
from citybrain.operations.service.ledger import Ledger
from citybrain.operations.service.picture import Picture
from citybrain.operations.service.subscribers import Subscribers
from citybrain.operations.service.supervisor import Supervisor
from citybrain.operations.service.what_ifs import WhatIfs


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
        self.replayed = start.seat is not None
        self.subscribers = Subscribers()
        self.picture = Picture(config, scenario, self.network, recorder, self._alarm_changed, replayed=self.replayed)
        self.ledger = Ledger(recorder, key=start.key, told=self._audited)
        self.consoles = Consoles(config.heartbeat_s)
        self.follower = Follower(
            self.picture, self.ledger, self.consoles, self.subscribers, recorder,
            states=self._states, scenario_key=scenario_key(scenario),
        )  # fmt: skip
        self.supervisor = Supervisor(start, self.follower.told, self.follower.state_changed)
        self.what_ifs = WhatIfs(config, self._states, self.follower.save)
        self.desk = Desk(self.picture, self.ledger, self.supervisor, replayed=self.replayed)
        self.line = EmergencyLine(self.supervisor)

    def begin(self) -> None:
        """Start the loop."""
        self._states.mkdir(parents=True, exist_ok=True)
        self.follower.begin(self.supervisor, self.desk, self.line)
        self.supervisor.begin()

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

    # the end

    def _audited(self, entry: AuditEntry) -> None:
        self.subscribers.tell(RoomEvent(kind="audit", time_s=entry.time_s, data=entry))

    def _alarm_changed(self, alarm: Alarm) -> None:
        self.subscribers.tell(RoomEvent(kind="alarm", time_s=alarm.since_s, data=alarm))

    def close(self) -> None:
        """Stop the loop and finish the record."""
        self.follower.stop()
        self.what_ifs.close()
        self.supervisor.stop()
        self.subscribers.close()
        if self._recorder is not None:
            self._recorder.close()
