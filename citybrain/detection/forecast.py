"""Forecasts of flow, 5 to 60 minutes ahead: what earlier days had at that time, at the level that today shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastParameters:
    """Parameters of :class:`FlowForecast`.

    Parameters
    ----------
    memory_s : float
        Time constant with which today's counts are forgotten when its level is told.
    prior_vehicles : float
        Vehicles that the belief "today is as usual" is worth.
    lasts_s : float
        Time constant with which a level returns to the usual one.
    """

    memory_s: float = 1200.0
    prior_vehicles: float = 20.0
    lasts_s: float = 2700.0

    def __post_init__(self) -> None:
        for name in ("memory_s", "prior_vehicles", "lasts_s"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}, it must be greater than 0")


class FlowForecast:
    """Counts of the next hour for every link (or lane, or movement).

    With the usual count *h* of each interval (the mean of earlier days), and *c* counted today, the level of today is the
    mean of a Gamma distribution that begins at 1 and takes in Poisson counts with forgetting,

        g = (Σ w c + k) / (Σ w h + k),   w = exp(−age / memory)

    and what comes *a* seconds later is forecast as h(t + a) · (1 + (g − 1) exp(−a / lasts)).

    Parameters
    ----------
    history : ndarray of float64, shape (n_days, n_intervals, n_links)
        Counts of earlier days, from the same time of the day on.
    interval_s : float
    """

    def __init__(
        self, history: NDArray[np.float64], interval_s: float, parameters: ForecastParameters | None = None
    ) -> None:
        if history.ndim != 3 or not len(history):
            raise InputError(
                f"history has shape {history.shape}, it must be days by intervals by links, one day at least"
            )
        self.parameters, self._interval_s = parameters or ForecastParameters(), interval_s
        self.usual = history.mean(axis=0)
        self._counted, self._expected = np.zeros(history.shape[2]), np.zeros(history.shape[2])
        self._next = 0

    @property
    def level(self) -> NDArray[np.float64]:
        """Today's flow against the usual one, by link."""
        k = self.parameters.prior_vehicles
        return np.asarray((self._counted + k) / (self._expected + k))

    def update(self, count: NDArray[np.float64]) -> None:
        """Take in the counts of the next interval.

        Raises
        ------
        InputError
            After the last interval of the history.
        """
        if self._next >= len(self.usual):
            raise InputError(f"the history has {len(self.usual)} intervals, and interval {self._next + 1} was given")
        fade = np.exp(-self._interval_s / self.parameters.memory_s)
        self._counted = fade * self._counted + count
        self._expected = fade * self._expected + self.usual[self._next]
        self._next += 1

    def ahead(self, intervals: int) -> NDArray[np.float64]:
        """Return the count expected in the interval that many after the last one taken in (1 is the next)."""
        at = self._next - 1 + intervals
        if intervals < 1 or at >= len(self.usual):
            raise InputError(f"{intervals} intervals ahead of interval {self._next}: the history has {len(self.usual)}")
        stays = np.exp(-intervals * self._interval_s / self.parameters.lasts_s)
        return np.asarray(self.usual[at] * (1.0 + (self.level - 1.0) * stays))


def geh(forecast: NDArray[np.float64], counted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the GEH statistic √(2 (m − c)² / (m + c)) of hourly flows; 0 where both are nothing.

    After G. E. Havers; a value under 5 is called a good fit (UK Design Manual for Roads and Bridges).
    """
    total = forecast + counted
    return np.asarray(np.sqrt(2.0 * (forecast - counted) ** 2 / np.where(total > 0, total, 1.0)))
