"""What an observation says of every signalised link in one step, the same for loops and for cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.detection.lamps import Lamps
from citybrain.messages import Observation
from citybrain.network.model import Network

GATE_M = 60.0
"""Where a camera counts as a loop upstream would, from the stop line."""
_HALF_M, _STOP_M = 4.0, 3.5
_STANDS_MPS = 0.5
_FULL_M = 8.0
_REACH_M = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """One step of all links. Arrays over the watched lanes unless said otherwise.

    Attributes
    ----------
    time_s, dt_s : float
    stop_on, gate_on : ndarray of bool
        Whether somebody is at the stop line (of a lane upstream: at one that it leads to), and at the place upstream.
    stop_count, gate_count : ndarray of float64
        Vehicles that passed these; ``gate_count`` is NaN where sensors do not count there.
    has_gate : ndarray of bool
        Whether there is a place upstream on the same lane.
    head_m : ndarray of float64
        Distance to the end of the lane of the first vehicle seen on it that stands; NaN where none does or it is unseen.
    gap_m, gap_at_m : ndarray of float64
        The widest free road before a vehicle that is seen standing, and its distance to the end of the lane; 0 and NaN
        where none stands.
    seen : ndarray of bool
        Whether vehicles are seen one by one.
    green : ndarray of float64
        1 where all movements of the lane have protected green, 0 on red, between where some have.
    exit_full : ndarray of bool
        Whether a queue seems to stand at the start of an exit.
    arrived : ndarray of float64, by link
        Vehicles that came in at the place upstream.
    passed : ndarray of float64, by movement
    """

    time_s: float
    dt_s: float
    stop_on: NDArray[np.bool_]
    gate_on: NDArray[np.bool_]
    stop_count: NDArray[np.float64]
    gate_count: NDArray[np.float64]
    has_gate: NDArray[np.bool_]
    head_m: NDArray[np.float64]
    gap_m: NDArray[np.float64]
    gap_at_m: NDArray[np.float64]
    seen: NDArray[np.bool_]
    green: NDArray[np.float64]
    exit_full: NDArray[np.bool_]
    arrived: NDArray[np.float64]
    passed: NDArray[np.float64]


class LinkSigns:
    """Reads observations; knows which lanes and links there are.

    Attributes
    ----------
    lane : ndarray of int64
        Watched lanes: those that end at a signal, and those upstream of them within reach of sensors.
    is_stop : ndarray of bool, by watched lane
    beyond_m : ndarray of float64, by watched lane
        Distance from its end to the nearest stop line; 0 at a signal.
    link_of : ndarray of int64, by watched lane
        The link that it mostly leads to.
    edge : ndarray of int64, by link
        The edge of the network.
    """

    def __init__(self, network: Network) -> None:
        self.approaches = a = Approaches(network)
        self._lamps = Lamps(network)
        ways = a.lanes_ways
        n = len(network.lanes)
        beyond_m = np.full(n, np.inf)
        np.minimum.at(beyond_m, ways.source, ways.distance_m)
        self.lane = np.flatnonzero(beyond_m < _REACH_M)
        self.is_stop, self.beyond_m = a.is_stop[self.lane], beyond_m[self.lane]
        self.edge = np.unique(a.edge[self.lane[self.is_stop]])
        main, best = np.full(n, -1), np.full(n, -1.0)
        for source, stop, share in zip(ways.source, ways.stop_lane, ways.share, strict=True):
            if share > best[source]:
                best[source], main[source] = share, stop
        self.link_of = np.searchsorted(self.edge, a.edge[main[self.lane]])
        self._link_of_lane = np.full(n, -1)
        self._link_of_lane[self.lane] = self.link_of
        near = (ways.distance_m < _REACH_M) & ~a.is_stop[ways.source]
        self._leads_from, self._leads_to = ways.source[near], ways.stop_lane[near]
        moves = [m for m in network.movements if not m.is_crossing]
        self._from = np.array([m.from_lane for m in moves], np.int64)
        self._to = np.array([m.to_lane for m in moves], np.int64)
        self._index = np.array([m.index for m in moves], np.int64)
        self._in_sight = np.zeros(len(self.edge))
        self._last_s: float | None = None

    def read(self, observation: Observation) -> Signs:
        """Return the signs of one step."""
        dt_s = 1.0 if self._last_s is None else max(observation.time_s - self._last_s, 1e-3)
        self._last_s = observation.time_s
        n = len(self._link_of_lane)
        green = self._lamps.lane_green(self._lamps.green(observation.signals))[self.lane]
        full = np.zeros(n, np.bool_)
        stands = (observation.lane_tail_m < _FULL_M) & (observation.lane_tail_speed_mps < _STANDS_MPS)
        np.logical_or.at(full, self._from, stands[self._to])
        count = np.bincount(self._from, weights=observation.passed[self._index], minlength=n).astype(np.float64)
        out = np.bincount(
            self._link_of_lane[self._from], weights=observation.passed[self._index], minlength=len(self.edge)
        )
        head_m, gap_m, gap_at_m = self._standing(observation, n)
        seen = observation.confidence > 0
        loops = observation.loops
        if loops is None:
            sight = self._seen_by_link(observation)
            stop_on, gate_on = self._covered(observation, n)
            arrived = sight - self._in_sight + out
            self._in_sight = sight
            gate_count, has_gate = np.full(n, np.nan), self.approaches.length_m > GATE_M + _HALF_M
        else:
            stop_on, gate_on, count = loops.stop_on, loops.advance_on, loops.stop_count
            gate_count, has_gate = loops.advance_count, loops.advance_m >= 0
            at = np.flatnonzero(has_gate & (self._link_of_lane >= 0))
            arrived = np.bincount(self._link_of_lane[at], gate_count[at], len(self.edge)).astype(np.float64)
            seen = np.zeros(n, np.bool_)
        stop_on = stop_on & self.approaches.is_stop
        np.logical_or.at(stop_on, self._leads_from, stop_on[self._leads_to])
        lane = self.lane
        return Signs(
            time_s=observation.time_s,
            dt_s=dt_s,
            stop_on=stop_on[lane],
            gate_on=gate_on[lane],
            stop_count=count[lane],
            gate_count=gate_count[lane],
            has_gate=has_gate[lane],
            head_m=head_m[lane],
            gap_m=gap_m[lane],
            gap_at_m=gap_at_m[lane],
            seen=seen[lane],
            green=green,
            exit_full=full[lane],
            arrived=arrived,
            passed=observation.passed,
        )

    def _standing(self, o: Observation, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """By lane: where the first one stands; the widest gap before one that stands, and where that is."""
        v, beyond_m = o.vehicles, np.zeros(n)
        beyond_m[self.lane] = self.beyond_m
        on = np.flatnonzero(v.road_lane >= 0)
        on = on[np.lexsort((v.distance_m[on], v.road_lane[on]))]
        lane = v.road_lane[on]
        at_m = v.distance_m[on] - beyond_m[lane]
        first = np.diff(lane, prepend=-1) != 0
        free_m = np.where(first, at_m, np.diff(at_m, prepend=0.0))
        stands = v.speed_mps[on] < _STANDS_MPS
        head_m, gap_m, gap_at_m = np.full(n, np.nan), np.zeros(n), np.full(n, np.nan)
        rows = np.flatnonzero(first & stands)
        head_m[lane[rows]] = at_m[rows]
        rows = np.flatnonzero(stands)
        rows = rows[np.argsort(free_m[rows], kind="stable")]  # the last one written has the widest gap
        gap_m[lane[rows]], gap_at_m[lane[rows]] = free_m[rows], at_m[rows]
        return head_m, gap_m, gap_at_m

    def _seen_by_link(self, o: Observation) -> NDArray[np.float64]:
        link = self._link_of_lane[o.vehicles.lane[o.vehicles.road_lane >= 0]]
        return np.bincount(link[link >= 0], minlength=len(self.edge)).astype(np.float64)

    def _covered(self, o: Observation, n: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        v = o.vehicles
        on = (v.road_lane >= 0) & (v.road_lane == v.lane)
        at_stop, at_gate = on & (v.distance_m <= _STOP_M), on & (np.abs(v.distance_m - GATE_M) <= _HALF_M)
        return np.bincount(v.lane[at_stop], minlength=n) > 0, np.bincount(v.lane[at_gate], minlength=n) > 0
