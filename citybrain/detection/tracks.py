"""Who is new to a tracker: seen now, and not within the last ten seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_REMEMBERED_S = 10.0


class Tracks:
    """Remembers who was seen, for as long as a tracker bridges missed detections."""

    def __init__(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._seen_s = np.empty(0)

    def new(self, keys: NDArray[np.int64], time_s: float) -> NDArray[np.bool_]:
        """Return which of those seen now are new, and remember all of them."""
        new = ~np.isin(keys, self._keys)
        old = (np.abs(time_s - self._seen_s) < _REMEMBERED_S) & ~np.isin(self._keys, keys)  # another day may begin
        current = np.unique(keys)
        self._keys = np.concatenate((self._keys[old], current))
        self._seen_s = np.concatenate((self._seen_s[old], np.full(len(current), time_s)))
        return new
