"""The loop's end of the pipe to the service: threads that send and receive, so that no tick waits for either."""

from __future__ import annotations

from contextlib import suppress
from multiprocessing.connection import Connection
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

_MOST_WAITING = 600


class Outbox:
    """Sends in a thread of its own, so that a service that does not read cannot stop the tick."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._queue: Queue[Any] = Queue(_MOST_WAITING)
        self._thread = Thread(target=self._send, name="outbox", daemon=True)
        self._thread.start()
        self.broken = False

    def put(self, message: Any) -> None:
        """Send soon; waits where hundreds are waiting, for what is recorded may not be lost."""
        while not self.broken:
            try:
                self._queue.put(message, timeout=1.0)
            except Full:
                continue
            return

    def _send(self) -> None:
        while (message := self._queue.get()) is not None:
            try:
                self._connection.send(message)
            except (OSError, ValueError):
                self.broken = True
                return

    def close(self) -> None:
        """Send what waits, then stop."""
        if not self.broken:
            with suppress(Full):
                self._queue.put(None, timeout=1.0)
            self._thread.join(10.0)


class Inbox:
    """What the service has sent and nobody has taken yet."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._queue: Queue[tuple[str, Any]] = Queue()
        Thread(target=self._receive, name="inbox", daemon=True).start()

    def _receive(self) -> None:
        while True:
            try:
                self._queue.put(self._connection.recv())
            except (EOFError, OSError):
                self._queue.put(("stop", None))
                return

    def take(self, wait_s: float) -> tuple[str, Any] | None:
        """Return a message, waiting for one as long as given."""
        try:
            return self._queue.get(timeout=wait_s) if wait_s > 0 else self._queue.get_nowait()
        except Empty:
            return None
