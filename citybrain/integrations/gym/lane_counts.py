"""Counts of vehicles and halted vehicles by lane, exact, and nothing else: what ``sensors="counts"`` means here.

As quick as it gets with SUMO: two numbers a lane, no vehicle is read by itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.perfect import lane_summary
from citybrain.messages import Observation, SignalView, Vehicles
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant
from citybrain.simulation.sumo import SumoPlant

_NOBODY = Vehicles(
    lane=np.empty(0, np.int32),
    road_lane=np.empty(0, np.int32),
    movement=np.empty(0, np.int32),
    distance_m=np.empty(0),
    speed_mps=np.empty(0),
    weight=np.empty(0),
)


class LaneCounts:
    """Reads lanes; of vehicles, tails and passages it knows nothing.

    Parameters
    ----------
    lanes : ndarray of int
        Those that are read; the others stay 0.
    """

    continuous = False

    def __init__(self, network: Network, lanes: NDArray[np.int64]) -> None:
        self._lanes = lanes
        self._ids = [network.lanes[k].id for k in lanes]
        self._length_m = np.array([lane.length_m for lane in network.lanes])
        self._limit_mps = np.array([lane.speed_mps for lane in network.lanes])
        self._certain, self._zero = np.ones(len(network.lanes)), np.zeros(len(network.lanes))
        self._no_movement = np.zeros(len(network.movements))

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Read the lanes."""
        if isinstance(plant, SumoPlant):
            vehicles, halted = np.zeros_like(self._zero), np.zeros_like(self._zero)
            vehicles[self._lanes], halted[self._lanes] = plant.lane_counts(self._ids)
        else:
            vehicles, halted, _, _ = lane_summary(plant.read(), self._length_m, self._limit_mps)
        return Observation(
            time_s=plant.time_ms / 1000,
            vehicles=_NOBODY,
            lane_vehicles=vehicles,
            lane_halted=halted,
            lane_tail_m=self._length_m,
            lane_tail_speed_mps=self._limit_mps,
            confidence=self._certain,
            age_s=self._zero,
            inside=self._no_movement,
            passed=self._no_movement,
            signals=signals,
        )
