"""Who comes to a link: those counted upstream, and those who must have come uncounted because they are at its end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.shape import Shape

_EMPTY_S = 6.0
_DRIVEN_BY_S = 15.0


class Comers:
    """Finds vehicles that a place of counting has missed.

    Once nobody has come in for 15 s and nobody has been at the stop lines of the link for 6 s, it is empty. From then on no
    more can have been at the stop lines than came in: if more were, the others have come uncounted. Loops miss some, and
    some join on the way. A count of two within a second is one vehicle counted twice.
    """

    def __init__(self, shape: Shape) -> None:
        n = len(shape.edge)
        self._shape = shape
        self._since_s, self._free_s = np.zeros(n), np.zeros(n)
        self._in, self._out = np.full(n, np.inf), np.zeros(n)

    def step(
        self,
        dt_s: float,
        arrived: NDArray[np.float64],
        stop_on: NDArray[np.bool_],
        stop_count: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return by link those who came, or must have.

        Parameters
        ----------
        arrived : ndarray of float64, by link
            Vehicles counted in upstream in this step.
        stop_on, stop_count : ndarray, by watched lane
            Whether somebody is at the stop line, and how many crossed it.
        """
        shape, n = self._shape, len(self._since_s)
        waits = np.bincount(shape.link_of, shape.is_stop & stop_on, n) > 0
        left = np.bincount(shape.link_of, np.where(shape.is_stop, np.minimum(stop_count, 1.0), 0.0), n)
        empty = (self._since_s >= _DRIVEN_BY_S) & (self._free_s >= _EMPTY_S)
        self._in, self._out = np.where(empty, 0.0, self._in), np.where(empty, 0.0, self._out)
        self._in += arrived
        self._out += left
        missed = np.maximum(self._out + waits - self._in, 0.0)
        self._in += missed
        self._since_s = np.where(arrived > 0, 0.0, self._since_s + dt_s)
        self._free_s = np.where(waits | (left > 0), 0.0, self._free_s + dt_s)
        return np.asarray(arrived + missed)
