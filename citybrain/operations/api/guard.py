"""What stands before every request: sizes, rates, hosts, headers; pure ASGI, so that streams stay streams."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 64 * 1024
_MOST_CLIENTS = 10_000
_STREAM = "/api/events"
_LATER = ((b"retry-after", b"1"),)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """Requests to the API.

    Attributes
    ----------
    per_s, burst : float, int
        Of one client: so many a second in the long run, so many in a moment. A client is an address; who has a
        token counts alone, so that a flood from a proxy's address does not keep an operator out.
    at_once : int
        Being answered at the same time for clients without a token, all together.
    streams : int
        Event streams, all together.
    """

    per_s: float = 50.0
    burst: int = 200
    at_once: int = 64
    streams: int = 100


class _Buckets:
    """A token bucket for each client."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = monotonic) -> None:
        self._limit, self._clock = limit, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> bool:
        now_s = self._clock()
        left, since_s = self._buckets.pop(client, (float(self._limit.burst), now_s))
        left = min(self._limit.burst, left + (now_s - since_s) * self._limit.per_s)
        self._buckets[client] = (left - 1.0 if left >= 1.0 else left, now_s)
        while len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return left >= 1.0


class _TooLargeError(Exception):
    pass


class _Places:
    """So many at the same time."""

    def __init__(self, most: int) -> None:
        self._free = most

    def take(self) -> bool:
        if self._free <= 0:
            return False
        self._free -= 1
        return True

    def leave(self) -> None:
        self._free += 1


class Guard:
    """See the module.

    Parameters
    ----------
    hosts : iterable of str
        Names by which the service may be called; ``*`` for any. Others are refused, so that no
        foreign page can reach a room on localhost by a name of its own.
    limit : RateLimit, optional
        Of paths that begin with ``limited``.
    whose : callable
        Returns the name that a token belongs to, nothing where it is not known.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        limit: RateLimit | None,
        whose: Callable[[str], str] = lambda _token: "",
        limited: tuple[str, ...] = ("/api/", "/metrics"),
    ) -> None:
        self._app, self._hosts, self._limited, self._whose = app, frozenset(hosts), limited, whose
        self._buckets = _Buckets(limit) if limit is not None else None
        self._places = _Places(limit.at_once if limit is not None else 0)
        self._streams = _Places(limit.streams if limit is not None else 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not self._known(headers.get(b"host", b"")):
            await _refuse(scope, send, 400, "this service is not called by that name; see --allowed-hosts")
            return
        if self._buckets is not None and scope.get("path", "").startswith(self._limited):
            await self._limit(self._buckets, headers, scope, receive, send)
        else:
            await self._sized(headers, scope, receive, send)

    async def _limit(
        self, buckets: _Buckets, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let a request through where its client has not asked too often, and not too much is being answered."""
        given = headers.get(b"authorization", b"").decode("latin-1")
        name = self._whose(given[7:].strip()) if given[:7].lower() == "bearer " else ""
        address = scope["client"][0] if scope.get("client") else "?"
        if not buckets.take(f"token {name}" if name else address):
            await _refuse(scope, send, 429, "too many requests; slow down", _LATER)
            return
        places = self._streams if scope["path"] == _STREAM else None if name else self._places
        if places is None:
            await self._sized(headers, scope, receive, send)
            return
        if not places.take():
            await _refuse(scope, send, 503, "too many requests are being answered; ask again in a moment", _LATER)
            return
        try:
            await self._sized(headers, scope, receive, send)
        finally:
            places.leave()

    async def _sized(self, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through where its body is short."""
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            await _refuse(scope, send, 413, f"at most {MOST_BODY_BYTES} bytes")
            return
        await self._bounded(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, begun = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BODY_BYTES:
                raise _TooLargeError
            return message

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                known = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in _HEADERS if h[0] not in known)]
            await send(message)

        try:
            await self._app(scope, counted, with_headers)
        except _TooLargeError:
            if not begun:
                await _refuse(scope, send, 413, f"at most {MOST_BODY_BYTES} bytes")

    def _known(self, host: bytes) -> bool:
        if "*" in self._hosts:
            return True
        name = host.decode("latin-1").lower()
        name = name[: name.index("]") + 1] if name.startswith("[") and "]" in name else name.split(":")[0]
        return name in self._hosts


async def _refuse(
    scope: Scope, send: Send, status: int, detail: str, extra: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps({"detail": detail}).encode()
    headers: list[Any] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *_HEADERS,
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
