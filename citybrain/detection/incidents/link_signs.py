"""What an observation says of every signalised link in one step, the same for loops and for cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.health import SensorHealth
from citybrain.detection.incidents.shape import Shape
from citybrain.detection.incidents.standing import Standing
from citybrain.detection.lamps import Lamps
from citybrain.detection.loop_field import has_entry_loops
from citybrain.messages import Observation, Seen
from citybrain.network.model import Network

GATE_M = 60.0
"""Where a camera counts as a loop upstream would, from the stop line."""
_HALF_M, _STOP_M = 4.0, 3.5
_STANDS_MPS = 0.5
_FULL_M = 8.0
_NEAR_M = 80.0
_FREE_AHEAD_M, _UPSTREAM_M = 30.0, 30.0
_CRAWLS = 0.45
_BREAK_S = 30.0
_ENTRY_HELD_S, _STUCK_S = 3.0, 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """One step of all links. Arrays over the watched lanes unless said otherwise.

    Attributes
    ----------
    time_s, dt_s : float
    resumed : bool
        Whether something is missing between the step before and this one: the sensors were off, or another day begins.
    stop_on, gate_on : ndarray of bool
        Whether somebody is at the stop line (of a lane upstream: at one that it leads to), and at the place upstream.
    stop_count, gate_count : ndarray of float64
        Vehicles that passed these; ``gate_count`` is NaN where sensors do not count there.
    has_gate : ndarray of bool
        Whether there is a place upstream on the same lane.
    entry_on, entry_count : ndarray of bool, of float64
        The same of the loop where the road begins; nobody and NaN where there is none.
    stop_ok, gate_ok : ndarray of bool
        Whether the sensors there may be believed: loops that fail are known by what others count.
    stuck_s, stuck_at_m : ndarray of float64
        For how long somebody has been seen to stand although the road ahead is free, and the distance to the end of
        the lane; 0 and NaN where nobody does.
    crawling, driving : ndarray of float64
        Vehicles seen with a free road ahead, away from the stop line, that move slower than 45 % of the limit, and faster.
    seen : ndarray of bool
        Whether vehicles are seen one by one.
    green : ndarray of float64
        1 where all movements of the lane have protected green, 0 on red, between where some have.
    exit_full : ndarray of bool
        Whether a queue seems to stand at the start of an exit.
    arrived : ndarray of float64, by link
        Vehicles that came in at the place upstream.
    passed : ndarray of float64, by movement
    entered : ndarray of float64, by edge of the network
        Vehicles that came over its entry loops.
    has_entry : ndarray of bool, by edge of the network
        Whether it has entry loops, one on every lane.
    """

    time_s: float
    dt_s: float
    resumed: bool
    stop_on: NDArray[np.bool_]
    gate_on: NDArray[np.bool_]
    stop_count: NDArray[np.float64]
    gate_count: NDArray[np.float64]
    has_gate: NDArray[np.bool_]
    entry_on: NDArray[np.bool_]
    entry_count: NDArray[np.float64]
    stop_ok: NDArray[np.bool_]
    gate_ok: NDArray[np.bool_]
    stuck_s: NDArray[np.float64]
    stuck_at_m: NDArray[np.float64]
    crawling: NDArray[np.float64]
    driving: NDArray[np.float64]
    seen: NDArray[np.bool_]
    green: NDArray[np.float64]
    exit_full: NDArray[np.bool_]
    arrived: NDArray[np.float64]
    passed: NDArray[np.float64]
    entered: NDArray[np.float64]
    has_entry: NDArray[np.bool_]


class LinkSigns(Shape):
    """Reads observations, one after another; knows which lanes and links there are."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._lamps = Lamps(network)
        self._standing = Standing(self)
        self._health = SensorHealth(network)
        ways = self.approaches.lanes_ways
        near = (ways.distance_m < _NEAR_M) & ~self.approaches.is_stop[ways.source]
        self._leads_from, self._leads_to = ways.source[near], ways.stop_lane[near]
        moves = [m for m in network.movements if not m.is_crossing]
        self._from = np.array([m.from_lane for m in moves], np.int64)
        self._to = np.array([m.to_lane for m in moves], np.int64)
        self._index = np.array([m.index for m in moves], np.int64)
        self._n_edges, self._entry_held_s = len(network.edges), np.zeros(len(network.lanes))
        self._last_s: float | None = None

    def read(self, observation: Observation) -> Signs:
        """Return the signs of one step."""
        gap_s = 1.0 if self._last_s is None else observation.time_s - self._last_s
        resumed = not 0.0 < gap_s <= _BREAK_S
        dt_s = 1.0 if resumed else gap_s
        self._last_s = observation.time_s
        n, n_links, lane = len(self.row_of), len(self.edge), self.lane
        green = self._lamps.lane_green(self._lamps.green(observation.signals))[lane]
        full = np.zeros(n, np.bool_)
        stands = (observation.lane_tail_m < _FULL_M) & (observation.lane_tail_speed_mps < _STANDS_MPS)
        loops = observation.loops
        if loops is not None:  # a queue that reaches back over the loop where the exit begins
            held = loops.entry_on & (loops.entry_count == 0)
            self._entry_held_s = np.where(held, self._entry_held_s + dt_s, 0.0)
            stands |= (self._entry_held_s >= _ENTRY_HELD_S) & (self._entry_held_s < _STUCK_S)
        np.logical_or.at(full, self._from, stands[self._to])
        if loops is None:
            noticed = self._noticed(observation)
            self._standing.update(noticed, dt_s)
            stuck_s, stuck_at_m = self._standing.stuck_s, self._standing.at_m
            crawling, driving = self._free_drivers(noticed)
            seen = (observation.confidence > 0)[lane]
            stop_on, gate_on = self._covered(noticed, n)
            count = np.bincount(self._from, weights=observation.passed[self._index], minlength=n).astype(np.float64)
            gate_count, has_gate = np.full(n, np.nan), self.approaches.length_m > GATE_M + _HALF_M
            entered = np.zeros(n) if observation.entered is None else observation.entered
            at = np.flatnonzero(self.approaches.is_stop)
            arrived = np.bincount(self.link_of_lane[at], entered[at], n_links).astype(np.float64)
            stop_ok = gate_ok = observation.confidence > 0
            gate_ok = gate_ok | ~self.approaches.is_stop
            entry_on, entry_count = np.zeros(n, np.bool_), np.full(n, np.nan)
            entered_road, has_entry = np.zeros(self._n_edges), np.zeros(self._n_edges, np.bool_)
        else:
            self._health.update(observation)
            stop_ok, gate_ok = self._health.trusted()
            nobody = np.zeros(len(lane))
            stuck_s, stuck_at_m, crawling, driving = nobody, np.full(len(lane), np.nan), nobody, nobody
            seen = np.zeros(len(lane), np.bool_)
            stop_on, gate_on, count = loops.stop_on, loops.advance_on, loops.stop_count
            gate_count, has_gate = loops.advance_count, loops.advance_m >= 0
            at = np.flatnonzero(has_gate & (self.link_of_lane >= 0))
            # no two vehicles drive over a loop within a second: a count of two is one counted twice
            arrived = np.bincount(self.link_of_lane[at], np.minimum(gate_count[at], 1.0), n_links).astype(np.float64)
            entry_on, entry_count = loops.entry_on, np.where(loops.entry_m >= 0, loops.entry_count, np.nan)
            edge = self.approaches.edge
            entered_road = np.bincount(edge, np.minimum(loops.entry_count, 1.0), self._n_edges).astype(np.float64)
            has_entry = has_entry_loops(loops.entry_m, edge, self._n_edges)
        stop_on = stop_on & self.approaches.is_stop
        np.logical_or.at(stop_on, self._leads_from, stop_on[self._leads_to])
        return Signs(
            time_s=observation.time_s,
            dt_s=dt_s,
            resumed=resumed,
            stop_on=stop_on[lane],
            gate_on=gate_on[lane],
            stop_count=count[lane],
            gate_count=gate_count[lane],
            has_gate=has_gate[lane],
            entry_on=entry_on[lane],
            entry_count=entry_count[lane],
            stop_ok=stop_ok[lane],
            gate_ok=gate_ok[lane],
            stuck_s=stuck_s,
            stuck_at_m=stuck_at_m,
            crawling=crawling,
            driving=driving,
            seen=seen,
            green=green,
            exit_full=full[lane],
            arrived=arrived,
            passed=observation.passed,
            entered=entered_road,
            has_entry=has_entry,
        )

    def _noticed(self, o: Observation) -> Seen:
        """Who is seen on the road; sensors that are no cameras say it of those bound for a stop line."""
        if o.seen is not None:
            return o.seen
        v = o.vehicles
        on = np.flatnonzero((v.road_lane >= 0) & (self.row_of[np.maximum(v.road_lane, 0)] >= 0))
        to_end_m = v.distance_m[on] - self.beyond_m[self.row_of[v.road_lane[on]]]
        return Seen(lane=v.road_lane[on], to_end_m=np.maximum(to_end_m, 0.0), speed_mps=v.speed_mps[on])

    def _free_drivers(self, v: Seen) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """By watched lane: vehicles with a free road ahead that crawl, and that drive."""
        row = self.row_of[v.lane]
        on = np.flatnonzero(row >= 0)
        on = on[np.lexsort((v.to_end_m[on], row[on]))]
        row, at_m, speed = row[on], v.to_end_m[on], v.speed_mps[on]
        first = np.diff(row, prepend=-1) != 0
        ahead_m = np.where(first, at_m, np.diff(at_m, prepend=0.0))
        free = (ahead_m > _FREE_AHEAD_M) & (at_m > _UPSTREAM_M) & (speed >= _STANDS_MPS)
        slow = speed < _CRAWLS * self.approaches.limit_mps[self.lane[row]]
        n = len(self.lane)
        return (
            np.bincount(row[free & slow], minlength=n).astype(np.float64),
            np.bincount(row[free & ~slow], minlength=n).astype(np.float64),
        )

    def _covered(self, v: Seen, n: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        own = self.approaches.is_stop[v.lane]
        at_stop, at_gate = own & (v.to_end_m <= _STOP_M), own & (np.abs(v.to_end_m - GATE_M) <= _HALF_M)
        return np.bincount(v.lane[at_stop], minlength=n) > 0, np.bincount(v.lane[at_gate], minlength=n) > 0
