"""Induction loops in the road: where they lie, and what each step makes them say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.network.model import Network
from citybrain.simulation.plant import Readings

_STOP_LOOP_M = 3.5
_HALF_LOOP_M = 1.0
_FROM_ENTRY_M = 3.0
_WORTH_IT_M = 20.0


class LoopSignals(NamedTuple):
    """What the loops say of one step, by lane of the loop: vehicles counted, and whether one stands on it.

    ``stop`` loops lie at the stop line, ``advance`` loops upstream, ``entry`` loops where a road leaves a signal.
    """

    stop_count: NDArray[np.float64]
    stop_on: NDArray[np.bool_]
    advance_count: NDArray[np.float64]
    advance_on: NDArray[np.bool_]
    entry_count: NDArray[np.float64]
    entry_on: NDArray[np.bool_]


def has_entry_loops(entry_m: NDArray[np.float64], edge: NDArray[np.int64], n_edges: int) -> NDArray[np.bool_]:
    """Return by edge whether every lane of it has an entry loop.

    Parameters
    ----------
    entry_m : ndarray of float64, by lane
        Distance of the entry loop from the end of its lane; -1 without one.
    edge : ndarray of int64, by lane
    """
    return np.asarray(np.bincount(edge, entry_m >= 0, n_edges) == np.bincount(edge, minlength=n_edges))


class LoopField:
    """All loops of a network, without faults.

    Attributes
    ----------
    place_m : ndarray of float64, by lane
        Distance of the advance loop from the end of its lane; -1 without one.
    gate_m : ndarray of float64, by lane
        Distance of the stop line from the advance loop that serves it; 0 without one.
    entry_m : ndarray of float64, by lane
        Distance of the entry loop from the end of its lane; -1 without one.

    Parameters
    ----------
    advance_m : float
        Distance of the advance loops from the stop line, where the road is long enough.
    entry : bool
        Whether there are loops too where a road leaves a signal or comes into the network, on roads of 20 m and more.
    """

    def __init__(self, network: Network, approaches: Approaches, advance_m: float, *, entry: bool = False) -> None:
        self._a = a = approaches
        n = len(network.lanes)
        fed = np.zeros(n, dtype=np.bool_)  # by a road without a signal between
        for lane in network.lanes:
            for link in lane.links:
                if link.movement < 0:
                    fed[list(network.edges[network.lanes[link.to_lane].edge].lanes)] = True
        ways = a.lanes_ways
        start_m = ways.distance_m + a.length_m[ways.source]
        here = (ways.distance_m < advance_m) & (start_m >= advance_m)
        reached = np.bincount(ways.stop_lane[here], minlength=n) > 0  # not where the place lies within a node
        short = (start_m < advance_m) & (start_m >= _WORTH_IT_M) & ~(fed[ways.source] & reached[ways.stop_lane])
        at_m = np.where(here, advance_m, start_m - _FROM_ENTRY_M) - ways.distance_m
        self.place_m, self.gate_m = np.full(n, -1.0), np.zeros(n)
        laid = here | short
        np.maximum.at(self.place_m, ways.source[laid], at_m[laid])
        np.maximum.at(self.gate_m, ways.stop_lane[laid], (at_m + ways.distance_m)[laid])
        self.entry_m = np.full(n, -1.0)
        led_to = {network.lanes[link.to_lane].edge for lane in network.lanes for link in lane.links}
        self._from_outside = np.array([edge.index not in led_to for edge in network.edges])
        begins = self._from_outside.copy()
        begins[[network.lanes[m.to_lane].edge for m in network.movements if not m.is_crossing]] = True
        if entry:
            self.entry_m = np.where(begins[a.edge] & (a.length_m >= _WORTH_IT_M), a.length_m - _FROM_ENTRY_M, -1.0)
        self._from_lane = np.array([m.from_lane for m in network.movements], dtype=np.int64)
        self._first, self._key = True, np.empty(0, np.int64)
        self._edge, self._lane = np.empty(0, np.int64), np.empty(0, np.int64)
        self._remaining_m = np.empty(0)

    def sense(self, readings: Readings) -> LoopSignals:
        """Return what the loops say of the step that the readings end."""
        a, n = self._a, len(self.place_m)
        on = readings.lane >= 0
        lane = np.where(on, readings.lane, 0).astype(np.int64)
        remaining_m = a.length_m[lane] - readings.position_m
        edge = np.where(on, a.edge[lane], -1)
        advance_count, advance_on = self._over(self.place_m, readings, lane, edge)
        entry_count, entry_on = self._over(self.entry_m, readings, lane, edge)
        at_stop = on & a.is_stop[lane] & (remaining_m <= _STOP_LOOP_M)
        self._first, order = False, np.argsort(readings.key)
        self._key, self._edge, self._remaining_m = readings.key[order], edge[order], remaining_m[order]
        self._lane = lane[order]
        return LoopSignals(
            stop_count=np.bincount(self._from_lane[readings.passed], minlength=n).astype(np.float64),
            stop_on=np.bincount(lane[at_stop], minlength=n) > 0,
            advance_count=advance_count,
            advance_on=advance_on,
            entry_count=entry_count,
            entry_on=entry_on,
        )

    def _over(
        self, loop_m: NDArray[np.float64], readings: Readings, lane: NDArray[np.int64], edge: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return by lane who drove over its loop in the step, and whether somebody is on it."""
        n, remaining_m = len(loop_m), self._a.length_m[lane] - readings.position_m
        if (loop_m < 0).all():
            return np.zeros(n), np.zeros(n, np.bool_)
        place_m = np.where(edge >= 0, loop_m[lane], -1.0)
        over = (place_m >= 0) & (remaining_m <= place_m) & self._was_before(readings.key, edge, place_m)
        covers = (place_m >= 0) & (remaining_m <= place_m + _HALF_LOOP_M)
        covers &= remaining_m + readings.length_m >= place_m - _HALF_LOOP_M
        passed_by = self._left_over(loop_m, readings.key, edge)
        count = np.bincount(np.concatenate((lane[over], passed_by)), minlength=n).astype(np.float64)
        return count, np.bincount(lane[covers], minlength=n) > 0

    def _left_over(
        self, loop_m: NDArray[np.float64], key: NDArray[np.int64], edge: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the lanes whose loop, near their end, was passed by those who have left them within the step."""
        before = (self._edge >= 0) & (loop_m[self._lane] >= 0) & (self._remaining_m > loop_m[self._lane])
        rows = np.flatnonzero(before)
        if not len(rows) or not len(key):
            return np.empty(0, np.int64)
        order = np.argsort(key)
        at = np.minimum(np.searchsorted(key[order], self._key[rows]), len(key) - 1)
        now = order[at]
        gone = (key[now] == self._key[rows]) & (edge[now] != self._edge[rows])
        return np.asarray(self._lane[rows[gone]])

    def _was_before(
        self, key: NDArray[np.int64], edge: NDArray[np.int64], place_m: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Whether each vehicle was upstream of the loop one step ago, or outside the network."""
        if self._first:  # of those who are there already nobody knows
            return np.zeros(len(key), dtype=np.bool_)
        outside = self._from_outside[edge] & (edge >= 0)
        if not len(self._key):
            return outside
        row = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        known = self._key[row] == key
        return np.asarray(np.where(known, (self._edge[row] != edge) | (self._remaining_m[row] > place_m), outside))
