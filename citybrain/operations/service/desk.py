"""The desk where operators' requests become actions: checked, recorded, passed on, undone."""

from __future__ import annotations

import secrets
from typing import Any

from citybrain.operations.actions import Action, ActionRequest, AuditEntry, Principal
from citybrain.operations.live.reports import Input, TickReport
from citybrain.operations.record.recorder import RecordError
from citybrain.operations.room import RoomError
from citybrain.operations.service.checks import check_allowed, check_request, state_of
from citybrain.operations.service.ledger import Ledger, utc
from citybrain.operations.service.picture import Picture
from citybrain.operations.service.supervisor import Supervisor

_SYSTEM = Principal(name="system", role="operator")


class Desk:
    """See the module.

    Parameters
    ----------
    replayed : bool
        A recorded run is played again: nothing can be changed in it.
    """

    def __init__(self, picture: Picture, ledger: Ledger, supervisor: Supervisor, *, replayed: bool) -> None:
        self._picture, self._ledger, self._supervisor, self._replayed = picture, ledger, supervisor, replayed
        self._actions: dict[str, Action] = {}

    def in_force(self) -> tuple[Action, ...]:
        """Return the actions in force, the oldest first."""
        with self._picture.lock:
            return tuple(self._actions.values())

    def begin_again(self) -> None:
        """Put the actions in force in a new run, but for those whose vehicle or incident is gone with the old one."""
        for action in self.in_force():
            if action.request.kind == "emergency_corridor" or action.request.incident is not None:
                self.over(action.id, "lost with the simulator")
            else:
                self._supervisor.send("input", Input("action", action.model_dump()))

    def act(self, request: ActionRequest, who: Principal) -> AuditEntry:
        """Take an action."""
        check_allowed(who, request.kind)
        self.check_changeable()
        with self._picture.lock:
            report = self.checked(request)
            now_s = self._picture.now_s
            action = Action(
                id=secrets.token_hex(6), request=request, who=who.name, role=who.role, when=utc(), begin_s=now_s,
                end_s=now_s + request.limit_s,
            )  # fmt: skip
        old = state_of(request, report, self._picture.network)
        new = {**request.model_dump(exclude_none=True, exclude={"reason"}), "until_s": action.end_s}
        flash = request.kind == "flash"
        entry = self.enter(request.kind, request.where, who, request.reason, old, new, action.id, force=flash)
        with self._picture.lock:
            self._actions[action.id] = action
        if (
            not self._supervisor.send("input", Input("action", action.model_dump()))
            and self._supervisor.state != "lost"
        ):
            self.over(action.id, "failed: the loop could not be reached")
            raise RoomError("the loop cannot be reached; nothing was changed", 503)
        return entry

    def checked(self, request: ActionRequest) -> TickReport:
        """Return the report that a request was checked against."""
        report, hello = self._picture.report, self._picture.hello
        if report is None or hello is None:
            raise RoomError("the loop has not ticked yet; ask again in a moment", 503)
        incidents, vehicles = [one.id for one in report.incidents], [call.vehicle_id for call in report.calls]
        vehicles += [a.request.vehicle for a in self._actions.values() if a.request.vehicle is not None]
        check_request(request, self._picture.network, hello.plan_ids, incidents, vehicles)
        return report

    def check_changeable(self) -> None:
        """Raise RoomError where nothing can be changed."""
        if self._replayed:
            raise RoomError("this is a recording; nothing can be changed in it", 409)
        if self._supervisor.state in ("ended", "failed", "stopped"):
            raise RoomError(f"the loop has {self._supervisor.state}; nothing can be changed", 503)

    def undo(self, action_id: str, who: Principal, reason: str) -> AuditEntry:
        """End an action before its time."""
        action = self._actions.get(action_id)
        if action is None:
            raise RoomError(f"no action {action_id!r} is in force", 404)
        check_allowed(who, action.request.kind)
        self.check_changeable()
        what = {"kind": action.request.kind, "where": action.request.where}
        old = {**what, "until_s": action.end_s, "by": action.who}
        entry = self.enter("undo", action.request.where, who, reason, old, {}, action_id, force=True)
        with self._picture.lock:
            self._actions.pop(action_id, None)
        self._supervisor.send("input", Input("end", {"id": action_id, "how": "undone"}))
        return entry

    def over(self, action_id: str, how: str) -> None:
        """Take note that an action has ended by itself."""
        with self._picture.lock:
            action = self._actions.pop(action_id, None)
        if action is not None:
            old = {"kind": action.request.kind, "by": action.who}
            self.enter_system("expire", action.request.where, how, old, {}, action_id)

    def enter(
        self, kind: str, where: str, who: Principal, why: str, old: dict[str, Any], new: dict[str, Any], action_id: str = "",
        *, force: bool = False,
    ) -> AuditEntry:  # fmt: skip
        """Make an entry of the audit; RoomError (503) where it cannot be recorded."""
        tick = 0 if self._picture.report is None else self._picture.report.tick
        try:
            return self._ledger.enter(
                kind=kind, where=where, who=who.name, role=who.role, why=why, old=old, new=new, tick=tick,
                time_s=self._picture.now_s, action_id=action_id, force=force,
            )  # fmt: skip
        except RecordError as error:
            raise RoomError(f"nothing was changed: {error}", 503) from None

    def enter_system(
        self, kind: str, where: str, why: str, old: dict[str, Any], new: dict[str, Any], action_id: str = ""
    ) -> None:
        """Make an entry for what the room did itself."""
        self.enter(kind, where, _SYSTEM, why, old, new, action_id, force=True)
