"""Which movements the signals let go: a city knows its own lamps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citybrain.messages import SignalView
from citybrain.network.model import Network


class Lamps:
    """Greens by movement and by lane, from the stages that junctions show."""

    def __init__(self, network: Network) -> None:
        self._first = np.concatenate(([0], np.cumsum([len(j.stages) for j in network.junctions])[:-1])).astype(np.int64)
        rows, movements, value = [], [], []
        for junction in network.junctions:
            for stage in junction.stages:
                for index in junction.movements:
                    m = network.movements[index]
                    if not m.is_crossing and stage.is_green(m.link):
                        rows.append(int(self._first[junction.index]) + stage.index)
                        movements.append(index)
                        value.append(1.0 if stage.state[m.link] == "G" else 0.5)
        n_stages = sum(len(j.stages) for j in network.junctions)
        self._go = sparse.csr_matrix((value, (rows, movements)), shape=(n_stages, len(network.movements)))
        self._shown = np.zeros(len(network.junctions), dtype=np.int64)
        lanes = [(m.from_lane, m.index) for m in network.movements if not m.is_crossing]
        self.lane = np.array([lane for lane, _ in lanes], dtype=np.int64)
        self.movement = np.array([index for _, index in lanes], dtype=np.int64)
        self._in_lane = np.bincount(self.lane, minlength=len(network.lanes))

    def green(self, signals: SignalView, *, after: bool = False) -> NDArray[np.float64]:
        """Return by movement 1 for protected green, 0.5 for permissive, 0 for red.

        With ``after``, an intergreen counts as the green before it, in which the last vehicles cross.
        """
        self._shown = np.where(signals.switching, self._shown, signals.stage)
        rows = self._first + self._shown
        shown = np.zeros(self._go.shape[0])
        shown[rows if after else rows[~signals.switching]] = 1.0
        return np.asarray(self._go.T @ shown, dtype=np.float64)

    def lane_green(self, green: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by lane the mean over its movements."""
        total = np.bincount(self.lane, weights=green[self.movement], minlength=len(self._in_lane))
        return np.asarray(total / np.maximum(self._in_lane, 1))
