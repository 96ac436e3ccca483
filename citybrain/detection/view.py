"""What the sensors share: readings of some vehicles, and a clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.detection.belief import Belief
from citybrain.messages import Vehicles
from citybrain.simulation.plant import Readings

_HALTED_MPS, _LENGTH_M = 0.1, 5.0
_OF_VEHICLES = ("lane", "position_m", "speed_mps", "length_m", "stop_lane", "movement", "distance_m", "crossing", "key")


def select(readings: Readings, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Readings:
    """Return the readings of some vehicles; without names, for nobody needs them."""
    return replace(readings, ids=(), **{name: getattr(readings, name)[rows] for name in _OF_VEHICLES})


def join(parts: list[Vehicles]) -> Vehicles:
    """Put believed vehicles together."""
    return Vehicles(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("lane", "movement", "distance_m", "speed_mps", "weight", "road_lane")
        }
    )


def calls(lanes: NDArray[np.int64], only_movement: NDArray[np.int32]) -> Vehicles:
    """Return one standing vehicle on each lane whose sensor is dead.

    The constant call that a controller places for a failed detector (NTCIP 1202,
    vehicle detector diagnostics), so that every policy goes on serving it.
    """
    n = len(lanes)
    return Vehicles(
        lane=lanes.astype(np.int32),
        movement=only_movement[lanes],
        distance_m=np.ones(n),
        speed_mps=np.zeros(n),
        weight=np.ones(n),
        road_lane=lanes.astype(np.int32),
    )


def believed_vehicles(belief: Belief, approaches: Approaches) -> Vehicles:
    """Return believed vehicles as a policy sees them."""
    return Vehicles(
        lane=belief.lane.astype(np.int32),
        movement=approaches.only_movement[belief.lane],
        distance_m=belief.distance_m,
        speed_mps=belief.speed_mps,
        weight=belief.weight,
        road_lane=np.full(len(belief.lane), -1, np.int32),
    )


def believed_lanes(
    v: Vehicles, approaches: Approaches
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return vehicles, halted vehicles, free length at the start and speed there, by lane, from belief alone.

    Only for lanes that end at a stop line; the others are taken to be free.
    """
    n = len(approaches.length_m)
    on = v.distance_m <= approaches.length_m[v.lane]
    lane, speed, weight = v.lane[on], v.speed_mps[on], v.weight[on]
    rear_m = approaches.length_m[lane] - v.distance_m[on] - _LENGTH_M
    count = np.bincount(lane, weights=weight, minlength=n).astype(np.float64)
    halted = np.bincount(lane, weights=weight * (speed < _HALTED_MPS), minlength=n).astype(np.float64)
    tail_m, tail_mps = approaches.length_m.copy(), approaches.limit_mps.copy()
    sure = weight >= 0.5
    order = np.flatnonzero(sure)[np.argsort(-rear_m[sure], kind="stable")]
    tail_m[lane[order]] = np.maximum(rear_m[order], 0.0)
    tail_mps[lane[order]] = speed[order]
    return count, halted, tail_m, tail_mps


class Clock:
    """Time since the sensors looked last, and since they first did."""

    def __init__(self) -> None:
        self._first_ms: int | None = None
        self._last_ms = 0

    def tick(self, time_ms: int) -> tuple[float, float]:
        """Return the seconds since the look before (1 at the first) and since the start."""
        if self._first_ms is None:
            self._first_ms, self._last_ms = time_ms, time_ms - 1000
        dt_s = max(time_ms - self._last_ms, 1) / 1000
        self._last_ms = time_ms
        return dt_s, (time_ms - self._first_ms) / 1000
