"""Perfect sensors: every vehicle within sight of a stop line, with its turn."""

from __future__ import annotations

import numpy as np

from citybrain.messages import Observation, SignalView, Vehicles
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant, Readings

_HALTED_MPS = 0.1
_WAITING_MPS = 2.0


class PerfectSensors:
    """Sees every vehicle up to ``sight_m`` ahead of its next stop line.

    Parameters
    ----------
    network : Network
    sight_m : float
    """

    continuous = False

    def __init__(self, network: Network, *, sight_m: float = 400.0) -> None:
        self.sight_m = sight_m
        self._length_m = np.array([lane.length_m for lane in network.lanes])
        self._limit_mps = np.array([lane.speed_mps for lane in network.lanes])
        self._n_movements = len(network.movements)
        self._certain = np.ones(len(network.lanes))
        self._fresh = np.zeros(len(network.lanes))

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Read the plant and return what can be known."""
        readings = plant.read()
        vehicles, halted, tail_m, tail_mps = lane_summary(readings, self._length_m, self._limit_mps)
        near = readings.distance_m <= self.sight_m
        return Observation(
            time_s=plant.time_ms / 1000,
            vehicles=Vehicles(
                lane=readings.stop_lane[near],
                movement=readings.movement[near],
                distance_m=readings.distance_m[near],
                speed_mps=readings.speed_mps[near],
                weight=np.ones(int(near.sum())),
                road_lane=readings.lane[near],
            ),
            lane_vehicles=vehicles,
            lane_halted=halted,
            lane_tail_m=tail_m,
            lane_tail_speed_mps=tail_mps,
            confidence=self._certain,
            age_s=self._fresh,
            inside=waiting_inside(readings, self._n_movements),
            passed=np.bincount(readings.passed, minlength=self._n_movements).astype(np.float64),
            signals=signals,
        )


def waiting_inside(readings: Readings, n_movements: int) -> np.ndarray:
    """Return the slow vehicles inside junctions, by the movement they are making."""
    slow = (readings.crossing >= 0) & (readings.speed_mps < _WAITING_MPS)
    return np.bincount(readings.crossing[slow], minlength=n_movements).astype(np.float64)


def lane_summary(
    readings: Readings, length_m: np.ndarray, limit_mps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return vehicles, halted vehicles, free length at the start and speed there, by lane."""
    n = len(length_m)
    on = readings.lane >= 0
    lane, speed = readings.lane[on], readings.speed_mps[on]
    rear_m = readings.position_m[on] - readings.length_m[on]
    vehicles = np.bincount(lane, minlength=n).astype(np.float64)
    halted = np.bincount(lane[speed < _HALTED_MPS], minlength=n).astype(np.float64)
    order = np.argsort(-rear_m, kind="stable")  # the last one written is the hindmost
    tail_m, tail_mps = length_m.copy(), limit_mps.copy()
    tail_m[lane[order]] = np.maximum(rear_m[order], 0.0)
    tail_mps[lane[order]] = speed[order]
    return vehicles, halted, tail_m, tail_mps
