"""What operators' actions do to a run: to junctions, roads, calls and incidents."""

from __future__ import annotations

from typing import Any

from citybrain.messages import Event
from citybrain.operations.actions import Action
from citybrain.operations.live.calls import CallDesk
from citybrain.operations.live.overrides import Overrides
from citybrain.operations.live.watch import IncidentDesk
from citybrain.signals.priority import PriorityService
from citybrain.simulation.sumo import SumoPlant


class Deeds:
    """Actions in force.

    Attributes
    ----------
    events : list of Event
        That they caused since the last report.
    ended : list of (id, how)
        Actions that have ended since then.
    """

    def __init__(
        self, plant: SumoPlant, overrides: Overrides, calls: CallDesk, service: PriorityService, incidents: IncidentDesk
    ) -> None:
        self._plant, self._overrides, self._calls = plant, overrides, calls
        self._service, self._incidents = service, incidents
        self._in_force: dict[str, Action] = {}
        self._closures: dict[str, str] = {}
        self._judgements: dict[str, tuple[str, str | None]] = {}
        self.events: list[Event] = []
        self.ended: list[tuple[str, str]] = []

    @property
    def closed(self) -> tuple[str, ...]:
        """Roads that are closed."""
        return tuple(dict.fromkeys(self._closures.values()))

    def begin(self, action: Action) -> None:
        """Put an action in force."""
        request, now_s = action.request, self._plant.time_ms / 1000
        self._in_force[action.id] = action
        problem = None
        if request.kind == "close_road":
            self._closures[action.id] = str(request.edge)
            self._plant.close_road(str(request.edge))
        elif request.kind == "emergency_corridor":
            problem = self._calls.send(action, self._service, now_s)
        elif request.incident is not None:
            verdict = "accepted" if request.kind == "accept_incident" else "dismissed"
            was = self._incidents.judge(request.incident, verdict)
            self._judgements[action.id] = (request.incident, was)
        else:
            self._overrides.begin(action)
        self._event(
            "action", request.junction or "", id=action.id, what=request.kind, where=request.where, who=action.who,
            why=request.reason,
        )  # fmt: skip
        if problem is not None:
            self.end(action.id, f"failed: {problem}")

    def end(self, action_id: str, how: str) -> None:
        """Take an action out of force, if it still is in it."""
        action = self._in_force.pop(action_id, None)
        if action is None:
            return
        self._overrides.end(action_id)
        edge = self._closures.pop(action_id, None)
        if edge is not None and edge not in self._closures.values():
            self._plant.open_road(edge)
        self._calls.cancel(action_id, self._plant.time_ms)
        judged = self._judgements.pop(action_id, None)
        if judged is not None and how == "undone":
            self._incidents.judge(*judged)
        self.ended.append((action_id, how))
        self._event("action-ended", action.request.junction or "", id=action_id, what=action.request.kind, how=how)

    def end_those_over(self) -> None:
        """End the actions whose time is over or whose purpose is met."""
        now_s = self._plant.time_ms / 1000
        for action in list(self._in_force.values()):
            if action.end_s <= now_s:
                self.end(action.id, "its time was over")
        for name in (*self._overrides.ended, *self._calls.arrived()):
            self.end(name, "done")
        self._overrides.ended = []

    def _event(self, kind: str, junction: str, **data: Any) -> None:
        self.events.append(Event(time_s=self._plant.time_ms / 1000, kind=kind, junction_id=junction, data=data))
