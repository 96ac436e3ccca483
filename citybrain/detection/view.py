"""What the sensors share: readings of some vehicles, and a clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Vehicles
from citybrain.simulation.plant import Readings

_OF_VEHICLES = ("lane", "position_m", "speed_mps", "length_m", "stop_lane", "movement", "distance_m", "crossing", "key")


def select(readings: Readings, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Readings:
    """Return the readings of some vehicles; without names, for nobody needs them."""
    return replace(readings, ids=(), **{name: getattr(readings, name)[rows] for name in _OF_VEHICLES})


def join(parts: list[Vehicles]) -> Vehicles:
    """Put believed vehicles together."""
    return Vehicles(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("lane", "movement", "distance_m", "speed_mps", "weight")
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
    )


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
