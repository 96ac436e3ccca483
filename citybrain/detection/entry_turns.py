"""Which turn did those make who are counted where a road begins?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.network.model import Network

_CROSSING_S = 8.0
_SURPRISE = 0.02


class EntryTurns:
    """Credits who enters a road to the movements that lead there, by who has lately crossed their stop lines.

    Attributes
    ----------
    counted : ndarray of bool, by movement
        Whether its exit has entry loops.

    Parameters
    ----------
    has_entry : ndarray of bool, by edge
    """

    def __init__(self, network: Network, approaches: Approaches, has_entry: NDArray[np.bool_]) -> None:
        turns = [m for m in network.movements if not m.is_crossing]
        edge = approaches.edge[[m.to_lane for m in turns]]
        led_to = has_entry[edge]
        self._movement, self._edge = np.array([m.index for m in turns], np.int64)[led_to], edge[led_to]
        self.counted = np.zeros(len(network.movements), np.bool_)
        self.counted[self._movement] = True
        self._inside = np.zeros(len(self._movement))
        self._n_edges = len(has_entry)

    def seen(self, dt_s: float, passed: NDArray[np.float64], entered: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by movement those who are now known to have made it.

        Parameters
        ----------
        passed : ndarray, by movement
            Who crossed the stop lines in this step, shared out by what is believed of turns.
        entered : ndarray, by edge
            Who was counted where the road begins.
        """
        self._inside = self._inside * np.exp(-dt_s / _CROSSING_S) + passed[self._movement]
        chance = self._inside + _SURPRISE  # who is not believed to have turned may have done so all the same
        known = chance * (entered / np.maximum(np.bincount(self._edge, chance, self._n_edges), 1e-9))[self._edge]
        self._inside = np.maximum(self._inside - known, 0.0)
        credit = np.zeros(len(self.counted))
        credit[self._movement] = known
        return credit
