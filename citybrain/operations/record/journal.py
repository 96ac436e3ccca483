"""A file that every row of the record goes to first: one JSON line a row.

What the database has taken is cut off again. So the file is small while the database is well, and grows while
it is lost; whatever is in it when a room starts is put into the database first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

Row = tuple[str, Mapping[str, Any]]
_CUT_BYTES = 4 * 2**20
_READ_BYTES = 2**20


class Journal:
    """See the module. Any thread may add; one reads.

    Parameters
    ----------
    path : Path
        Made where it is missing.

    Attributes
    ----------
    taken : int
        Bytes from its start that the database has taken.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b", buffering=0)
        self._lock = Lock()
        self.taken = 0
        self._size = self._mend()

    def _mend(self) -> int:
        """Cut off a last line that was not written to its end; return what is left, bytes."""
        size = self._file.seek(0, os.SEEK_END)
        end = size
        while end > 0:
            begin = max(0, end - 65536)
            self._file.seek(begin)
            found = self._file.read(end - begin).rfind(b"\n")
            if found >= 0:
                end = begin + found + 1
                break
            end = begin
        if end < size:
            self._file.truncate(end)
        return end

    @property
    def waiting_bytes(self) -> int:
        """What the database has not taken yet."""
        return self._size - self.taken

    def add(self, rows: Sequence[Row], *, durable: bool) -> None:
        """Add rows, all or none.

        Parameters
        ----------
        durable : bool
            Return only when the disk has them.

        Raises
        ------
        OSError
            If the disk is full or broken; nothing is added then.
        """
        data = b"".join(json.dumps([table, row], separators=(",", ":")).encode() + b"\n" for table, row in rows)
        with self._lock:
            try:
                self._write(data)
                if durable:
                    os.fsync(self._file.fileno())
            except OSError:
                self._file.truncate(self._size)
                raise
            self._size += len(data)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def read(self) -> tuple[list[Row], int]:
        """Return the next rows that the database has not taken, and the place after them."""
        begin = self.taken
        descriptor = self._file.fileno()
        data = os.pread(descriptor, min(_READ_BYTES, self._size - begin), begin)
        end = data.rfind(b"\n") + 1
        if end == 0 and data:  # a row longer than what is read at once
            data = os.pread(descriptor, self._size - begin, begin)
            end = data.find(b"\n") + 1
        rows = [(str(table), row) for table, row in map(json.loads, data[:end].splitlines())]
        return rows, begin + end

    def take(self, place: int) -> None:
        """Note that the database has all rows before ``place``; cut them off where that is all and it is worth it."""
        with self._lock:
            self.taken = place
            if place == self._size and place >= _CUT_BYTES:
                self._file.truncate(0)
                self.taken = self._size = 0

    def close(self) -> None:
        """Close the file; one that the database has taken to its end is emptied."""
        with self._lock:
            if self.taken == self._size:
                self._file.truncate(0)
            self._file.close()
