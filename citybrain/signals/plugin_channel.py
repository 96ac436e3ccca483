"""How a plug-in's process and ours talk: frames over a socket, each with a deadline.

Towards the plug-in a frame is a pickle, for it is ours. What comes back is JSON: nothing that
a plug-in sends is ever executed here.
"""

from __future__ import annotations

import json
import pickle
import socket
import struct
from time import monotonic
from typing import Any

_HEAD = struct.Struct("!I")
_LONGEST = 64 * 2**20


class Channel:
    """One end of the socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, frame: bytes, limit_s: float | None = None) -> None:
        """Send a frame.

        Raises
        ------
        TimeoutError, OSError
            If the other end does not take it in time, or is gone.
        """
        self._end.settimeout(limit_s)
        self._end.sendall(_HEAD.pack(len(frame)) + frame)

    def receive(self, limit_s: float | None = None) -> bytes:
        """Receive a frame; its whole must be there within ``limit_s``.

        Raises
        ------
        TimeoutError, EOFError, OSError
            If it is not, or the other end is gone.
        """
        ends = None if limit_s is None else monotonic() + limit_s
        (length,) = _HEAD.unpack(self._exactly(_HEAD.size, ends))
        if length > _LONGEST:
            raise OSError(f"a frame of {length} bytes, at most {_LONGEST} are taken")
        return self._exactly(length, ends)

    def _exactly(self, count: int, ends: float | None) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            left_s = None if ends is None else ends - monotonic()
            if left_s is not None and left_s <= 0:
                raise TimeoutError
            self._end.settimeout(left_s)
            part = self._end.recv(min(count - len(parts), 2**20))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def close(self) -> None:
        """Close this end."""
        self._end.close()


def pack(message: object) -> bytes:
    """Make a frame for the plug-in."""
    return pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)


def pack_answer(answer: dict[str, Any]) -> bytes:
    """Make a frame for us."""
    return json.dumps(answer, default=str).encode()


def read_answer(frame: bytes) -> dict[str, Any]:
    """Read what a plug-in sent.

    Raises
    ------
    ValueError
        If it is not what a host sends.
    """
    answer = json.loads(frame)
    if not isinstance(answer, dict):
        raise ValueError("not an answer")  # noqa: TRY004  it is the value that is wrong, whoever sent it
    return answer
