"""How long a junction has been held for a vehicle, and when that must end."""

from __future__ import annotations

from dataclasses import dataclass

from citybrain.signals.priority.parameters import PriorityParameters

_Key = tuple[str, int, int]
_BREAK_S = 2.0


@dataclass(slots=True)
class _Hold:
    since_s: float
    green_s: float = 0.0
    shown_s: float | None = None
    locked_until_s: float = -1.0
    last_s: float = 0.0


class Holds:
    """Caps the hold of each vehicle at each stop line, then locks it out for a while.

    Once begun, a hold goes on until the vehicle has passed or the cap is reached,
    whatever the estimate of its arrival does meanwhile. Only green that the vehicle was given counts:
    what a junction shows another one meanwhile uses nothing up.
    """

    def __init__(self, parameters: PriorityParameters) -> None:
        self.parameters = parameters
        self._holds: dict[_Key, _Hold] = {}

    def wants(self, key: _Key, begin_s: float, now_s: float, *, pass_s: float) -> str:
        """Return ``processing`` while a stop line is to be held, ``reserviceLocked``, or ``requested`` before."""
        hold = self._holds.get(key)
        if hold is not None and now_s < hold.locked_until_s:
            return "reserviceLocked"
        if hold is not None and hold.locked_until_s >= 0:
            hold.since_s, hold.green_s, hold.shown_s, hold.locked_until_s = now_s, 0.0, None, -1.0
        if hold is None:
            if begin_s > 0:
                return "requested"
            self._holds[key] = hold = _Hold(since_s=now_s)
        elif hold.green_s >= self._longest_s(hold.green_s, pass_s):
            hold.locked_until_s = now_s + self.parameters.lockout_s
            return "maxPresence"
        hold.last_s = now_s
        return "processing"

    def give_up(self, key: _Key, now_s: float) -> None:
        """End a hold that does nothing for its vehicle, and lock it out as if its cap were reached."""
        hold = self._holds.get(key)
        if hold is not None and hold.locked_until_s < 0:
            hold.locked_until_s = now_s + self.parameters.lockout_s

    def _longest_s(self, green_s: float, pass_s: float) -> float:
        """More for a vehicle that is near, or that should pass before that more is over."""
        p = self.parameters
        return p.hold_s + (p.extra_s if pass_s <= max(p.near_s, p.hold_s + p.extra_s - green_s) else 0.0)

    def shown(self, key: _Key, now_s: float, *, green: bool) -> None:
        """Note whether the junction shows what the hold asks for; told in every step in which it serves the vehicle."""
        hold = self._holds.get(key)
        if hold is None:
            return
        if green and hold.shown_s is not None and now_s - hold.shown_s <= _BREAK_S:
            hold.green_s += now_s - hold.shown_s
        hold.shown_s = now_s if green else None

    def active(self, key: _Key) -> bool:
        """Whether a hold has begun and is not locked."""
        hold = self._holds.get(key)
        return hold is not None and hold.locked_until_s < 0

    def drop(self, vehicle: str) -> None:
        """Forget a vehicle."""
        self._holds = {key: hold for key, hold in self._holds.items() if key[0] != vehicle}
