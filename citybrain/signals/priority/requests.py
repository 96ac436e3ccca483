"""The desk that takes requests in: genuine, fresh and new, or refused with a reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import get_type_hints

from citybrain.detection.tokens import is_genuine
from citybrain.messages import PriorityRequest, PriorityStatus
from citybrain.network.model import Network

ROLES: Mapping[str, int] = {"fire": 0, "ambulance": 0, "police": 1, "other": 2}
"""Roles that may ask, with their rank; a lower one goes first where two cannot go together."""
_AHEAD_S = 5.0
_FASTEST_MPS = 90.0
_MOST_OPEN = 1000


class RequestDesk:
    """Checks requests and remembers what it has seen.

    Parameters
    ----------
    network : Network
    key : bytes
        That genuine requests are signed with.
    """

    def __init__(self, network: Network, key: bytes) -> None:
        self._network, self._key = network, key
        self._sequence: dict[str, int] = {}
        self._vehicle: dict[str, str] = {}
        self._types = get_type_hints(PriorityRequest)
        self._closed: set[str] = set()

    def check(self, request: PriorityRequest, now_s: float) -> PriorityStatus:
        """Return ``requested``, or ``rejected`` with the reason; only the former changes anything."""
        reason = self._fault(request, now_s)
        if reason is None:
            self._sequence[request.request_id] = request.sequence
            self._vehicle[request.request_id] = request.vehicle_id
            if request.cancelled:
                self._closed.add(request.request_id)
        return PriorityStatus(
            request_id=str(request.request_id),
            sequence=request.sequence if isinstance(request.sequence, int) else -1,
            vehicle_id=str(request.vehicle_id),
            status="requested" if reason is None else "rejected",
            reason=reason or "",
        )

    def _fault(self, request: PriorityRequest, now_s: float) -> str | None:
        malformed = self._malformed(request)
        if malformed is not None:
            return f"malformed: {malformed}"
        if not is_genuine(request, self._key):
            return "forged: the token does not belong to this request"
        if now_s > request.expires_s:
            return f"expired: valid until {request.expires_s:g} s, it is {now_s:g} s"
        if request.time_s > now_s + _AHEAD_S:
            return f"malformed: dated {request.time_s:g} s, it is {now_s:g} s"
        return self._not_new(request)

    def _not_new(self, request: PriorityRequest) -> str | None:
        if request.request_id in self._closed:
            return f"duplicate: request {request.request_id} is closed"
        known = self._sequence.get(request.request_id)
        if known is not None and request.sequence <= known:
            return f"duplicate: sequence {request.sequence} after {known}"
        if self._vehicle.get(request.request_id, request.vehicle_id) != request.vehicle_id:
            return f"malformed: request {request.request_id} is of vehicle {self._vehicle[request.request_id]}"
        if known is None and len(self._sequence) - len(self._closed) >= _MOST_OPEN:
            return f"malformed: {_MOST_OPEN} requests are open, more cannot be true"
        return None

    def _malformed(self, request: PriorityRequest) -> str | None:
        return self._wrong_type(request) or self._wrong_value(request)

    def _wrong_type(self, request: PriorityRequest) -> str | None:
        for field in fields(request):
            value, kind = getattr(request, field.name), self._types[field.name]
            if kind is float:
                if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                    return f"{field.name} is {value!r}, not a number"
            elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                return f"{field.name} is {value!r}, not {kind.__name__}"
        return None

    def _wrong_value(self, request: PriorityRequest) -> str | None:
        if not request.request_id or not request.vehicle_id:
            return "it names no request or no vehicle"
        if request.role not in ROLES:
            return f"role {request.role!r} (known: {', '.join(ROLES)})"
        if request.sequence < 0 or not 0 <= request.speed_mps <= _FASTEST_MPS:
            return f"sequence {request.sequence}, speed {request.speed_mps:g} m/s"
        for name in ("inbound", "destination"):
            if self._network.edge_index(getattr(request, name)) < 0:
                return f"{name} {getattr(request, name)!r} is not a road of this network"
        return None
