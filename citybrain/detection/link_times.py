"""Live travel times of links, from the speeds of floating cars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network
from citybrain.simulation.fleet import Fleet

_SLOWEST_MPS = 0.4


class LinkTimes:
    """Mean time to drive each edge now, smoothed over a signal cycle or two.

    The space-mean speed of an edge is the vehicles' mean speed weighted by their number;
    both are smoothed separately, so that a moment with nobody there counts little.

    Parameters
    ----------
    network : Network
    prior_s, prior_flow_vps : ndarray, optional
        What is known at the start, by edge: seconds, and vehicles a second. Free flow
        and nobody where not given.
    period_s, memory_s : float
        Between looks, and the time constant of smoothing.
    """

    def __init__(
        self,
        network: Network,
        *,
        prior_s: NDArray[np.float64] | None = None,
        prior_flow_vps: NDArray[np.float64] | None = None,
        period_s: float = 10.0,
        memory_s: float = 180.0,
    ) -> None:
        self.length_m = np.array([edge.length_m for edge in network.edges])
        self.limit_mps = np.maximum([edge.speed_mps for edge in network.edges], 1.0)
        self.free_s = self.length_m / self.limit_mps
        self._period_ms, self._share = round(period_s * 1000), period_s / memory_s
        prior = self.free_s if prior_s is None else np.maximum(prior_s, self.free_s)
        self._vehicles = np.ones(len(prior))
        self._moved = self.length_m / np.maximum(prior, 1e-3)
        self._flow_vps = np.zeros(len(prior)) if prior_flow_vps is None else prior_flow_vps.astype(np.float64)
        self._due_ms: int | None = None

    def look(self, fleet: Fleet, time_ms: int) -> None:
        """Take a look at the speeds if it is time to."""
        if self._due_ms is not None and time_ms < self._due_ms:
            return
        self._due_ms = time_ms + self._period_ms
        speed, vehicles = (np.asarray(column, dtype=np.float64) for column in fleet.edge_speeds())
        seen = vehicles > 0
        pull = np.where(seen, self._share, 0.0)
        self._vehicles += pull * (vehicles - self._vehicles)
        moved = vehicles * np.maximum(speed, 0.0)
        self._moved += pull * (moved - self._moved)
        self._flow_vps += self._share * (moved / np.maximum(self.length_m, 1.0) - self._flow_vps)

    @property
    def vehicles(self) -> NDArray[np.float64]:
        """Vehicles on each edge, smoothed."""
        return self._vehicles

    @property
    def flow_vps(self) -> NDArray[np.float64]:
        """Vehicles a second on each edge, from density and speed, smoothed."""
        return self._flow_vps

    @property
    def now_s(self) -> NDArray[np.float64]:
        """Seconds to drive each edge, by edge index; never below free flow."""
        speed = np.maximum(self._moved / np.maximum(self._vehicles, 1e-6), _SLOWEST_MPS)
        return np.maximum(self.length_m / speed, self.free_s)
