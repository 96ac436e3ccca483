"""One reader of the room for all consoles: a tick is turned into a message once, and sent to everybody."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Protocol

from citybrain.operations.console.frame import Frame, difference, make_frame, whole
from citybrain.operations.console.headline import Headline, make_headline
from citybrain.operations.messages import CitySnapshot
from citybrain.operations.room import ControlRoom, RoomError

_LOOK_S = 0.2
_LEAST_GAP_S = 0.4
"""Between two messages: a room that runs faster than time is shown in steps that eyes can follow."""
_BEAT_S = 1.0

log = logging.getLogger("citybrain")


class Watcher(Protocol):
    """A console that is kept up to date."""

    id: str

    @property
    def connected(self) -> bool:
        """Whether somebody looks at it."""

    def show(self, snapshot: CitySnapshot, headline: Headline, message: dict[str, Any]) -> None:
        """Take a tick in; ``message`` is the difference for the map."""

    def show_gone(self, why: str) -> None:
        """Say that the room does not answer."""


class Feed:
    """Reads the room and tells the consoles.

    Attributes
    ----------
    snapshot, frame, headline
        The latest; None before the first tick.
    """

    def __init__(self, room: ControlRoom) -> None:
        self.room = room
        self.snapshot: CitySnapshot | None = None
        self.frame: Frame | None = None
        self.headline: Headline | None = None
        self._watchers: dict[str, Watcher] = {}
        self._sent_s = 0.0
        self._beat_s = 0.0
        self._ended = False

    def join(self, watcher: Watcher) -> None:
        """Tell a console from now on; it asks for :meth:`whole` itself."""
        self._watchers[watcher.id] = watcher

    def leave(self, watcher: Watcher) -> None:
        """Tell a console no more."""
        self._watchers.pop(watcher.id, None)

    def whole(self) -> dict[str, Any]:
        """Return the message that draws the latest frame anew; empty before the first tick."""
        return {} if self.frame is None else whole(self.frame)

    def stop(self) -> None:
        """End :meth:`run`."""
        self._ended = True

    async def run(self) -> None:
        """Look at the room and tell, until stopped. A console that fails is left out, not the others."""
        while not self._ended:
            self.look(time.monotonic())
            await asyncio.sleep(_LOOK_S)

    def look(self, now_s: float) -> None:
        """Look once; ``now_s`` is of a clock that never jumps."""
        if now_s - self._sent_s < _LEAST_GAP_S:
            return
        present = [watcher for watcher in self._watchers.values() if watcher.connected]
        try:
            snapshot = self.room.snapshot()
            if present and now_s - self._beat_s >= _BEAT_S:
                self._beat_s = now_s
                for watcher in present:
                    self.room.heartbeat(watcher.id)
        except RoomError as error:
            why = str(error)
            self._tell(present, lambda watcher: watcher.show_gone(why))
            self._sent_s = now_s
            return
        before = self.snapshot
        if before is not None and _is_same(before, snapshot):
            return
        frame = make_frame(snapshot)
        message = {**difference(self.frame, frame), "when": snapshot.when}
        headline = make_headline(snapshot)
        self.snapshot, self.frame, self.headline, self._sent_s = snapshot, frame, headline, now_s
        self._tell(present, lambda watcher: watcher.show(snapshot, headline, message))

    def _tell(self, watchers: list[Watcher], how: Any) -> None:
        for watcher in watchers:
            try:
                how(watcher)
            except Exception:
                log.exception("console %s could not be told", watcher.id)


def _is_same(a: CitySnapshot, b: CitySnapshot) -> bool:
    return (a.run_id, a.tick, int(a.stale_s)) == (b.run_id, b.tick, int(b.stale_s))
