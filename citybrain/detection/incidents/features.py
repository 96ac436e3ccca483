"""Features of a link that published classifiers use: counts and occupancies upstream and at the stop line, now and before."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import Signs
from citybrain.detection.incidents.shape import Shape
from citybrain.network.model import Network

PERIOD_S = 30.0
_PERIODS = 2
_HISTORY = 30
_OF_PERIOD = ("occupancy upstream", "occupancy at stop line", "count upstream", "count at stop line", "sent")
NAMES = (
    *(f"{what} {when}" for when in ("last minute", "minute before", "against 15 min") for what in _OF_PERIOD),
    *("occupancy difference", "relative difference", "green share", "lanes"),
)


class LinkFeatures:
    """Rolling minutes of every link, new each half minute.

    Occupancy and volume of the stations upstream and downstream, now, one period before and against the recent
    mean, and their differences: the inputs of Payne and Tignor (1978) and of the classifiers that followed (such as Dia and
    Rose 1997, Transportation Research C 5, for freeways; Dia and Thomas 2011 for arterials), with the
    departures of the junctions upstream in place of a second station.
    """

    def __init__(self, network: Network, shape: Shape) -> None:
        self._shape, n = shape, len(shape.edge)
        ways = shape.approaches.edges_ways
        rows = sorted(
            {
                (m.index, int(shape.link_of_lane[ways.stop_lane[row]]))
                for m in network.movements
                if not m.is_crossing
                for edge in (network.lanes[m.to_lane].edge,)
                for row in range(int(ways.at[edge]), int(ways.at[edge + 1]))
            }
        )
        self._movement, self._link = np.array(rows, np.int64).reshape(-1, 2).T
        self._lanes = np.maximum(np.bincount(shape.link_of, weights=shape.is_stop, minlength=n), 1)
        self._sum = np.zeros((6, n))
        self._time_s = 0.0
        self._past: deque[NDArray[np.float64]] = deque(maxlen=_HISTORY)

    def update(self, s: Signs) -> NDArray[np.float64] | None:
        """Take in one step; each half minute return the features, shape (n_links, n_features)."""
        link, n = self._shape.link_of, self._sum.shape[1]
        stop = self._shape.is_stop
        gates = np.maximum(np.bincount(link, s.has_gate, n), 1)
        self._sum += np.array(
            [
                np.bincount(link, s.gate_on & s.has_gate, n) / gates * s.dt_s,
                np.bincount(link, s.stop_on & stop, n) / self._lanes * s.dt_s,
                s.arrived,
                np.bincount(link, s.stop_count * stop, n),
                np.bincount(self._link, s.passed[self._movement], n),
                np.bincount(link, s.green * stop, n) / self._lanes * s.dt_s,
            ]
        )
        self._time_s += s.dt_s
        if self._time_s < PERIOD_S - 1e-6:
            return None
        self._past.append(self._sum)
        self._sum, self._time_s = np.zeros_like(self._sum), 0.0
        if len(self._past) < 4 * _PERIODS:
            return None
        past = np.array(self._past)
        now, before = past[-_PERIODS:].sum(axis=0), past[-2 * _PERIODS : -_PERIODS].sum(axis=0)
        usual = past[:-_PERIODS].mean(axis=0) * _PERIODS
        up, down = now[0], now[1]
        others = [up - down, (up - down) / np.maximum(up, 1.0), now[5], self._lanes]
        return np.vstack([now[:5], before[:5], now[:5] - usual[:5], others]).T
