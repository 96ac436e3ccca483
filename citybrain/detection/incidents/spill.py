"""A queue that reaches back to the junction upstream, while the road downstream of it is free."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import Signs
from citybrain.detection.incidents.shape import Shape
from citybrain.network.model import Network

_FREE_S = 10.0
_SATURATION_VPS = 0.35
_START_UP_S = 6.0
_HALTS_S = 5.0
_MOST_A_GREEN = 5.0


class Spill:
    """Lanes that feed a link have green and somebody waits, nobody enters it, and no queue stands at its own end.

    A queue of the link's own signal would stand there: what holds the traffic lies between. One green of one lane tells
    little: somebody who waits for a gap to change lanes may hold up a whole one.
    """

    def __init__(self, network: Network, shape: Shape) -> None:
        self._shape = shape
        first = np.full(len(network.edges), -1, np.int64)
        first[shape.edge] = np.arange(len(shape.edge))  # only roads that end at a signal themselves
        rows = [
            (m.index, int(shape.row_of[m.from_lane]), int(first[network.lanes[m.to_lane].edge]))
            for m in network.movements
            if not m.is_crossing and first[network.lanes[m.to_lane].edge] >= 0
        ]
        self._movement, self._from, self._link = np.array(rows, np.int64).reshape(-1, 3).T
        exits = np.bincount([shape.row_of[m.from_lane] for m in network.movements if not m.is_crossing])
        self._alone = exits[self._from] == 1  # else another exit may be what is full
        n = len(shape.lane)
        self._green_s, self._halt_s = np.zeros(n), np.zeros(n)
        self._free_s = np.zeros(len(shape.edge))
        self._told = np.zeros(len(self._from))
        self.score = np.zeros(len(shape.edge))

    def into_a_queue(self, standing: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return by watched lane whether an exit leads to a link whose queue stands over its place of counting."""
        held = np.bincount(self._shape.link_of, standing, len(self.score)) > 0
        full = np.zeros(len(self._shape.lane), np.bool_)
        np.logical_or.at(full, self._from, held[self._link])
        return full

    def update(self, s: Signs, standing: NDArray[np.bool_], works: NDArray[np.bool_]) -> None:
        """Take in one step.

        Parameters
        ----------
        standing : ndarray of bool, by watched lane
            Whether a queue stands over the place of counting upstream of the stop line.
        works : ndarray of bool, by watched lane
            Whether the detectors at the stop line have shown that they work.
        """
        n = len(self.score)
        self._green_s = np.where(s.green >= 1.0, self._green_s + s.dt_s, 0.0)
        self._halt_s = np.where(s.stop_on & (s.stop_count == 0), self._halt_s + s.dt_s, 0.0)
        blocked = works & (self._green_s > _START_UP_S) & (self._halt_s >= _HALTS_S)
        gates = np.bincount(self._shape.link_of, s.has_gate, n) > 0
        queue = np.bincount(self._shape.link_of, standing, n) > 0
        self._free_s = np.where(queue, 0.0, self._free_s + s.dt_s)
        sign = blocked[self._from] * np.where(self._alone, 1.0, 0.3) * (self._told < _MOST_A_GREEN)
        self._told = np.where(self._green_s[self._from] > 0, self._told + sign * _SATURATION_VPS * s.dt_s, 0.0)
        held = np.bincount(self._link, sign, n)
        entered = np.bincount(self._link, s.passed[self._movement], n)
        gain = np.minimum(held, 2.0) * _SATURATION_VPS * s.dt_s * (gates & (self._free_s >= _FREE_S)) - 1.5 * entered
        gain -= np.where(queue, 0.5, 0.01) * s.dt_s
        self.score = np.clip(self.score + gain, 0.0, 30.0)
