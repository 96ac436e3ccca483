"""What is learnt on line: headways per lane and turning shares per approach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Observation
from citybrain.network.model import Network
from citybrain.signals.adaptive.tables import Tables

_PRIOR_VEHICLES = 6.0
_MEMORY_VEHICLES = 60.0
_START_VEHICLES = 2
_LONGEST_S = 5.0


class Headways:
    """Saturation headway of every stop line, from what is seen to discharge.

    While a lane's signal is protected green and a slow vehicle stands close to the
    stop line, the lane is saturated: the time so spent over the vehicles that
    crossed is its headway. The first vehicles of a green are left out, their delay
    being the start-up loss.

    Parameters
    ----------
    tables : Tables
    prior_s : float
        Headway before anything is seen. A lane leans on the mean of all lanes with
        the weight of half a dozen vehicles.
    """

    def __init__(self, tables: Tables, prior_s: float) -> None:
        self.tables = tables
        n = len(tables.lane)
        self._time_s = np.full(n, prior_s)
        self._vehicles = np.ones(n)
        self._saturated = np.zeros(n, dtype=np.bool_)
        self._started = np.zeros(n)
        self._last_s = 0.0

    @property
    def headway_s(self) -> NDArray[np.float64]:
        """Seconds between vehicles of a standing queue, by stop-line row."""
        mean_s = self._time_s.sum() / self._vehicles.sum()
        own, prior = self._vehicles, _PRIOR_VEHICLES
        return np.asarray(np.clip((self._time_s + prior * mean_s) / (own + prior), 1.2, 4.0))

    def learn(self, observation: Observation, lane: NDArray[np.int64], head_slow: NDArray[np.bool_]) -> None:
        """Take one observation in.

        Parameters
        ----------
        lane : ndarray of int64
            Stop-line rows whose every movement is protected green now.
        head_slow : ndarray of bool, by stop-line row
            Whether a slow vehicle stands close to the stop line.
        """
        dt = observation.time_s - self._last_s
        self._last_s = observation.time_s
        crossed = np.zeros(len(self._time_s))
        rows = self.tables.move_row[: len(observation.passed)]
        known = rows >= 0
        np.add.at(crossed, self.tables.move_lane[rows[known]], observation.passed[known])
        green = np.zeros(len(self._time_s), dtype=np.bool_)
        green[lane] = True
        if 0 < dt <= _LONGEST_S:
            counted = self._saturated & (self._started >= _START_VEHICLES)
            if dt > 1.0:  # the queue may have ended, or the green, since the last look
                counted &= green & head_slow
            self._time_s[counted] += dt
            self._vehicles[counted] += crossed[counted]
            old = self._vehicles > _MEMORY_VEHICLES
            self._time_s[old] *= _MEMORY_VEHICLES / self._vehicles[old]
            self._vehicles[old] = _MEMORY_VEHICLES
        self._started = np.where(green, self._started + crossed, 0.0)
        self._saturated = green & head_slow


class Turns:
    """Turning shares of every stop-line edge, with forgetting.

    Parameters
    ----------
    network : Network
    memory : float
        Vehicles after which an old observation weighs a third.
    """

    def __init__(self, network: Network, *, memory: float = 100.0) -> None:
        self.count = np.ones(len(network.movements))
        self.memory = memory
        self._edge = np.array([network.lanes[m.from_lane].edge if m.from_lane >= 0 else -1 for m in network.movements])
        self._edges = len(network.edges)

    def learn(self, observation: Observation) -> None:
        """Take one observation in."""
        if not observation.passed.any():
            return
        seen = self._edge >= 0
        self.count += observation.passed
        total = np.bincount(self._edge[seen], weights=self.count[seen], minlength=self._edges)
        shrink = np.minimum(1.0, self.memory / np.maximum(total, 1.0))
        self.count[seen] *= shrink[self._edge[seen]]
        np.maximum(self.count, 0.02, out=self.count)
