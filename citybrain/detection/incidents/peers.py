"""Published detectors on the same signs: California #7, standard normal deviate, exponential smoothing.

All work on occupancies of one minute, as published for loops; a camera counts as a loop at the same places.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.incidents.link_signs import LinkSigns, Signs

_PERIOD_S = 60.0
_TINY = 1e-6


class _ByMinute:
    """Occupancy upstream and at the stop line of every link, per cent, each minute."""

    threshold = 1.0

    def __init__(self, links: LinkSigns) -> None:
        self._links = links
        n = len(links.edge)
        self._lanes = np.maximum(np.bincount(links.link_of, weights=links.is_stop, minlength=n), 1)
        self._up, self._down, self._gates = np.zeros(n), np.zeros(n), np.zeros(n)
        self._time_s = 0.0
        self._score = np.zeros(n)

    def update(self, signs: Signs) -> NDArray[np.float64]:
        """Return the score of every link; it changes each minute."""
        n, link = len(self._score), self._links.link_of
        self._up += np.bincount(link, weights=signs.gate_on & signs.has_gate, minlength=n) * signs.dt_s
        self._down += np.bincount(link, weights=signs.stop_on & self._links.is_stop, minlength=n) * signs.dt_s
        self._gates = np.bincount(link, weights=signs.has_gate, minlength=n).astype(np.float64)
        self._time_s += signs.dt_s
        if self._time_s >= _PERIOD_S - 1e-6:
            up = 100.0 * self._up / (np.maximum(self._gates, 1) * self._time_s)
            down = 100.0 * self._down / (self._lanes * self._time_s)
            self._score = self._judge(up, down)
            self._up, self._down, self._time_s = np.zeros(n), np.zeros(n), 0.0
        return np.asarray(self._score)

    def _judge(self, up: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
        raise NotImplementedError

    def lane_scores(self) -> NDArray[np.float64]:
        """Return the link's score for each of its lanes."""
        return np.asarray(self._score[self._links.link_of])

    def distance_m(self) -> NDArray[np.float64]:
        """Return NaN: these methods tell links only."""
        return np.full(len(self._score), np.nan)


class California7(_ByMinute):
    """California algorithm #7 (Payne and Tignor 1978, Transportation Research Record 682).

    OCCDF ≥ T1, OCCRDF ≥ T2 and DOCC ≤ T3 are a tentative incident, OCCRDF ≥ T2 in the next
    minute confirms it; the score is the share of all thresholds that is reached, so that one number moves them together.
    """

    _occdf, _occrdf, _docc = 15.0, 0.5, 20.0

    def __init__(self, links: LinkSigns) -> None:
        super().__init__(links)
        self._tentative = np.zeros(len(links.edge))

    def _judge(self, up: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
        difference = np.maximum(up - down, 0.0)
        relative = difference / np.maximum(up, _TINY) / self._occrdf
        score = np.minimum(self._tentative, relative)
        self._tentative = np.minimum.reduce([difference / self._occdf, relative, self._docc / np.maximum(down, 1.0)])
        return np.asarray(score)


class StandardNormalDeviate(_ByMinute):
    """Deviation of a minute's occupancy from those before (Dudek, Messer and Nuckles 1974, TRR 495), twice in a row."""

    threshold = 3.0

    def __init__(self, links: LinkSigns) -> None:
        super().__init__(links)
        self._past: deque[NDArray[np.float64]] = deque(maxlen=15)
        self._before = np.zeros(len(links.edge))

    def _judge(self, up: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ARG002
        score = np.zeros(len(up))
        if len(self._past) >= 5:
            past = np.array(self._past)
            deviate = (up - past.mean(axis=0)) / np.maximum(past.std(axis=0, ddof=1), 1.0)
            score, self._before = np.minimum(deviate, self._before), deviate
        self._past.append(up)
        return np.maximum(score, 0.0)


class ExponentialSmoothing(_ByMinute):
    """Tracking signal of doubly smoothed occupancy (Cook and Cleveland 1974, TRR 495; Brown's smoothing, α = 0.3)."""

    threshold = 4.0
    _alpha = 0.3

    def __init__(self, links: LinkSigns) -> None:
        super().__init__(links)
        n = len(links.edge)
        self._once, self._twice = np.zeros(n), np.zeros(n)
        self._error, self._spread = np.zeros(n), np.zeros(n)
        self._minutes = 0

    def _judge(self, up: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ARG002
        a = self._alpha
        if self._minutes == 0:
            self._once, self._twice = up.copy(), up.copy()
        error = up - (2 * self._once - self._twice)
        self._error = (1 - a / 3) * self._error + error
        self._spread = (1 - a / 3) * self._spread + (a / 3) * np.abs(error)
        self._once += a * (up - self._once)
        self._twice += a * (self._once - self._twice)
        self._minutes += 1
        return np.maximum(self._error / np.maximum(self._spread, 1.0), 0.0) if self._minutes > 5 else np.zeros(len(up))
