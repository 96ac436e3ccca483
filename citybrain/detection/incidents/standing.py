"""Who stands although the road ahead is free, as cameras see it: a memory of places, for vehicles have no names."""

from __future__ import annotations

import numpy as np

from citybrain.detection.incidents.shape import Shape
from citybrain.messages import Observation

_CELL_M = 5.0
_REACH_M = 130.0
_STANDS_MPS = 0.5
_REMEMBERED_S = 6.0
"""Longer than a detection is missed at a stretch; so long a place counts as taken after a vehicle was last seen there."""
_FREE_CELLS = 4
_QUEUE_HEAD_M = 10.0


class Standing:
    """Cells along every watched lane, each with the time since somebody was last seen to stand there.

    A vehicle stands *for no reason* while the next four cells but one ahead of it (from 5 to 25 m or more, beyond a
    lorry and those whom it hides) have held nobody who stood for six seconds, and it is not at the end of its lane, where
    signals and others hold it. A dwell survives single missed detections and jitter of one cell.

    Attributes
    ----------
    stuck_s : ndarray of float64, by watched lane
        The longest time that somebody has stood so.
    at_m : ndarray of float64, by watched lane
        Where, from the end of the lane; NaN where nobody does.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        n, self._cells = len(shape.lane), int(_REACH_M / _CELL_M)
        self._since_s = np.full((n, self._cells + 2 + _FREE_CELLS), np.inf)  # margins: nobody stands there
        self._dwell_s = np.zeros((n, self._cells))
        self._free_s = np.zeros((n, self._cells))
        self._place_m = (np.arange(self._cells) + 0.5) * _CELL_M
        self._counts = self._place_m >= _QUEUE_HEAD_M
        self.stuck_s, self.at_m = np.zeros(n), np.full(n, np.nan)

    def update(self, observation: Observation, dt_s: float) -> None:
        """Take in one look."""
        v, shape = observation.vehicles, self._shape
        row = np.where(v.road_lane >= 0, shape.row_of[np.maximum(v.road_lane, 0)], -1)
        stands = np.flatnonzero((row >= 0) & (v.speed_mps < _STANDS_MPS))
        row = row[stands]
        cell = ((v.distance_m[stands] - shape.beyond_m[row]) / _CELL_M).astype(np.int64)
        kept = (cell >= 0) & (cell < self._cells)
        since, margin = self._since_s, 1 + _FREE_CELLS
        since += dt_s
        since[row[kept], cell[kept] + margin] = 0.0
        here = since[:, margin:-1]
        taken = np.minimum(np.minimum(here, since[:, margin - 1 : -2]), since[:, margin + 1 :]) < _REMEMBERED_S
        self._dwell_s = np.where(taken, self._dwell_s + dt_s, 0.0)
        free = np.ones_like(taken)
        for ahead in range(2, 2 + _FREE_CELLS):
            free &= since[:, margin - ahead : margin - ahead + self._cells] >= _REMEMBERED_S
        self._free_s = np.where(free & taken, self._free_s + dt_s, 0.0)
        stuck = np.where(self._counts & (here < _REMEMBERED_S), np.minimum(self._dwell_s, self._free_s), 0.0)
        best = stuck.argmax(axis=1)
        self.stuck_s = stuck[np.arange(len(best)), best]
        self.at_m = np.where(self.stuck_s > 0, self._place_m[best], np.nan)
