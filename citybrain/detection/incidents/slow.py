"""Vehicles that take long over the loops of a road though nobody waits there: water on it, or ice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import Signs
from citybrain.detection.incidents.shape import Shape

_FREE_S, _MOVES_S = 4.0, 20.0
_STANDS_S, _QUEUE_S = 25.0, 8.0
_FROM_S = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 7.0])
_SLOWED = np.array([[0.03, 0.5, 0.37, 0.07, 0.02, 0.01], [0.02, 0.13, 0.25, 0.2, 0.25, 0.15]])
"""Chances that somebody at a third, or a seventh, of his speed is seen on a loop for so many seconds, from ``_FROM_S`` on."""
_PRIOR_PLACE, _PRIOR_CITY = 12.0, np.array([90.0, 90.0, 14.0, 4.0, 1.5, 0.5])
_MEMORY = 300.0
_LEAST, _MOST = -2.5, 4.5
_BEHIND_S = 5.0
"""Who follows so closely drives as fast as the one ahead, and all do in a queue that moves."""
_HIGHEST = 30.0


class Slow:
    """Two CUSUMs (Page 1954), for slow and for very slow vehicles, of how long they occupy a loop, against what is usual.

    The occupancy of a loop over its count tells the speed (Athol 1965): a car at 50 km/h covers it for half a second,
    one at 12 km/h for two. Passages count while nobody has been at the stop line of the lane for 4 s and nobody has
    stood on the loop upstream of it for 20 s; what is usual is learnt by place and for the whole city.
    """

    def __init__(self, shape: Shape) -> None:
        self._link, n = shape.link_of, len(shape.lane)
        self._loops = _Passages(n), _Passages(n)
        self._free_s, self._since_stood_s = np.zeros(n), np.full(n, _MOVES_S)
        self._since_queue_s = np.full(len(shape.edge), _MOVES_S)
        self._evidence = np.zeros((len(_SLOWED), len(shape.edge)))
        self.score = np.zeros(len(shape.edge))

    def update(self, s: Signs, works: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Take in one step and return the evidence, by link.

        Parameters
        ----------
        works : ndarray of bool, by watched lane
            Whether the loops of the lane are believed.
        """
        n = len(self.score)
        self._free_s = np.where(s.stop_on, 0.0, self._free_s + s.dt_s)
        on_s = self._loops[0].on_s
        stood = on_s >= _STANDS_S
        self._since_stood_s = np.where(stood, 0.0, self._since_stood_s + s.dt_s)
        queue = np.bincount(self._link, on_s >= _QUEUE_S, n) > 0  # it may reach back to the loop where the road begins
        self._since_queue_s = np.where(queue, 0.0, self._since_queue_s + s.dt_s)
        moves, nobody = works & ~s.seen & (self._since_stood_s >= _MOVES_S), self._free_s >= _FREE_S
        begins = moves & nobody & (self._since_queue_s >= _MOVES_S)[self._link]
        trusted = self.score[self._link] < 2.0
        gain = self._loops[0].update(s.gate_on, s.gate_count, moves & s.has_gate & nobody, s.dt_s, trusted)
        gain = gain + self._loops[1].update(s.entry_on, s.entry_count, begins, s.dt_s, trusted)
        fades = np.bincount(self._link, stood, n) > 0
        change = np.array([np.bincount(self._link, row, n) for row in gain]) - np.where(fades, 0.5, 0.005) * s.dt_s
        self._evidence = np.clip(self._evidence + change, 0.0, _HIGHEST)
        self.score = self._evidence.max(axis=0)
        return self.score


class _Passages:
    """One loop on each of *n* lanes, and what is usual there."""

    def __init__(self, n: int) -> None:
        self._usual, self._city = np.zeros((n, len(_FROM_S))), _PRIOR_CITY.copy()
        self._ago_s = np.full(n, np.inf)
        self.on_s, self._counted, self._open = np.zeros(n), np.zeros(n, np.bool_), np.zeros(n, np.bool_)

    def update(
        self,
        on: NDArray[np.bool_],
        count: NDArray[np.float64],
        open_: NDArray[np.bool_],
        dt_s: float,
        trusted: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return by row of ``_SLOWED`` and lane the log-likelihood ratio of the passages that end; learn on trusted lanes."""
        comes = np.nan_to_num(count) > 0
        ended = self._counted & (~on | comes)
        told = np.flatnonzero(ended & self._open & open_ & (self.on_s < _STANDS_S))
        kind = np.searchsorted(_FROM_S, self.on_s[told], side="right") - 1
        self._open = np.where(comes, open_, self._open & open_)
        self._counted = comes | (self._counted & ~ended)
        self.on_s = np.where(on, np.where(comes, 0.0, self.on_s) + dt_s, 0.0)
        self._ago_s += dt_s
        gain = np.zeros((len(_SLOWED), len(on)))
        if len(told):
            usual = self._usual[told] + _PRIOR_PLACE * self._city / self._city.sum()
            chance = usual[np.arange(len(told)), kind] / usual.sum(axis=1)
            known = self._usual[told].sum(axis=1)
            weight = np.where(self._ago_s[told] < _BEHIND_S, 0.0, known / (known + _PRIOR_PLACE))
            gain[:, told] = np.clip(np.log(_SLOWED[:, kind] / chance), _LEAST, _MOST) * weight
            self._ago_s[told] = 0.0
            learnt = trusted[told]
            self._usual[told[learnt]] *= 1.0 - 1.0 / _MEMORY
            self._usual[told[learnt], kind[learnt]] += 1.0
            np.add.at(self._city, kind[learnt], 1.0)
        return gain
