"""On-board units of emergency vehicles: positions as a receiver has them, sent as signed requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from citybrain.detection.tokens import signed
from citybrain.messages import PriorityRequest, PriorityStatus
from citybrain.simulation.fleet import Fleet


class RadioParameters(BaseModel):
    """Errors of positions and of the radio.

    Parameters
    ----------
    noise_m : float
        Standard deviation of a position along each axis.
    latency_s : float
        From the position to its message's arrival.
    loss : float
        Share of messages that never arrive.
    interval_s : float
        Between messages of a vehicle.
    validity_s : float
        How long a message counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    noise_m: float = Field(default=3.0, ge=0, le=200)
    latency_s: float = Field(default=0.5, ge=0, le=60)
    loss: float = Field(default=0.0, ge=0, lt=1)
    interval_s: float = Field(default=1.0, gt=0, le=60)
    validity_s: float = Field(default=15.0, gt=0, le=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An emergency call: who has to go where.

    Attributes
    ----------
    announced_s : float
        When the call is known, which is before the crew is on the road.
    from_m, to_m : float
        Places along the first and the last edge.
    """

    vehicle_id: str
    role: str
    announced_s: float
    depart_s: float
    origin: str
    from_m: float
    destination: str
    to_m: float


class OnboardUnits:
    """Turns true positions into requests, and passes advice on to the drivers.

    Parameters
    ----------
    fleet : Fleet
    calls : sequence of Call
    key : bytes
        Signs the requests.
    places : mapping of str to (x, y)
        Where each vehicle stands before it starts.
    """

    def __init__(
        self,
        fleet: Fleet,
        calls: Sequence[Call],
        *,
        key: bytes,
        radio: RadioParameters | None = None,
        places: Mapping[str, tuple[float, float]],
        seed: int = 0,
    ) -> None:
        self.fleet, self.radio = fleet, radio or RadioParameters()
        self._calls, self._key, self._places = {call.vehicle_id: call for call in calls}, key, dict(places)
        self._rng = np.random.default_rng(seed)
        self._air: deque[tuple[int, PriorityRequest]] = deque()
        self._sequence = dict.fromkeys(self._calls, 0)
        self._next_ms = dict.fromkeys(self._calls, 0)
        self._started: set[str] = set()
        self._done: set[str] = set()

    def add(self, call: Call, place: tuple[float, float]) -> None:
        """Take one more call, of a vehicle that stands at ``place``."""
        name = call.vehicle_id
        self._calls[name], self._places[name] = call, place
        self._sequence[name] = self._next_ms[name] = 0

    def cancel(self, vehicle_id: str, time_ms: int) -> None:
        """Have a vehicle say that it needs no priority any more."""
        if vehicle_id in self._calls and vehicle_id not in self._done:
            self._done.add(vehicle_id)
            call = self._calls[vehicle_id]
            self._send(call, time_ms, self._places[vehicle_id], 0.0, call.destination, cancelled=True)

    def is_done(self, vehicle_id: str) -> bool:
        """Whether a vehicle has arrived or cancelled."""
        return vehicle_id in self._done

    def requests(self, time_ms: int) -> list[PriorityRequest]:
        """Return the messages that arrive now."""
        on_road = {row.vehicle_id: row for row in self.fleet.read()}
        for name, call in self._calls.items():
            if name in self._done or time_ms < max(call.announced_s * 1000, self._next_ms[name]):
                continue
            self._next_ms[name] = time_ms + round(self.radio.interval_s * 1000)
            row = on_road.get(name)
            if row is not None:
                self._started.add(name)
                self._send(call, time_ms, (row.x_m, row.y_m), row.speed_mps, row.edge)
            elif name in self._started:
                self._done.add(name)
                x, y = self._places[name]
                self._send(call, time_ms, (x, y), 0.0, call.destination, cancelled=True)
            else:
                self._send(call, time_ms, self._places[name], 0.0, call.origin)
        arrived = []
        while self._air and self._air[0][0] <= time_ms:
            arrived.append(self._air.popleft()[1])
        return arrived

    def _send(
        self, call: Call, time_ms: int, at: tuple[float, float], speed_mps: float, edge: str, *, cancelled: bool = False
    ) -> None:
        radio, name = self.radio, call.vehicle_id
        self._sequence[name] += 1
        error = self._rng.normal(0.0, 1.0, 3)
        if self._rng.random() < radio.loss and not cancelled:  # the last message is repeated until it is heard
            return
        request = PriorityRequest(
            request_id=f"{name}@{call.announced_s:g}",
            sequence=self._sequence[name],
            vehicle_id=name,
            role=call.role,
            time_s=time_ms / 1000,
            expires_s=time_ms / 1000 + radio.validity_s,
            x_m=float(at[0] + radio.noise_m * error[0]),
            y_m=float(at[1] + radio.noise_m * error[1]),
            speed_mps=float(max(0.0, speed_mps + 0.05 * radio.noise_m * error[2])),
            inbound=edge,
            destination=call.destination,
            cancelled=cancelled,
        )
        self._air.append((time_ms + round(radio.latency_s * 1000), signed(request, self._key)))

    def reply(self, statuses: Sequence[PriorityStatus]) -> None:
        """Pass routes on to their drivers; one that leads from where the vehicle no longer is is ignored."""
        for status in statuses:
            if status.route and status.vehicle_id in self._started - self._done:
                self.fleet.guide(status.vehicle_id, status.route)
