"""Who should have come on each lane: its usual share of those on the link."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.shape import Shape

_MEMORY_VEHICLES = 200.0
_LEARNING_VEHICLES = 60.0
_CAUTION = 0.8
_BLOCK_VEHICLES = 4.0
_SPREAD_PRIOR, _SPREAD_USUAL = 4.0, 1.5
_MOST_SPREAD, _MOST_SAMPLE = 8.0, 10.0
_FADE = 0.98


class LaneShares:
    """A CUSUM (Page 1954) of a lane's count against its share of what the lanes of its link counted in the same steps.

    The evidence is divided by the dispersion that the lane's share has shown (quasi-likelihood): drivers choose lanes by
    where they go next, and the turns that are wanted change with every platoon.

    Parameters
    ----------
    left : float
        Share of its usual count that a blocked lane keeps: some come back to it behind the place.
    """

    def __init__(self, shape: Shape, *, left: float) -> None:
        self._shape, self._left = shape, left
        n = len(shape.lane)
        self._spread_sum, self._spread_n = np.full(n, _SPREAD_PRIOR * _SPREAD_USUAL), np.full(n, _SPREAD_PRIOR)
        self._block_due, self._block_came, self._block_of = np.zeros(n), np.zeros(n), np.zeros(n)
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
        self._watch_spread(came, total)
        return np.asarray(gain / np.clip(self._spread_sum / self._spread_n, 1.0, _MOST_SPREAD))

    def _watch_spread(self, came: NDArray[np.float64], total: NDArray[np.float64]) -> None:
        """Compare what came with what was due, every few vehicles."""
        known = self._heard > _LEARNING_VEHICLES / 2
        self._block_due += np.where(known, self._share * total, 0.0)
        self._block_came += np.where(known & (total > 0), came, 0.0)
        self._block_of += np.where(known, total, 0.0)
        done = self._block_due >= _BLOCK_VEHICLES
        due, free = self._block_due, np.maximum(1.0 - self._block_due / np.maximum(self._block_of, 1e-9), 0.1)
        short = np.maximum(due - self._block_came, 0.0)  # too few; more than due is no sign
        sample = np.minimum(2.0 * short**2 / np.maximum(due * free, 1e-9), _MOST_SAMPLE)
        self._spread_sum = np.where(done, self._spread_sum * _FADE + sample, self._spread_sum)
        self._spread_n = np.where(done, self._spread_n * _FADE + 1.0, self._spread_n)
        for block in (self._block_due, self._block_came, self._block_of):
            block[done] = 0.0
