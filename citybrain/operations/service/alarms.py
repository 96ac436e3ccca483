"""Alarms: raised once, cleared when what raised them is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from citybrain.operations.messages import Alarm, Severity

_KEEP = 500


class Alarms:
    """Open alarms by kind and place, and those that are over.

    Parameters
    ----------
    changed : callable
        Is told of every alarm that is raised or cleared.
    """

    def __init__(self, changed: Callable[[Alarm], None]) -> None:
        self._changed = changed
        self._open: dict[tuple[str, str], Alarm] = {}
        self._over: deque[Alarm] = deque(maxlen=_KEEP)
        self._number = 0

    def state(
        self, kind: str, where: str, *, on: bool, severity: Severity = "warning", text: str = "", time_s: float, when: str,
        data: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Raise an alarm or clear it, whichever is news."""
        key = (kind, where)
        known = self._open.get(key)
        if on and known is None:
            self._number += 1
            alarm = Alarm(
                id=f"alarm-{self._number}", kind=kind, severity=severity, where=where, text=text, since_s=time_s,
                when=when, data=data or {},
            )  # fmt: skip
            self._open[key] = alarm
            self._changed(alarm)
        elif on and known is not None and text != known.text:  # the same trouble, told anew
            self._open[key] = replace(known, text=text, data=data or {})
        elif not on and known is not None:
            del self._open[key]
            over = replace(known, cleared_s=time_s)
            self._over.append(over)
            self._changed(over)

    def is_open(self, kind: str, where: str = "") -> bool:
        """Whether such an alarm is open."""
        return (kind, where) in self._open

    def open_at(self, kind: str) -> frozenset[str]:
        """Return the places with an open alarm of a kind."""
        return frozenset(where for known, where in self._open if known == kind)

    def open(self) -> tuple[Alarm, ...]:
        """Return open alarms, the newest first."""
        return tuple(reversed(self._open.values()))

    def over(self) -> tuple[Alarm, ...]:
        """Return those that are over, the newest first."""
        return tuple(reversed(self._over))

    def count_at(self) -> dict[str, int]:
        """Return how many are open by place."""
        counts: dict[str, int] = {}
        for _, where in self._open:
            counts[where] = counts.get(where, 0) + 1
        return counts
