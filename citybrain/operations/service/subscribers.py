"""Who is told what happens, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from threading import Lock
from typing import NamedTuple

from citybrain.operations.room import RoomEvent

_MOST_WAITING = 256


class _Subscriber(NamedTuple):
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[RoomEvent | None]


class Subscribers:
    """Passes events from any thread on to those who listen in theirs."""

    def __init__(self) -> None:
        self._all: set[_Subscriber] = set()
        self._lock = Lock()
        self._closed = False

    def __len__(self) -> int:
        return len(self._all)

    def tell(self, event: RoomEvent) -> None:
        """Tell everybody."""
        with self._lock:
            listeners = tuple(self._all)
        for listener in listeners:
            try:
                listener.loop.call_soon_threadsafe(_offer, listener.queue, event)
            except RuntimeError:  # its loop is closed
                self._drop(listener)

    def _drop(self, listener: _Subscriber) -> None:
        with self._lock:
            self._all.discard(listener)

    async def listen(self) -> AsyncIterator[RoomEvent]:
        """Yield events until the room is closed."""
        listener = _Subscriber(asyncio.get_running_loop(), asyncio.Queue(_MOST_WAITING))
        with self._lock:
            if self._closed:
                return
            self._all.add(listener)
        try:
            while (event := await listener.queue.get()) is not None:
                yield event
        finally:
            self._drop(listener)

    def close(self) -> None:
        """Tell everybody that there is no more."""
        with self._lock:
            self._closed = True
            listeners = tuple(self._all)
        for listener in listeners:
            try:
                listener.loop.call_soon_threadsafe(_offer, listener.queue, None)
            except RuntimeError:
                continue


def _offer(queue: asyncio.Queue[RoomEvent | None], event: RoomEvent | None) -> None:
    while queue.full():  # a slow listener loses the oldest, most likely a snapshot
        queue.get_nowait()
    queue.put_nowait(event)
