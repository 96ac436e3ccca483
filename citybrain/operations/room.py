"""The facade of a control room: all that the API and the console may do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from citybrain.errors import CitybrainError
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
from citybrain.operations.messages import Alarm, CitySnapshot


class RoomError(CitybrainError):
    """A request that cannot be met.

    Attributes
    ----------
    status : int
        The HTTP status that says the same: 403, 404, 409, 422 or 503.
    """

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEvent:
    """Something new, for those who subscribed.

    Attributes
    ----------
    kind : str
        ``snapshot`` (each tick that is shown), ``event`` (of the loop: decisions, refusals, priority, ladder),
        ``alarm`` or ``audit``.
    data : CitySnapshot, Event, Alarm or AuditEntry
    """

    kind: Literal["snapshot", "event", "alarm", "audit"]
    time_s: float
    data: Any


class ControlRoom(Protocol):
    """A running city. All methods return within milliseconds and may be called from any thread.

    Those that change something ask for a :class:`Principal` and raise :class:`RoomError` where its
    role does not allow it, the thing does not exist, or the loop cannot be reached.
    """

    def snapshot(self) -> CitySnapshot:
        """Return the latest state; RoomError (503) before the first tick."""

    def snapshot_json(self) -> bytes:
        """Return the same as JSON, made once a tick however many ask."""

    def geometry(self) -> Geometry:
        """Return roads, junctions and corridors; RoomError (503) before they are known."""

    def junction(self, junction_id: str) -> JunctionDetail:
        """Return one junction in depth."""

    def plans(self) -> tuple[PlanInfo, ...]:
        """Return the plans of all junctions."""

    def subscribe(self) -> AsyncIterator[RoomEvent]:
        """Return events as they come; a subscriber that is too slow loses snapshots, the oldest first."""

    def act(self, request: ActionRequest, who: Principal) -> AuditEntry:
        """Take an action; it is in the audit before it has an effect."""

    def undo(self, action_id: str, who: Principal, reason: str) -> AuditEntry:
        """End an action before its time, and put back what was."""

    def actions(self) -> tuple[Action, ...]:
        """Return the actions in force, the oldest first."""

    def alarms(self, *, all_: bool = False) -> tuple[Alarm, ...]:
        """Return open alarms, the newest first; with ``all_`` those that are over, too."""

    def audit(self, *, limit: int = 200, before: int | None = None, kind: str | None = None) -> Sequence[AuditEntry]:
        """Return entries of the audit, the newest first; ``before`` is an entry's id."""

    def request_emergency(self, request: EmergencyRequest, who: Principal) -> EmergencyAnswer:
        """Pass a vehicle's signed request on to the priority server and return its answer."""

    def corridor(self, corridor_id: str, *, last_s: float = 600.0) -> CorridorHistory:
        """Return the greens along a corridor over the last seconds."""

    def what_if(self, request: WhatIfRequest, who: Principal) -> WhatIfAnswer:
        """Start trying something on a copy of the city; ask :meth:`what_if_answer` for the outcome."""

    def what_if_answer(self, what_if_id: str) -> WhatIfAnswer:
        """Return how a what-if stands."""

    def inject(self, fault: dict[str, list[str]], who: Principal) -> AuditEntry:
        """Let sensors (``sensors``, ``mend``) or lamps (``lamps``) of junctions fail, in a drill."""

    def heartbeat(self, console_id: str) -> None:
        """Say that a console is being watched."""
