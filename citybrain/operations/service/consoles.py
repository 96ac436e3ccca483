"""Which consoles are being watched."""

from __future__ import annotations

from threading import Lock
from time import monotonic

_SHORTEST_S = 15.0
_MOST = 1000


class Consoles:
    """Remembers when each console was last heard of.

    Parameters
    ----------
    heartbeat_s : float
        The room counts as unwatched where none was heard of for this long; 0: it need not be watched.
    """

    def __init__(self, heartbeat_s: float) -> None:
        self._heartbeat_s = heartbeat_s
        self._heard_s: dict[str, float] = {}
        self._last_s = monotonic()
        self._lock = Lock()

    def begin(self) -> None:
        """Count from now on: before the first tick there is nothing to watch."""
        self._last_s = monotonic()

    def heard(self, console_id: str) -> None:
        """Take note of a sign of life."""
        now_s = monotonic()
        with self._lock:
            self._last_s = now_s
            self._heard_s[console_id[:64]] = now_s
            if len(self._heard_s) > _MOST:
                self._heard_s = {name: s for name, s in self._heard_s.items() if now_s - s < _SHORTEST_S}

    def count(self) -> int:
        """Return how many are watched."""
        oldest_s = monotonic() - max(self._heartbeat_s, _SHORTEST_S)
        with self._lock:
            return sum(s > oldest_s for s in self._heard_s.values())

    def watched(self) -> bool:
        """Whether somebody watches, where that is asked for."""
        return not self._heartbeat_s or monotonic() - self._last_s < self._heartbeat_s
