"""Which turn will a vehicle make whose turn nobody knows? From the turns made before it on its lane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Observation
from citybrain.network.model import Network
from citybrain.signals.stage_table import StageTable

_GOLDEN = 0.6180339887498949
_PRIOR = {"straight": 2.0, "uturn": 0.05}
_STANDS_MPS, _HEAD_M = 1.0, 12.0


class Turning:
    """Completes an observation: every vehicle of a signalised lane gets a movement.

    Shares are learnt from the passages counted, for each lane. Vehicles of a lane
    are numbered in the order in which they cross; the number decides the turn, by a
    sequence that keeps to the shares at any length (Kronecker, golden ratio), so that
    a vehicle keeps its turn as it moves up. A vehicle that stands at the head of a lane
    while a movement has had a protected green is not going to make that movement.

    Parameters
    ----------
    memory : float
        Vehicles of a lane after which an old passage weighs a third.
    stubborn_s : float
        Time for which the head must stand in front of a green lamp.
    """

    def __init__(self, network: Network, *, memory: float = 80.0, stubborn_s: float = 3.5) -> None:
        self.memory, self.stubborn_s = memory, stubborn_s
        n_lanes = len(network.lanes)
        rows = sorted((m.from_lane, m.index) for m in network.movements if not m.is_crossing)
        self._lane = np.array([lane for lane, _ in rows], dtype=np.int64)
        self._movement = np.array([index for _, index in rows], dtype=np.int64)
        self._at = np.searchsorted(self._lane, np.arange(n_lanes + 1))
        self._count = np.array([_PRIOR.get(network.movements[m].turn, 1.0) for m in self._movement])
        self._junction = np.array([network.movements[m].junction for m in self._movement], dtype=np.int64)
        self._n_lanes = n_lanes
        self._crossed = np.zeros(n_lanes)
        self._table = StageTable(network)
        self._green_s = np.zeros(len(rows))
        self._refused = np.zeros(len(rows), dtype=np.bool_)
        self._last_s: float | None = None

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of each movement in its lane, in the order of lanes and movements."""
        total = np.bincount(self._lane, weights=self._count, minlength=self._n_lanes)
        return np.asarray(self._count / total[self._lane])

    def complete(self, observation: Observation) -> Observation:
        """Learn from an observation and return it with every turn filled in."""
        v = observation.vehicles
        dt_s = 0.0 if self._last_s is None else observation.time_s - self._last_s
        self._last_s = observation.time_s
        passed = self._learn(observation)
        lane = v.lane.astype(np.int64)
        unknown = np.flatnonzero((v.movement < 0) & (self._at[lane + 1] > self._at[lane]))
        if not len(unknown):
            return observation
        self._watch_heads(observation, dt_s, passed)
        order = np.lexsort((v.distance_m, lane))
        place = np.empty(len(order))
        total = np.cumsum(v.weight[order]) - v.weight[order]
        first = np.flatnonzero(np.diff(lane[order], prepend=-1))
        place[order] = total - np.repeat(total[first], np.diff(first, append=len(order)))
        movement = v.movement.copy()
        share = self.share
        movement[unknown] = self._movement[self._drawn(lane[unknown], place[unknown], share)]
        heads = unknown[(place[unknown] == 0.0) & (v.distance_m[unknown] < _HEAD_M)]
        heads = heads[np.isin(lane[heads], self._lane[self._refused])]
        if len(heads):
            movement[heads] = self._movement[self._drawn(lane[heads], place[heads], self._left(share))]
        return replace(observation, vehicles=replace(v, movement=movement))

    def _learn(self, observation: Observation) -> NDArray[np.float64]:
        passed = observation.passed[self._movement]
        if passed.any():
            by_lane = np.bincount(self._lane, weights=passed, minlength=self._n_lanes)
            self._crossed += by_lane
            self._count = self._count * np.exp(-by_lane / self.memory)[self._lane] + passed
            np.maximum(self._count, 0.02, out=self._count)
        return passed

    def _watch_heads(self, observation: Observation, dt_s: float, passed: NDArray[np.float64]) -> None:
        """Note which movements the vehicle at the head of each lane has let go by."""
        v, signals = observation.vehicles, observation.signals
        lanes = v.lane[(v.distance_m < _HEAD_M) & (v.speed_mps < _STANDS_MPS)]
        stands = np.zeros(self._n_lanes, dtype=np.bool_)
        stands[lanes] = True
        shown = np.zeros(self._table.n_stages)
        shown[(self._table.first + signals.stage)[~signals.switching]] = 1.0
        green = (self._table.protected.T @ shown)[self._movement] > 0
        self._green_s = np.where(green & stands[self._lane], self._green_s + dt_s, 0.0)
        moved = np.bincount(self._lane, weights=passed, minlength=self._n_lanes) > 0
        self._refused &= stands[self._lane] & ~moved[self._lane]
        self._refused |= self._green_s >= self.stubborn_s

    def _left(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shares without what the heads have refused, but where they have refused everything."""
        rest = np.where(self._refused, 0.0, share)
        total = np.bincount(self._lane, weights=rest, minlength=self._n_lanes)[self._lane]
        return np.where(total > 0, rest / np.maximum(total, 1e-9), share)

    def _drawn(
        self, lane: NDArray[np.int64], place: NDArray[np.float64], share: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return the row that the sequence gives to a place in a lane."""
        number = np.floor(self._crossed[lane] + place + 0.5)
        point = (number * _GOLDEN) % 1.0
        upto = np.cumsum(share)
        base = np.concatenate(([0.0], upto))[self._at[lane]]
        row = np.searchsorted(upto, base + point, side="right")
        return np.clip(row, self._at[lane], self._at[lane + 1] - 1)
