"""So many requests to a room within a second, from a process of their own: ``python tests/burst.py URL NUMBER SECONDS [TOKEN]``.

Every request has a connection of its own and is sent when it is due, whatever became of those before. One in
ten is a change: without a token, or with the one given. Prints what was answered as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

_PATIENCE_S = 60.0
_LOOKS = ("/api/state", "/api/health", "/api/plans", "/metrics", "/api/alarms")


def request_bytes(host, k, junction, token):
    """Return the k-th request as it goes over the wire."""
    head = f"Host: {host}\r\nConnection: close\r\n"
    if k % 10:
        return f"GET {_LOOKS[k % len(_LOOKS)]} HTTP/1.1\r\n{head}\r\n".encode()
    asked = {"kind": "hurry_call", "junction": junction, "stage": 0, "reason": f"burst {k}", "limit_s": 10}
    body = json.dumps(asked).encode()
    if token and k % 20 == 0:
        head += f"Authorization: Bearer {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST /api/actions HTTP/1.1\r\n{head}\r\n".encode() + body


async def burst(url, number, seconds, *, token="", junction=""):
    """Send them; returns statuses, when the last was sent, how long answers took."""
    place = urlsplit(url)
    begun = time.monotonic()
    sent_s, took_s, statuses, waits, changed = [], [], Counter(), Counter(), []

    async def one(k):
        await asyncio.sleep(begun + seconds * k / number - time.monotonic())
        due = time.monotonic()
        writer = None
        try:
            reader, writer = await asyncio.open_connection(place.hostname, place.port)
            writer.write(request_bytes(place.netloc, k, junction, token))
            sent_s.append(time.monotonic() - begun)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE_S)
            body = await asyncio.wait_for(reader.read(), _PATIENCE_S)
            status = int(head.split(b" ", 2)[1])
            waits[status] += b"retry-after:" in head.lower()
            if status == 201:
                changed.append(json.loads(body)["action_id"])
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            status = type(error).__name__
        finally:
            if writer is not None:
                writer.close()
        statuses[str(status)] += 1
        took_s.append(time.monotonic() - due)

    await asyncio.gather(*(one(k) for k in range(number)))
    took_s.sort()
    return {
        "sent": len(sent_s),
        "sent_within_s": round(max(sent_s, default=0.0), 2),
        "over_after_s": round(time.monotonic() - begun, 2),
        "statuses": dict(sorted(statuses.items())),
        "told_when_to_ask_again": {str(status): count for status, count in sorted(waits.items()) if count},
        "took_p50_ms": round(1000 * took_s[len(took_s) // 2]),
        "took_most_ms": round(1000 * took_s[-1]),
        "actions": changed,
    }


if __name__ == "__main__":
    given = [*sys.argv[1:], "", ""]
    found = asyncio.run(
        burst(given[0], int(given[1]), float(given[2]), token=given[3], junction=given[4]), debug=False
    )
    sys.stdout.write(json.dumps(found) + "\n")
