"""``camera``: a camera for each approach, with a tracker that counts, and what arrives from beyond its sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.detection.arrivals import Arrivals
from citybrain.detection.camera_places import place_cameras
from citybrain.detection.chance import chosen, normal, uniform
from citybrain.detection.lamps import Lamps
from citybrain.detection.perfect import lane_summary, waiting_inside
from citybrain.detection.tracks import Tracks
from citybrain.detection.view import Clock, calls, join, select
from citybrain.detection.way_choice import WayChoice
from citybrain.messages import Observation, Seen, SignalView, Vehicles
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant, Readings

_MISS, _COUNT, _PLACE, _SPEED, _DEAD = range(5)
_MISS_PERIOD_S = 5
_STANDS_MPS, _QUEUE_MPS = 0.5, 3.0
_AT_THE_EDGE_M = 20.0
_NODE_M = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraParameters:
    """Parameters of :class:`Camera`.

    Parameters
    ----------
    sight_m : float
        Distance upstream of the stop line up to which vehicles are seen.
    exit_sight_m : float
        Length of each exit that is seen from the junction.
    missed : float
        Share of vehicles that detection misses, redrawn every five seconds for each.
    miscounted : float
        Share of passages not counted; a third as many are counted twice.
    heavy_m, shadow_m, hidden : float
        A vehicle within ``shadow_m`` behind one of ``heavy_m`` or longer is hidden with this probability.
    place_error, speed_error_mps : float
        Standard deviations: of the distance to the camera, relative; of speed.
    dead : float
        Share of cameras that never work.
    feeds : int
        Number of cameras, placed where they matter most; 0 for one at every approach.
    """

    sight_m: float = 110.0
    exit_sight_m: float = 50.0
    missed: float = 0.03
    miscounted: float = 0.03
    heavy_m: float = 8.0
    shadow_m: float = 12.0
    hidden: float = 0.5
    place_error: float = 0.02
    speed_error_mps: float = 0.5
    dead: float = 0.0
    feeds: int = 0


CONDITIONS = {
    "": {},
    "night": {"sight_m": 80.0, "exit_sight_m": 40.0, "missed": 0.08, "miscounted": 0.06, "speed_error_mps": 0.8},
    "rain": {"sight_m": 70.0, "exit_sight_m": 30.0, "missed": 0.12, "miscounted": 0.08, "place_error": 0.04},
}
"""What a condition changes of the parameters."""


class _Seen(NamedTuple):
    """Vehicles in sight of a camera: row of the readings, stop line ahead, distance to it."""

    row: NDArray[np.int64]
    lane: NDArray[np.int64]
    distance_m: NDArray[np.float64]


class Camera:
    """Cameras over every signalised approach.

    Each sees the lanes of its approach up to ``sight_m``, across nodes without
    signals, and the first metres of the junction's exits; it knows a vehicle's turn
    only where the lane allows one, and counts turns as they are made.
    """

    continuous = False

    def __init__(self, network: Network, parameters: CameraParameters, *, seed: int) -> None:
        self.parameters, self._seed = parameters, seed
        self._a = a = Approaches(network)
        n = len(network.lanes)
        cameras, of_lane = np.unique(a.edge[a.is_stop], return_inverse=True)
        works = ~chosen(seed, _DEAD, len(cameras), parameters.dead)
        if parameters.feeds:
            works &= np.isin(cameras, place_cameras(network, a, parameters.feeds))
        self._alive = np.zeros(n, dtype=np.bool_)
        self._alive[a.is_stop] = works[of_lane]
        self._blind = np.flatnonzero(a.is_stop & ~self._alive)
        self._from_lane = np.array([m.from_lane for m in network.movements], dtype=np.int64)
        self._counted = (self._from_lane >= 0) & self._alive[self._from_lane]
        watched = {m.junction for m in network.movements if m.from_lane >= 0 and self._alive[m.from_lane]}
        self._exit_m = np.full(n, -1.0)
        for m in network.movements:
            if m.to_lane >= 0 and m.junction in watched:
                self._exit_m[list(network.edges[network.lanes[m.to_lane].edge].lanes)] = parameters.exit_sight_m
        gate_m = np.where(self._alive, parameters.sight_m, 0.0)
        self._arrivals = Arrivals(network, a, gate_m)
        ways = a.lanes_ways
        self._nearest_m = np.full(n, np.inf)
        np.minimum.at(
            self._nearest_m, ways.source[self._alive[ways.stop_lane]], ways.distance_m[self._alive[ways.stop_lane]]
        )
        in_sight_m = np.clip(parameters.sight_m - self._nearest_m, 0.0, a.length_m)
        seen = np.clip((in_sight_m + np.maximum(self._exit_m, 0.0)) / a.length_m, 0.0, 1.0)
        self._confidence = (1.0 - parameters.missed) * np.where(a.is_stop, self._alive, seen)
        self._lamps = Lamps(network)
        self._ways = WayChoice(ways, seed=seed)
        self._clock = Clock()
        self._tracks, self._by_approach = Tracks(), Tracks()
        self._n_movements = len(network.movements)

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Read the plant and return what the cameras see."""
        time_s = plant.time_ms / 1000
        dt_s, running_s = self._clock.tick(plant.time_ms)
        readings = plant.read()
        seen, noticed = self._look(readings, time_s)
        entries = self._entries(readings.key[seen.row], seen, time_s)
        passed = self._count(readings, time_s)
        speed = self._speeds(readings, noticed, time_s)
        on_road = readings.lane[seen.row] >= 0
        row = seen.row[on_road]
        green = self._lamps.lane_green(self._lamps.green(signals)) > 0.5
        self._ways.watch(
            dt_s,
            readings.key[row],
            readings.lane[row].astype(np.int64),
            seen.distance_m[on_road],
            speed[row],
            green[seen.lane[on_road]],
        )
        self._arrivals.step(dt_s, passed, entries, self._queue_ends(seen, speed))
        known = select(readings, noticed)
        vehicles, halted, tail_m, tail_mps = lane_summary(known, self._a.length_m, self._a.limit_mps)
        waiting = select(readings, uniform(self._seed, _MISS, readings.key, int(time_s)) >= self.parameters.missed)
        inside = waiting_inside(waiting, self._n_movements)
        in_view = Vehicles(
            lane=seen.lane.astype(np.int32),
            movement=self._a.only_movement[seen.lane],
            distance_m=seen.distance_m,
            speed_mps=speed[seen.row],
            weight=np.ones(len(seen.row)),
            road_lane=readings.lane[seen.row],
        )
        return Observation(
            time_s=time_s,
            vehicles=join([in_view, self._arrivals.vehicles(self._alive), calls(self._blind, self._a.only_movement)]),
            lane_vehicles=vehicles,
            lane_halted=halted,
            lane_tail_m=tail_m,
            lane_tail_speed_mps=tail_mps,
            confidence=self._confidence,
            age_s=np.where(self._confidence > 0, 0.0, running_s),
            passed=passed,
            inside=np.where(self._counted, inside, 0.0),
            signals=signals,
            entered=self._entered(readings.key[seen.row], seen, time_s),
            seen=self._on_road(readings, noticed, speed, time_s),
        )

    def _on_road(
        self, readings: Readings, noticed: NDArray[np.bool_], speed: NDArray[np.float64], time_s: float
    ) -> Seen:
        """Everybody who is noticed on an approach, those too who may not be bound for its stop line."""
        lane = np.maximum(readings.lane, 0)
        to_end_m = self._a.length_m[lane] - readings.position_m
        to_stop_m = to_end_m + self._nearest_m[lane]
        row = np.flatnonzero(noticed & (readings.lane >= 0) & (to_stop_m <= self.parameters.sight_m))
        error_m = self.parameters.place_error * to_stop_m[row]
        error_m *= normal(self._seed, _PLACE, readings.key[row], int(time_s))
        return Seen(
            lane=readings.lane[row].astype(np.int32),
            to_end_m=np.maximum(to_end_m[row] + error_m, 0.0),
            speed_mps=speed[row],
        )

    def _look(self, readings: Readings, time_s: float) -> tuple[_Seen, NDArray[np.bool_]]:
        """Who is seen before a stop line; and who is noticed at all, exits included."""
        p, a = self.parameters, self._a
        on = readings.lane >= 0
        lane = np.where(on, readings.lane, 0).astype(np.int64)
        remaining_m = a.length_m[lane] - readings.position_m
        before = on & (remaining_m + self._nearest_m[lane] <= p.sight_m)
        beyond = on & (readings.position_m - readings.length_m <= self._exit_m[lane])
        nodes = self._in_nodes(readings)
        period = (readings.key + int(time_s)) // _MISS_PERIOD_S
        noticed = (before | beyond | nodes) & (uniform(self._seed, _MISS, readings.key, period) >= p.missed)
        noticed &= ~self._in_shadow(readings, before, remaining_m, period)
        row = np.flatnonzero(noticed & before)
        ways = a.lanes_ways
        self._ways.learn(self._arrivals.flow_vps)
        owner, way = ways.expand(lane[row])
        stop = ways.stop_lane[way]
        distance_m = remaining_m[row[owner]] + ways.distance_m[way]
        kept = (distance_m <= p.sight_m) & self._alive[stop] & self._ways.choose(readings.key[row], lane[row])
        row, stop, distance_m = row[owner[kept]], stop[kept], distance_m[kept]
        inside = np.flatnonzero(noticed & nodes)
        row, stop = np.concatenate((row, inside)), np.concatenate((stop, readings.stop_lane[inside]))
        distance_m = np.concatenate((distance_m, readings.distance_m[inside]))
        error = 1.0 + p.place_error * normal(self._seed, _PLACE, readings.key[row], int(time_s))
        return _Seen(row, stop.astype(np.int64), np.maximum(distance_m * error, 0.0)), noticed

    def _in_nodes(self, readings: Readings) -> NDArray[np.bool_]:
        """Who is inside a node without a signal just before a stop line, where the path shows which lane is next."""
        stop = np.maximum(readings.stop_lane, 0)
        near = readings.distance_m <= np.minimum(self._a.length_m[stop] + _NODE_M, self.parameters.sight_m)
        inside = (readings.lane < 0) & (readings.crossing < 0) & (readings.stop_lane >= 0)
        return np.asarray(inside & near & self._alive[stop])

    def _in_shadow(
        self, readings: Readings, before: NDArray[np.bool_], remaining_m: NDArray[np.float64], period: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Who is hidden behind a heavy vehicle on the same lane, nearer to the camera."""
        p = self.parameters
        hidden = np.zeros(len(before), dtype=np.bool_)
        rows = np.flatnonzero(before)
        rows = rows[np.lexsort((remaining_m[rows], readings.lane[rows]))]
        front, back = rows[:-1], rows[1:]
        gap_m = remaining_m[back] - remaining_m[front] - readings.length_m[front]
        shadow = (readings.lane[front] == readings.lane[back]) & (readings.length_m[front] >= p.heavy_m)
        shadow &= (gap_m <= p.shadow_m) & (uniform(self._seed, _PLACE, readings.key[back], period[back]) < p.hidden)
        hidden[back[shadow]] = True
        return hidden

    def _entries(self, keys: NDArray[np.int64], seen: _Seen, time_s: float) -> NDArray[np.float64]:
        """Count those who are new to the tracker, by stop line."""
        new = self._tracks.new(keys, time_s)
        return np.bincount(seen.lane[new], minlength=len(self._alive)).astype(np.float64)

    def _entered(self, keys: NDArray[np.int64], seen: _Seen, time_s: float) -> NDArray[np.float64]:
        """Count those who are new on their approach, though a camera at the junction before may just have seen them."""
        edge = self._a.edge[seen.lane]
        new = self._by_approach.new(keys * (int(self._a.edge.max()) + 1) + edge, time_s)
        return np.bincount(seen.lane[new], minlength=len(self._alive)).astype(np.float64)

    def _count(self, readings: Readings, time_s: float) -> NDArray[np.float64]:
        """Count passages by movement."""
        p = self.parameters
        luck = uniform(self._seed, _COUNT, readings.passed_key, int(time_s))
        counted = np.where(luck < p.miscounted, 0.0, np.where(luck > 1.0 - p.miscounted / 3, 2.0, 1.0))
        counted *= self._counted[readings.passed]
        return np.bincount(readings.passed, weights=counted, minlength=self._n_movements).astype(np.float64)

    def _speeds(self, readings: Readings, noticed: NDArray[np.bool_], time_s: float) -> NDArray[np.float64]:
        """Measure speeds; a tracker tells that a vehicle stands from its box not moving."""
        rows = np.flatnonzero(noticed & (readings.speed_mps >= _STANDS_MPS))
        speed = np.zeros(len(noticed))
        error = self.parameters.speed_error_mps * normal(self._seed, _SPEED, readings.key[rows], int(time_s))
        speed[rows] = np.maximum(readings.speed_mps[rows] + error, 0.0)
        return speed

    def _queue_ends(self, seen: _Seen, speed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where a queue reaches to the end of sight, one vehicle further; -inf where none does."""
        end_m = np.full(len(self._alive), -np.inf)
        slow = (speed[seen.row] < _QUEUE_MPS) & (seen.distance_m > self.parameters.sight_m - _AT_THE_EDGE_M)
        np.maximum.at(end_m, seen.lane[slow], seen.distance_m[slow] + 7.5)
        return np.where(np.isfinite(end_m), np.maximum(end_m, self.parameters.sight_m), end_m)
