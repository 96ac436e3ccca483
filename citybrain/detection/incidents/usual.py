"""How much evidence it takes: learnt from evidence that came and went by itself, in this city and at this place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BEGINS, _OVER = 2.0, 0.5
_HARMLESS_S = 420.0
_MARGIN = 1.4
_MOST_PEAK = 12.0
_LEAST_NEED, _MOST_NEED = 4.5, 25.0
_PRIOR_N, _PRIOR_S, _PRIOR_EXCESS = 10.0, 900.0, 0.65
_DAY_S = 86400.0


class Usual:
    """Scales the evidence of one test so that false alarms are as rare as was asked for.

    An excursion of the evidence that ends within seven minutes was no incident (or one that is over). Above *u* = 2 the peaks of
    such excursions are about exponential, as those of any CUSUM are (Siegmund 1985, Sequential Analysis), with a mean
    excess β; with λ of them a day in the whole city, one in 1/r days exceeds

        x = u + β ln(λ / r)

    which is what an alarm takes. Both are learnt from the start, beginning with a prior worth ten excursions in a
    quarter of an hour. A place that has had a harmless peak of its own needs 1.4 times that: a merge or a bad lane layout
    gives the same wrong sign again and again.

    Parameters
    ----------
    n : int
        Places.
    threshold : float
        Score of an alarm.
    false_per_day : float
        r, of this test in the whole city.
    margin : float
        How much more than the highest harmless peak of its own a place needs.
    """

    def __init__(self, n: int, *, threshold: float, false_per_day: float, margin: float = _MARGIN) -> None:
        self._threshold, self._rate, self._margin = threshold, false_per_day, margin
        self._peak, self._lasts_s, self._usual = np.zeros(n), np.zeros(n), np.zeros(n)
        self._n, self._sum, self._time_s = _PRIOR_N, _PRIOR_N * _PRIOR_EXCESS, _PRIOR_S

    @property
    def needed(self) -> float:
        """Evidence that an alarm takes at a place of which nothing is known."""
        a_day = self._n * _DAY_S / self._time_s
        x = _BEGINS + self._sum / self._n * np.log(max(a_day / self._rate, 1.0))
        return float(np.clip(x, _LEAST_NEED, _MOST_NEED))

    def scale(self, evidence: NDArray[np.float64], dt_s: float) -> NDArray[np.float64]:
        """Take in one step; return the scores."""
        above = evidence >= np.where(self._peak > 0, _OVER, _BEGINS)
        ended = ~above & (self._peak > 0)
        harmless = ended & (self._lasts_s < _HARMLESS_S)
        self._time_s += dt_s
        low = harmless & (self._peak < self.needed)  # those that raised an alarm may have been incidents
        self._n += int(low.sum())
        self._sum += float((self._peak[low] - _BEGINS).sum())
        self._usual = np.where(harmless, np.maximum(self._usual, self._peak), self._usual)
        self._peak = np.where(above, np.maximum(self._peak, evidence), 0.0)
        self._lasts_s = np.where(above, self._lasts_s + dt_s, 0.0)
        needed = np.clip(self._margin * self._usual, self.needed, _MOST_NEED)
        return np.asarray(evidence * (self._threshold / needed))
