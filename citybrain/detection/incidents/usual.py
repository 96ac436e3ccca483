"""How much evidence it takes: learnt from evidence that came and went by itself, in this city and at this place."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_BEGINS, _OVER = 2.0, 0.5
_HARMLESS_S, _NO_INCIDENT_S = 420.0, 1500.0
_MARGIN = 1.4
_MOST_PEAK = 12.0
_LEAST_NEED, _MOST_NEED = 4.5, 25.0
_PRIOR_N, _PRIOR_S, _PRIOR_EXCESS = 10, 900.0, 0.65
_HIGHEST = 50
_LEAST_EXCESS = 0.5
_ROUNDS, _MOST_MISSED = 8, 2.0
_DAY_S = 86400.0


class Usual:
    """Scales the evidence of one test so that false alarms are as rare as was asked for.

    An excursion of the evidence above 2 that ends within seven minutes was no incident (or one that is over). The tail of the
    peaks of such excursions is about exponential, as those of any CUSUM are (Siegmund 1985, Sequential Analysis). Of the
    *k* highest of all, in the whole city, the lowest is *u* and their mean excess over it β (peaks over threshold,
    Pickands 1975, Annals of Statistics 3); with T days watched, one in 1/r days exceeds

        x = u + β ln(k / (T r))

    which is what an alarm takes. It is learnt from the start, beginning with a prior worth ten excursions in a
    quarter of an hour. A place that has had a harmless peak of its own needs 1.4 times that: a merge or a bad lane layout
    gives the same wrong sign again and again, or a jam one for longer than an incident lasts (25 minutes).

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
    least_excess : float
        β is never less: evidence in steps of a vehicle, all peaks alike, has a tail all the same. Of a likelihood ratio
        in nats it is about 1 (Ville's inequality: the chance to exceed x is at most exp(-x)).
    """

    def __init__(
        self,
        n: int,
        *,
        threshold: float,
        false_per_day: float,
        margin: float = _MARGIN,
        least_excess: float = _LEAST_EXCESS,
    ) -> None:
        self._threshold, self._rate, self._margin, self._least_excess = threshold, false_per_day, margin, least_excess
        self._peak, self._lasts_s, self._usual = np.zeros(n), np.zeros(n), np.zeros(n)
        expected = _BEGINS - _PRIOR_EXCESS * np.log((np.arange(_PRIOR_N) + 0.5) / _PRIOR_N)
        self._highest, self._time_s, self._needed = expected.astype(np.float64), _PRIOR_S, _MOST_NEED
        self._needed = self._need()

    @property
    def needed(self) -> float:
        """Evidence that an alarm takes at a place of which nothing is known."""
        return self._needed

    def _need(self) -> float:
        """Return what x is now."""
        lowest = float(self._highest.min())
        mean, room = float(self._highest.mean()) - lowest, max(self._needed - lowest, 1e-3)
        # peaks beyond what an alarm took were not noted: the mean excess of an exponential that is cut off there is less
        excess = max(mean, 1e-3)
        for _ in range(_ROUNDS):
            excess = min(mean + room / math.expm1(min(room / excess, 50.0)), _MOST_MISSED * mean)
        excess = max(excess, self._least_excess)
        a_day = len(self._highest) * _DAY_S / self._time_s
        return float(np.clip(lowest + excess * math.log(max(a_day / self._rate, 1.0)), _LEAST_NEED, _MOST_NEED))

    def scale(self, evidence: NDArray[np.float64], dt_s: float) -> NDArray[np.float64]:
        """Take in one step; return the scores."""
        above = evidence >= np.where(self._peak > 0, _OVER, _BEGINS)
        ended = ~above & (self._peak > 0)
        harmless = ended & (self._lasts_s < _HARMLESS_S)
        self._time_s += dt_s
        low = harmless & (self._peak < self.needed)  # those that raised an alarm may have been incidents
        if low.any():
            self._highest = np.sort(np.append(self._highest, self._peak[low]))[-_HIGHEST:]
        self._needed = self._need()
        habit = harmless | (self._lasts_s >= _NO_INCIDENT_S)
        self._usual = np.where(habit, np.maximum(self._usual, self._peak), self._usual)
        self._peak = np.where(above, np.maximum(self._peak, evidence), 0.0)
        self._lasts_s = np.where(above, self._lasts_s + dt_s, 0.0)
        needed = np.clip(self._margin * self._usual, self.needed, _MOST_NEED)
        return np.asarray(evidence * (self._threshold / needed))
