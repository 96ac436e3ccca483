"""What the server believes of one vehicle: its route, and where it is on it."""

from __future__ import annotations

from collections.abc import Sequence

from citybrain.messages import PriorityRequest
from citybrain.network.model import Network
from citybrain.signals.priority.eta import PlaceFilter
from citybrain.signals.priority.route_line import RouteLine

_STRAYS = 2
_MOVING_MPS, _ROLLING_MPS = 1.0, 5.0
_QUEUED_S = 3.0
_OVERRUN_M, _SHORT_M = 30.0, 0.5


class Track:
    """A vehicle on a call.

    Attributes
    ----------
    edge : int
        Edge that it last said it was on.
    waiting : bool
        It has not started yet.
    first_s : float
        When it was first heard of.
    stood_since_s : float, optional
        Since when it stands.
    queued : bool
        It has stood, and has not got rolling since: who creeps is in the queue still.
    """

    def __init__(self, network: Network, request: PriorityRequest, rank: int) -> None:
        self.network = network
        self.vehicle, self.rank = request.vehicle_id, rank
        self.destination = request.destination
        self.edge = network.edge_index(request.inbound)
        self.line: RouteLine | None = None
        self.heard_s = request.time_s
        self.eta_s = float("nan")
        self.planned_ms = 0
        self.waiting = True
        self.first_s = request.time_s
        self.stood_since_s: float | None = None
        self.queued = False
        self._filter: PlaceFilter | None = None
        self._last = request
        self._strays = 0

    @property
    def last(self) -> PriorityRequest:
        """The latest message."""
        return self._last

    def hear(self, request: PriorityRequest) -> bool:
        """Take a message in; return whether a new route is needed: there is none, or the driver left it."""
        if request.time_s < self.heard_s:
            return False
        self.heard_s, self._last = request.time_s, request
        self.waiting = self.waiting and request.speed_mps < _MOVING_MPS
        if request.speed_mps >= _MOVING_MPS:
            self.stood_since_s = None
        elif self.stood_since_s is None:
            self.stood_since_s = request.time_s
        stood_s = 0.0 if self.waiting or self.stood_since_s is None else request.time_s - self.stood_since_s
        self.queued = stood_s > _QUEUED_S or (self.queued and request.speed_mps < _ROLLING_MPS)
        self.edge = self.network.edge_index(request.inbound)
        self.destination = request.destination
        if self.line is None:
            return True
        near_m = self._filter.at(request.time_s)[0] if self._filter is not None else 0.0
        place = self.line.place(self.edge, near_m=near_m)
        if place < 0:
            self._strays += 1
            return self._strays >= _STRAYS
        self._strays = 0
        self._fix(place)
        return False

    def _fix(self, place: int) -> None:
        if self.line is None:
            return
        request = self._last
        metres = self.line.project(place, request.x_m, request.y_m)
        if self._filter is None:
            self._filter = PlaceFilter(request.time_s, metres, request.speed_mps)
        else:
            self._filter.fix(request.time_s, metres, request.speed_mps)

    def follow(self, way: Sequence[int], time_ms: int) -> None:  # noqa: ARG002
        """Take a new route, which begins on the edge where the vehicle is."""
        self.line = RouteLine(self.network, way)
        self._filter, self._strays = None, 0
        self._fix(0)

    def rest(self) -> tuple[int, ...]:
        """Return the edges of the route still ahead, the present one first."""
        if self.line is None:
            return (self.edge,)
        near_m = self._filter.at(self.heard_s)[0] if self._filter is not None else 0.0
        return self.line.edges[max(self.line.place(self.edge, near_m=near_m), 0) :]

    def at(self, time_s: float) -> tuple[float, float]:
        """Return distance along the route and speed now.

        Not beyond the end of the edge that the vehicle says it is on, unless it must be far beyond:
        who waits at a stop line must not be taken for one who has passed it.
        """
        if self._filter is None or self.line is None:
            return 0.0, 0.0
        metres, speed_mps = self._filter.at(time_s)
        place = self.line.place(self.edge, near_m=metres)
        if place >= 0:
            begin_m = self.line.start_m[place]
            end_m = begin_m + self.network.edges[self.edge].length_m
            metres = max(metres, begin_m)
            if metres < end_m + _OVERRUN_M:
                metres = min(metres, end_m - _SHORT_M)
        return metres, speed_mps
