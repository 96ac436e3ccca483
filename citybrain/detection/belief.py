"""Vehicles that are believed to be on the road although no sensor sees them just now."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPACE_M = 7.5
"""Road that a standing vehicle takes."""
_ACCELERATION_MPS2 = 2.0
_LEAST_WEIGHT = 0.05


class Belief:
    """Vehicles that drive towards stop lines and queue behind each other.

    Each row stands for ``weight`` vehicles, drives at up to the limit and cannot
    pass the wall of its lane (the end of a queue) nor those ahead of it: a point
    queue with physical length, the kinematic wave model's simplest form
    (Newell, "A simplified theory of kinematic waves", 1993).

    Attributes
    ----------
    lane : ndarray of int64
    distance_m, speed_mps, weight : ndarray of float64
    gate_m : ndarray of float64
        Distance at which a sensor takes over.
    """

    def __init__(self, limit_mps: NDArray[np.float64]) -> None:
        self._limit_mps = limit_mps
        self._n_lanes = len(limit_mps)
        self.lane: NDArray[np.int64] = np.empty(0, np.int64)
        self.distance_m, self.speed_mps, self.weight, self.gate_m = (np.empty(0) for _ in range(4))

    def __len__(self) -> int:
        return len(self.lane)

    def add(
        self,
        lane: NDArray[np.integer],
        distance_m: NDArray[np.float64],
        speed_mps: NDArray[np.float64],
        weight: NDArray[np.float64],
        gate_m: NDArray[np.float64],
    ) -> None:
        """Put vehicles on the road."""
        self.lane = np.concatenate((self.lane, lane.astype(np.int64)))
        self.distance_m = np.concatenate((self.distance_m, distance_m))
        self.speed_mps = np.concatenate((self.speed_mps, np.minimum(speed_mps, self._limit_mps[lane])))
        self.weight = np.concatenate((self.weight, weight))
        self.gate_m = np.concatenate((self.gate_m, gate_m))

    def keep(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> None:
        """Keep these rows, in this order."""
        self.lane, self.distance_m, self.speed_mps = self.lane[rows], self.distance_m[rows], self.speed_mps[rows]
        self.weight, self.gate_m = self.weight[rows], self.gate_m[rows]

    def advance(self, dt_s: float, wall_m: NDArray[np.float64]) -> None:
        """Drive on for a while; ``wall_m`` by lane is where the first must stand, -inf where nothing stops it."""
        speed = np.minimum(self.speed_mps + _ACCELERATION_MPS2 * dt_s, self._limit_mps[self.lane])
        before_m = self.distance_m
        self.distance_m = before_m - 0.5 * (self.speed_mps + speed) * dt_s
        self.speed_mps = speed
        order = np.lexsort((self.distance_m, self.lane))
        self.keep(order)
        floor_m = wall_m[self.lane] + SPACE_M * self.ahead()
        held = self.distance_m < floor_m
        moved_m = np.maximum(before_m[order] - floor_m, 0.0)
        self.speed_mps = np.where(held, np.minimum(moved_m / dt_s, self.speed_mps), self.speed_mps)
        self.distance_m = np.where(held, floor_m, self.distance_m)

    def ahead(self) -> NDArray[np.float64]:
        """Return the vehicles ahead of each row in its lane; rows must be in the order of ``advance``."""
        if not len(self.lane):
            return np.empty(0)
        total = np.cumsum(self.weight) - self.weight
        first = np.flatnonzero(np.diff(self.lane, prepend=-1))
        return np.asarray(total - np.repeat(total[first], np.diff(first, append=len(self.lane))))

    def consume(self, count: NDArray[np.float64], within_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take away the first ``count`` vehicles of each lane, as far as they are within a distance.

        Returns the vehicles taken, by lane.
        """
        left = np.where(
            self.distance_m <= within_m[self.lane],
            np.clip(self.ahead() + self.weight - count[self.lane], 0.0, self.weight),
            self.weight,
        )
        taken = np.bincount(self.lane, weights=self.weight - left, minlength=self._n_lanes).astype(np.float64)
        self.weight = left
        self.keep(left >= _LEAST_WEIGHT)
        return taken

    def passed_gate(self, closed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Take away those past their gate, but on lanes that are ``closed``; return how many, by lane."""
        gone = (self.distance_m < self.gate_m) & ~closed[self.lane]
        count = np.bincount(self.lane[gone], weights=self.weight[gone], minlength=self._n_lanes).astype(np.float64)
        self.keep(~gone)
        return count
