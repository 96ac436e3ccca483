"""Which stop line will a vehicle go to, where the lane it is on leads to several?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Ways
from citybrain.detection.chance import uniform

_WAY = 77
_HEAD_M, _STANDS_MPS = 15.0, 1.0
_STUBBORN_S = 3.0


class WayChoice:
    """Guesses one way for each vehicle and keeps to it while the vehicle is tracked.

    Guesses follow the flows at the stop lines. A whole vehicle on one lane serves a
    predictive policy better than a part of it on each: a queue of parts blocks as
    many movements as there are lanes. One that stands first while the lane guessed
    has green is not going there, and gets the next guess.
    """

    def __init__(self, ways: Ways, *, seed: int) -> None:
        self._ways, self._seed = ways, seed
        self._upto = np.cumsum(ways.share)
        n = len(ways.at) - 1
        self._head = np.full(n, -1, dtype=np.int64)
        self._refusals = np.zeros(n, dtype=np.int64)
        self._stuck_s = np.zeros(n)

    def learn(self, flow_vps: NDArray[np.float64]) -> None:
        """Take in the flows of all lanes."""
        self._upto = np.cumsum(self._ways.weights(flow_vps))

    def choose(self, key: NDArray[np.int64], source: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the way of each vehicle among the rows that ``Ways.expand`` makes of the sources.

        A vehicle that probably leaves for a road without a signal has none.
        """
        owner, row = self._ways.expand(source)
        first = self._ways.at[source]
        count = self._ways.at[source + 1] - first
        base = np.concatenate(([0.0], self._upto))[first]
        chosen = np.searchsorted(self._upto, base + uniform(self._seed, _WAY, key), side="right")
        refused = np.where(self._head[source] == key, self._refusals[source], 0)
        chosen = np.where(refused > 0, first + (chosen - first + refused) % np.maximum(count, 1), chosen)
        return np.asarray(row == chosen[owner])

    def watch(
        self,
        dt_s: float,
        key: NDArray[np.int64],
        source: NDArray[np.int64],
        distance_m: NDArray[np.float64],
        speed_mps: NDArray[np.float64],
        green: NDArray[np.bool_],
    ) -> None:
        """Note who stands first on each lane, and whether the lane guessed for it has green."""
        order = np.lexsort((distance_m, source))
        heads = order[np.flatnonzero(np.diff(source[order], prepend=-1))]
        heads = heads[(distance_m[heads] < _HEAD_M) & (speed_mps[heads] < _STANDS_MPS)]
        lane = source[heads]
        same = np.zeros(len(self._head), dtype=np.bool_)
        same[lane] = self._head[lane] == key[heads]
        self._head = np.where(same, self._head, -1)
        self._head[lane] = key[heads]
        self._refusals[~same] = 0
        stuck = np.zeros(len(self._head), dtype=np.bool_)
        stuck[lane] = green[heads]
        self._stuck_s = np.where(stuck & same, self._stuck_s + dt_s, 0.0)
        enough = self._stuck_s >= _STUBBORN_S
        self._refusals[enough] += 1
        self._stuck_s[enough] = 0.0
