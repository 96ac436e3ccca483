"""Emergency calls in a live room: requests that come in, vehicles that operators send, answers."""

from __future__ import annotations

from collections.abc import Sequence

from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call, OnboardUnits
from citybrain.messages import PriorityRequest, PriorityStatus
from citybrain.network.model import Network
from citybrain.operations.actions import Action, EmergencyAnswer
from citybrain.operations.live.reports import Vehicle
from citybrain.signals.priority import PriorityService
from citybrain.simulation.fleet import along
from citybrain.simulation.sumo import SumoPlant
from citybrain.simulation.sumo_fleet import Departure

_TURNOUT_S = 2.0


class CallDesk:
    """Hears vehicles on a call, those outside and those that the room has sent itself.

    Parameters
    ----------
    key : bytes
        That genuine requests are signed with.
    """

    def __init__(self, network: Network, plant: SumoPlant, times: LinkTimes, *, key: bytes, seed: int) -> None:
        self._network, self._times = network, times
        self._fleet = plant.fleet()
        self._units = OnboardUnits(self._fleet, (), key=key, places={}, seed=seed)
        self._waiting: list[PriorityRequest] = []
        self._answered: dict[str, PriorityStatus] = {}
        self._role: dict[str, str] = {}
        self._vehicle_of: dict[str, str] = {}
        self.answers: list[EmergencyAnswer] = []

    def hear(self, request: PriorityRequest) -> None:
        """Take a request from outside; it is answered in the next tick."""
        self._waiting.append(request)

    def requests(self, time_ms: int) -> list[PriorityRequest]:
        """Return the messages that arrive now."""
        own = self._units.requests(time_ms)
        waiting, self._waiting = self._waiting, []
        for request in (*own, *waiting):
            self._role[request.vehicle_id] = request.role
        return [*waiting, *own]

    def reply(self, statuses: Sequence[PriorityStatus]) -> None:
        """Pass answers on to drivers, and to who asked."""
        self._units.reply(statuses)
        self.answers = []
        for status in statuses:
            if status.status != "rejected":
                self._answered[status.vehicle_id] = status
            self.answers.append(
                EmergencyAnswer(
                    request_id=status.request_id,
                    sequence=status.sequence,
                    vehicle_id=status.vehicle_id,
                    status=status.status,
                    reason=status.reason,
                    eta_s=status.eta_s if status.eta_s == status.eta_s else None,
                    route=status.route,
                )
            )

    def send(self, action: Action, service: PriorityService, time_s: float) -> str | None:
        """Send a vehicle on a call; return why not, or None."""
        request = action.request
        origin, destination = (
            self._network.edge_index(str(request.origin)),
            self._network.edge_index(str(request.destination)),
        )
        try:
            way, _ = service.planner.fastest(
                origin, destination, self._times.now_s, vehicles=self._times.vehicles, priority=True
            )
        except ValueError:
            return f"there is no way from {request.origin} to {request.destination}"
        name = request.vehicle or action.id
        first, last = self._network.edges[origin], self._network.edges[destination]
        from_m, to_m = min(5.0, first.length_m / 2), max(last.length_m - 5.0, last.length_m / 2)
        route = tuple(self._network.edges[edge].id for edge in way)
        departs_s = time_s + _TURNOUT_S
        self._fleet.start(Departure(vehicle_id=name, depart_s=departs_s, route=route, from_m=from_m, to_m=to_m))
        call = Call(
            vehicle_id=name, role="ambulance", announced_s=time_s, depart_s=departs_s,
            origin=first.id, from_m=from_m, destination=last.id, to_m=to_m,
        )  # fmt: skip
        self._units.add(call, along(first.shape, from_m / max(first.length_m, 1.0)))
        self._vehicle_of[action.id] = name
        return None

    def cancel(self, action_id: str, time_ms: int) -> None:
        """Have the vehicle of an action drive on without priority."""
        name = self._vehicle_of.get(action_id)
        if name is not None:
            self._units.cancel(name, time_ms)

    def arrived(self) -> list[str]:
        """Return the actions whose vehicle needs nothing any more, each once."""
        done = [action for action, name in self._vehicle_of.items() if self._units.is_done(name)]
        for action in done:
            del self._vehicle_of[action]
        return done

    def vehicles(self, service: PriorityService) -> tuple[Vehicle, ...]:
        """Return the vehicles on a call as the priority server believes them."""
        found = []
        on_road = {row.vehicle_id: row for row in self._fleet.read()}
        for name, track in service.tracks.items():
            status = self._answered.get(name)
            edges = track.rest()
            row = on_road.get(name)
            heard = track.last
            crossings = () if track.line is None else track.line.crossings
            ahead = set(edges)
            found.append(
                Vehicle(
                    vehicle_id=name,
                    request_id=heard.request_id,
                    role=self._role.get(name, "other"),
                    x_m=heard.x_m if row is None else row.x_m,
                    y_m=heard.y_m if row is None else row.y_m,
                    speed_mps=heard.speed_mps if row is None else row.speed_mps,
                    edge=self._network.edges[track.edge].id,
                    destination=track.destination,
                    status="requested" if status is None else status.status,
                    eta_s=track.eta_s,
                    route=tuple(self._network.edges[e].id for e in edges),
                    corridor=tuple(dict.fromkeys(c.junction for c in crossings if c.edge in ahead)),
                    held=tuple(service.held_for(name)),
                )
            )
        return tuple(found)
