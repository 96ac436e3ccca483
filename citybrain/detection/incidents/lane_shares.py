"""Who should have come on each lane: its usual share of those on the link."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.shape import Shape

_MEMORY_VEHICLES = 200.0
_LEARNING_VEHICLES = 60.0
_CAUTION = 0.8


class LaneShares:
    """A CUSUM (Page 1954) of a lane's count against its share of what the lanes of its link counted in the same steps.

    Parameters
    ----------
    left : float
        Share of its usual count that a blocked lane keeps: some come back to it behind the place.
    """

    def __init__(self, shape: Shape, *, left: float) -> None:
        self._shape, self._left = shape, left
        self._share, self._heard = np.zeros(len(shape.lane)), np.zeros(len(shape.lane))

    def gain(
        self, came: NDArray[np.float64], open_: NDArray[np.bool_], counts: NDArray[np.bool_], trusted: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return by watched lane the log-likelihood ratio of one step.

        Parameters
        ----------
        came : ndarray of float64, by watched lane
        open_ : ndarray of bool
            Whether somebody could have come: only then do others' counts say that somebody should have.
        counts : ndarray of bool
            Which lanes count at all.
        trusted : ndarray of bool
            Where shares are learnt.
        """
        came = np.where(counts, np.nan_to_num(came), 0.0)
        link = self._shape.link_of
        total = np.where(open_ & counts, np.bincount(link, came, len(self._shape.edge))[link], 0.0)
        self._heard += total
        due = np.where(self._heard > _LEARNING_VEHICLES, _CAUTION * self._share * total, 0.0)
        gain = np.where(due > 0, (1.0 - self._left) * due, 0.0) + came * np.log(self._left)
        known = np.minimum(np.maximum(self._heard, 1.0), _MEMORY_VEHICLES)
        learnt = trusted & (total > 0)
        self._share += np.where(learnt, (came - self._share * total) / known, 0.0)
        return np.asarray(gain)
