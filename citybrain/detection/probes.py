"""``probes:p``: a share of the vehicles report where they are; a traffic model fills in the others."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.detection.chance import chosen, normal, uniform
from citybrain.detection.queue_model import QueueModel
from citybrain.detection.view import Clock, believed_lanes, believed_vehicles, calls, join
from citybrain.messages import Observation, SignalView
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant, Readings

_IS_PROBE, _PLACE, _SPEED, _LANE, _LANE_SIDE, _DEAD = range(6)
_LANE_PERIOD_S = 20
_TRUST_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeParameters:
    """Parameters of :class:`Probes`.

    Parameters
    ----------
    share : float
        Of vehicles that report. Which do is a matter of the vehicle and the seed.
    place_error_m : float
        Standard deviation of the position along the road (SAE J2945/1 asks for 1.5 m).
    wrong_lane : float
        Share of reports that are matched to the lane beside.
    speed_error_mps : float
        Standard deviation of the reported speed.
    latency_s : float
        Age of a report when it arrives.
    dead : float
        Share of approaches without reception.
    """

    share: float
    place_error_m: float = 2.0
    wrong_lane: float = 0.15
    speed_error_mps: float = 0.3
    latency_s: float = 2.0
    dead: float = 0.0


class _Reports(NamedTuple):
    """Reports as they arrive: when they were sent, stop lane ahead, distance, speed; turns made since the last."""

    sent_s: float
    lane: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    passed: NDArray[np.float64]


class Probes:
    """Reporting vehicles, and a queue model that they correct."""

    continuous = True

    def __init__(self, network: Network, parameters: ProbeParameters, *, seed: int) -> None:
        self.parameters, self._seed = parameters, seed
        self._a = a = Approaches(network)
        n = len(network.lanes)
        approaches, of_lane = np.unique(a.edge[a.is_stop], return_inverse=True)
        self._heard = a.is_stop.copy()
        self._heard[a.is_stop] = ~chosen(seed, _DEAD, len(approaches), parameters.dead)[of_lane]
        self._blind = np.flatnonzero(a.is_stop & ~self._heard)
        self._from_lane = np.array([m.from_lane for m in network.movements], dtype=np.int64)
        self._lanes_of_edge = [np.array(edge.lanes, dtype=np.int64) for edge in network.edges]
        self._beside = self._neighbours(network)
        self._model = QueueModel(network, a, share=parameters.share)
        self._mail: deque[_Reports] = deque()
        self._heard_s = np.full(n, np.nan)
        self._clock = Clock()

    @staticmethod
    def _neighbours(network: Network) -> NDArray[np.int64]:
        """By lane the lanes to either side; itself at the edge of the road."""
        beside = np.tile(np.arange(len(network.lanes)), (2, 1)).T
        for edge in network.edges:
            for right, left in zip(edge.lanes, edge.lanes[1:], strict=False):
                beside[right, 1], beside[left, 0] = left, right
        return beside

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Take in the reports that arrive now, move the model on and return what is believed."""
        time_s = plant.time_ms / 1000
        dt_s, running_s = self._clock.tick(plant.time_ms)
        self._mail.append(self._send(plant.read(), time_s))
        passed = np.zeros(len(self._from_lane))
        newest: _Reports | None = None
        while self._mail and self._mail[0].sent_s <= time_s - self.parameters.latency_s + 1e-6:
            newest = self._mail.popleft()
            passed += newest.passed
        self._heard_s = np.where(np.isnan(self._heard_s), time_s, self._heard_s)
        departures = self._model.drive(dt_s, signals, passed)
        if newest is not None:
            late_s = time_s - newest.sent_s
            distance_m = newest.distance_m - late_s * newest.speed_mps
            there = distance_m > -5.0  # those beyond have left meanwhile
            self._model.correct(newest.lane[there], np.maximum(distance_m[there], 0.0), newest.speed_mps[there])
            self._heard_s[newest.lane] = newest.sent_s
        believed = believed_vehicles(self._model.belief, self._a)
        count, halted, tail_m, tail_mps = believed_lanes(believed, self._a)
        age_s = np.where(self._heard | ~self._a.is_stop, time_s - self._heard_s, running_s)
        trust = 0.2 + 0.6 * np.exp(-age_s / _TRUST_S)
        return Observation(
            time_s=time_s,
            vehicles=join([believed, calls(self._blind, self._a.only_movement)]),
            lane_vehicles=count,
            lane_halted=halted,
            lane_tail_m=tail_m,
            lane_tail_speed_mps=tail_mps,
            confidence=np.where(self._heard, trust, np.where(self._a.is_stop, 0.0, 0.2)),
            age_s=age_s,
            passed=departures,
            inside=np.zeros(len(departures)),
            signals=signals,
        )

    def _send(self, readings: Readings, time_s: float) -> _Reports:
        """What the probes on the road report now."""
        p, a = self.parameters, self._a
        key = readings.key
        on = (readings.lane >= 0) & (uniform(self._seed, _IS_PROBE, key) < p.share)
        rows = np.flatnonzero(on)
        lane, key = readings.lane[rows].astype(np.int64), key[rows]
        period = int(time_s) // _LANE_PERIOD_S
        wrong = uniform(self._seed, _LANE, key, period) < p.wrong_lane
        side = (uniform(self._seed, _LANE_SIDE, key, period) < 0.5).astype(np.int64)
        remaining_m = a.length_m[lane] - readings.position_m[rows]
        remaining_m = remaining_m + p.place_error_m * normal(self._seed, _PLACE, key, int(time_s))
        speed = readings.speed_mps[rows]
        noisy = np.maximum(speed + p.speed_error_mps * normal(self._seed, _SPEED, key, int(time_s)), 0.0)
        speed = np.where(speed < 0.1, 0.0, noisy)
        lane = np.where(wrong, self._beside[lane, side], lane)
        ways = a.lanes_ways
        owner, way = ways.expand(lane)
        sure = ways.weights(self._model.flow_vps)[way] >= 0.5  # where it goes, if that is likely
        owner, way = owner[sure], way[sure]
        stop = ways.stop_lane[way]
        heard = self._heard[stop]
        owner, way, stop = owner[heard], way[heard], stop[heard]
        of_probes = uniform(self._seed, _IS_PROBE, readings.passed_key) < p.share
        of_probes &= self._heard[self._from_lane[readings.passed]]
        return _Reports(
            time_s,
            stop,
            np.maximum(remaining_m[owner] + ways.distance_m[way], 0.0),
            speed[owner],
            np.bincount(readings.passed[of_probes], minlength=len(self._from_lane)).astype(np.float64),
        )
