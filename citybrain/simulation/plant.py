"""The plant: whatever is controlled, behind one small Protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The whole truth about vehicles at one moment, one row each. For sensors, not for policies.

    Attributes
    ----------
    ids : tuple of str
    lane : ndarray of int32
        Lane it is on, or -1 inside a junction.
    position_m : ndarray of float64
        Distance of its front from the start of that lane.
    speed_mps, length_m : ndarray of float64
    stop_lane, movement : ndarray of int32
        Lane and movement of the next stop line on its way, or -1 where none is near.
    distance_m : ndarray of float64
        Distance to that stop line along its way; infinite where there is none.
    crossing : ndarray of int32
        Movement that a vehicle inside a junction is making, else -1.
    passed : ndarray of int32
        Movements by which vehicles crossed a stop line since the reading before, one entry each.
    key : ndarray of int64
        A number for each vehicle that stays its own throughout the run, like a plate.
    passed_key : ndarray of int64
        The key of each vehicle in ``passed``.
    """

    ids: tuple[str, ...]
    lane: NDArray[np.int32]
    position_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    length_m: NDArray[np.float64]
    stop_lane: NDArray[np.int32]
    movement: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    crossing: NDArray[np.int32]
    passed: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    key: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    passed_key: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


class Plant(Protocol):
    """SUMO, a twin of it, or one day a city."""

    @property
    def time_ms(self) -> int:
        """Time of the plant in milliseconds."""

    def step(self) -> None:
        """Advance by one step.

        Raises
        ------
        PlantError
            If the plant is lost.
        """

    def read(self) -> Readings:
        """Read all vehicles at once."""

    def signal_states(self) -> Sequence[str]:
        """Return the lamps of every junction, in the network's order."""

    def apply(self, commands: Sequence[Command]) -> None:
        """Show what the interlock commands."""

    def close(self) -> None:
        """End the run and finish the outputs. May be called twice."""
