"""Server-sent events: what happens in a room, as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import TypeAdapter

from citybrain.messages import Event
from citybrain.operations.actions import AuditEntry
from citybrain.operations.messages import Alarm, CitySnapshot
from citybrain.operations.room import ControlRoom, RoomEvent
from citybrain.operations.service.ledger import plain

_KEEPALIVE_S = 10.0


async def event_stream(room: ControlRoom, *, snapshots: bool, most: int | None) -> AsyncIterator[bytes]:
    """Yield what happens, with a comment where nothing does for a while.

    Parameters
    ----------
    snapshots : bool
        Whether the states of the city are wanted, too.
    most : int, optional
        End after so many.
    """
    listening = aiter(room.subscribe())
    coming: asyncio.Future[RoomEvent] | None = None
    yield KEEPALIVE_COMMENT
    sent = 0
    try:
        while most is None or sent < most:
            coming = coming or asyncio.ensure_future(anext(listening))
            done, _ = await asyncio.wait({coming}, timeout=_KEEPALIVE_S)
            if not done:
                yield KEEPALIVE_COMMENT
                continue
            try:
                event = coming.result()
            except StopAsyncIteration:
                return
            finally:
                coming = None
            if event.kind == "snapshot" and not snapshots:
                continue
            sent += 1
            yield format_sse_event(event=event.kind, data_str=_event_text(event))
    finally:
        if coming is not None:
            coming.cancel()


_SNAPSHOT, _ALARM = TypeAdapter(CitySnapshot), TypeAdapter(Alarm)


def _event_text(event: RoomEvent) -> str:
    data = event.data
    if isinstance(data, CitySnapshot):
        return _SNAPSHOT.dump_json(data).decode()
    if isinstance(data, Alarm):
        return _ALARM.dump_json(data).decode()
    if isinstance(data, AuditEntry):
        return data.model_dump_json()
    assert isinstance(data, Event)
    row = {"time_s": data.time_s, "kind": data.kind, "junction": data.junction_id, "data": plain(data.data)}
    return json.dumps(row)
