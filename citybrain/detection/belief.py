"""Vehicles that are believed to be on the road although no sensor sees them just now."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SPACE_M = 7.5
"""Road that a standing vehicle takes."""
_ACCELERATION_MPS2 = 2.0
_LEAST_WEIGHT = 0.05


class Taken(NamedTuple):
    """Vehicles taken off the road: lane, movement that they came by, weight."""

    lane: NDArray[np.int64]
    origin: NDArray[np.int64]
    weight: NDArray[np.float64]

    def by_lane(self, n: int) -> NDArray[np.float64]:
        """Return the vehicles taken on each of ``n`` lanes."""
        return np.bincount(self.lane, weights=self.weight, minlength=n).astype(np.float64)

    def by_origin(self, n: int) -> NDArray[np.float64]:
        """Return the vehicles taken that came by each of ``n`` movements."""
        known = self.origin >= 0
        return np.bincount(self.origin[known], weights=self.weight[known], minlength=n).astype(np.float64)


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
    held_s : ndarray of float64
        For how long each has stood behind the wall or those ahead.
    origin : ndarray of int64
        Movement that it came by, -1 where that does not matter.
    """

    def __init__(self, limit_mps: NDArray[np.float64]) -> None:
        self._limit_mps = limit_mps
        self._n_lanes = len(limit_mps)
        self.lane: NDArray[np.int64] = np.empty(0, np.int64)
        self.origin: NDArray[np.int64] = np.empty(0, np.int64)
        self.distance_m, self.speed_mps, self.weight, self.gate_m, self.held_s = (np.empty(0) for _ in range(5))

    def __len__(self) -> int:
        return len(self.lane)

    def add(
        self,
        lane: NDArray[np.integer],
        distance_m: NDArray[np.float64],
        speed_mps: NDArray[np.float64],
        weight: NDArray[np.float64],
        gate_m: NDArray[np.float64],
        origin: NDArray[np.int64] | None = None,
    ) -> None:
        """Put vehicles on the road."""
        came = np.full(len(lane), -1) if origin is None else origin
        self.origin = np.concatenate((self.origin, came))
        self.held_s = np.concatenate((self.held_s, np.zeros(len(lane))))
        self.lane = np.concatenate((self.lane, lane.astype(np.int64)))
        self.distance_m = np.concatenate((self.distance_m, distance_m))
        self.speed_mps = np.concatenate((self.speed_mps, np.minimum(speed_mps, self._limit_mps[lane])))
        self.weight = np.concatenate((self.weight, weight))
        self.gate_m = np.concatenate((self.gate_m, gate_m))

    def add_queue(self, lane: NDArray[np.integer], end_m: NDArray[np.float64], count: NDArray[np.float64]) -> None:
        """Put standing vehicles on the road, the last of each lane at ``end_m``, one row each."""
        rows = np.ceil(count).astype(np.int64)
        owner = np.repeat(np.arange(len(lane)), rows)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(rows) - rows, rows)
        at_m = np.maximum(end_m[owner] - SPACE_M * place, 0.0)
        none = np.zeros(len(owner))
        self.add(lane[owner], at_m, none, np.minimum(count[owner] - place, 1.0), none)

    def keep(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> None:
        """Keep these rows, in this order."""
        self.lane, self.distance_m, self.speed_mps = self.lane[rows], self.distance_m[rows], self.speed_mps[rows]
        self.weight, self.gate_m = self.weight[rows], self.gate_m[rows]
        self.held_s, self.origin = self.held_s[rows], self.origin[rows]

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
        self.held_s = np.where(held, self.held_s + dt_s, 0.0)

    def ahead(self) -> NDArray[np.float64]:
        """Return the vehicles ahead of each row in its lane; rows must be in the order of ``advance``."""
        if not len(self.lane):
            return np.empty(0)
        total = np.cumsum(self.weight) - self.weight
        first = np.flatnonzero(np.diff(self.lane, prepend=-1))
        return np.asarray(total - np.repeat(total[first], np.diff(first, append=len(self.lane))))

    def consume(self, count: NDArray[np.float64], within_m: NDArray[np.float64]) -> Taken:
        """Take away the first ``count`` vehicles of each lane, as far as they are within a distance.

        Returns the vehicles taken, by row before they were taken; see ``by_lane``.
        """
        left = np.where(
            self.distance_m <= within_m[self.lane],
            np.clip(self.ahead() + self.weight - count[self.lane], 0.0, self.weight),
            self.weight,
        )
        taken = Taken(self.lane, self.origin, self.weight - left)
        self.weight = left
        self.keep(left >= _LEAST_WEIGHT)
        return taken

    def drop_overdue(self, free: NDArray[np.bool_], *, within_m: float, after_s: float) -> None:
        """Drop those who should have stood near the stop line for a while of lanes where nobody stands."""
        self.keep(~(free[self.lane] & (self.distance_m < within_m) & (self.held_s >= after_s)))

    def passed_gate(self, closed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Take away those past their gate, but on lanes that are ``closed``; return how many, by lane."""
        gone = (self.distance_m < self.gate_m) & ~closed[self.lane]
        count = np.bincount(self.lane[gone], weights=self.weight[gone], minlength=self._n_lanes).astype(np.float64)
        self.keep(~gone)
        return count
