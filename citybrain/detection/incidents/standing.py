"""Who stands although the road ahead is free, as cameras see it: a memory of places, for vehicles have no names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.shape import Shape
from citybrain.messages import Seen

_CELL_M = 5.0
_REACH_M = 130.0
_STANDS_MPS, _MOVES_MPS = 0.5, 0.8
_MISSED_S = 6.0
"""For longer nobody is missed at a stretch, unless a heavy vehicle hides him."""
_REMEMBERED_S = 40.0
_FREE_CELLS = 4
_HEAD_CELLS = 3
_BESIDE_A_QUEUE = 0.2


class Standing:
    """Cells along every watched lane, each with the time since somebody was last seen to stand there.

    Who has stood in a cell is believed to stand there until somebody is seen to move in it: heavy vehicles hide those behind
    them for long. A vehicle stands *for no reason* while the next four cells but one ahead of it (from 5 to 25 m or
    more, beyond a lorry and one whom it hides) hold nobody who stands, and it is not at the end of its lane, where
    signals and others hold it. Beside a queue that reaches further ahead it may wait for a gap to change lanes: such time
    counts a fifth.

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
        self._margin = 1 + _FREE_CELLS  # beyond the end of the lane nobody stands
        self._since_s = np.full((n, self._cells + self._margin + 1), np.inf)
        self._dwell_s = np.zeros((n, self._cells))
        self._free_s = np.zeros((n, self._cells))
        self._place_m = (np.arange(self._cells) + 0.5) * _CELL_M
        self.stuck_s, self.at_m = np.zeros(n), np.full(n, np.nan)

    def update(self, v: Seen, dt_s: float) -> None:
        """Take in one look."""
        row, cell = self._shape.row_of[v.lane], (v.to_end_m / _CELL_M).astype(np.int64)
        here = (row >= 0) & (cell < self._cells)
        stands = self._marked(row, cell, here & (v.speed_mps < _STANDS_MPS))
        moves = self._marked(row, cell, here & (v.speed_mps >= _MOVES_MPS))
        inner = slice(self._margin, self._margin + self._cells)
        since = self._since_s
        since += dt_s
        since[:, inner][_wider(moves) & ~stands] = np.inf
        since[:, inner][stands] = 0.0
        known = since[:, inner]
        stood = _wider(stands)
        missed = _wider(known < _MISSED_S) & ~(moves & ~stood)
        self._dwell_s = np.where(stood, self._dwell_s + dt_s, np.where(missed, self._dwell_s, 0.0))
        held, queue = np.zeros_like(stood), np.zeros_like(stood)
        for ahead in range(2, 2 + _FREE_CELLS):
            there = since[:, self._margin - ahead : self._margin - ahead + self._cells]
            held |= there < _REMEMBERED_S
            queue |= there < _MISSED_S
        pace = np.where(self._shape.any_beside(queue), _BESIDE_A_QUEUE, 1.0)
        self._free_s = np.where(held | ~(stood | missed), 0.0, self._free_s + np.where(stood, pace * dt_s, 0.0))
        stuck = np.where(known < _MISSED_S, np.minimum(self._dwell_s, self._free_s), 0.0)
        stuck[:, :_HEAD_CELLS] = 0.0
        best = stuck.argmax(axis=1)
        self.stuck_s = stuck[np.arange(len(best)), best]
        self.at_m = np.where(self.stuck_s > 0, self._place_m[best], np.nan)

    def _marked(self, row: NDArray[np.int64], cell: NDArray[np.int64], which: NDArray[np.bool_]) -> NDArray[np.bool_]:
        marked = np.zeros((len(self.stuck_s), self._cells), np.bool_)
        marked[row[which], cell[which]] = True
        return marked


def _wider(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells and those beside them: places are measured to a cell or so."""
    wide = cells.copy()
    wide[:, 1:] |= cells[:, :-1]
    wide[:, :-1] |= cells[:, 1:]
    return wide
