"""Isolated vehicle-actuated control: each junction by itself, on its own detectors, without a clock.

The middle step of a fallback: it needs neither a plan nor its neighbours. Green is extended while
vehicles keep coming, between minimum and maximum; then the next stage in turn that anybody waits for follows
(Webster and Cobbe 1966, Road Research Technical Paper 56; the gap is that of SUMO's ``actuated``).
A stop line without data is always served, for a fixed time: recall.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import HOLD, Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.stage_table import StageTable

_BLIND_CONFIDENCE, _STALE_S = 0.1, 300.0
_NEAR_M = 80.0


class Isolated:
    """See the module.

    Parameters
    ----------
    gap_s : float
        Green ends where no vehicle is due at its stop lines within this time.
    max_green_s : float
        Longest green while others wait.
    recall_s : float
        Green of a stage whose stop lines have no data.
    """

    interval_s = 1.0

    def __init__(self, *, gap_s: float = 3.0, max_green_s: float = 40.0, recall_s: float = 15.0) -> None:
        self.gap_s, self.max_green_s, self.recall_s = gap_s, max_green_s, recall_s

    def start(self, network: Network, rules: SignalRules) -> None:
        """Flatten the stages."""
        self._table = StageTable(network)
        self._max_green_s = min(self.max_green_s, rules.max_green_s)
        self._limit_mps = np.maximum([lane.speed_mps for lane in network.lanes], 1.0)
        self._n_lanes = len(network.lanes)
        self._stages = [len(junction.stages) for junction in network.junctions]
        self._is_stop = np.asarray(self._table.lanes.sum(axis=0)).ravel() > 0

    def decide(self, observation: Observation) -> Decision:
        """Return the stage of every junction."""
        waiting, coming, blind = self._demand(observation)
        signals = observation.signals
        stage = np.full(len(self._stages), HOLD, dtype=np.int32)
        for j, count in enumerate(self._stages):
            if count < 2 or signals.switching[j]:
                continue
            first, shown = int(self._table.first[j]), int(signals.stage[j])
            order = [(shown + k) % count for k in range(1, count)]
            wanted = [s for s in order if waiting[first + s] > 0 or blind[first + s] > 0]
            if not wanted:
                continue
            green_s = float(signals.elapsed_s[j])
            row = first + shown
            ends = coming[row] <= 0 and not (blind[row] > 0 and green_s < self.recall_s)
            if ends or green_s >= self._max_green_s:
                stage[j] = wanted[0]
        return Decision(time_s=observation.time_s, stage=stage)

    def _demand(self, o: Observation) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """By stage: vehicles near its stop lines, those due within the gap, and stop lines without data."""
        v = o.vehicles
        near = v.distance_m <= _NEAR_M
        due = v.distance_m <= self.gap_s * np.maximum(self._limit_mps[v.lane], v.speed_mps)
        waiting = np.bincount(v.lane[near], weights=v.weight[near], minlength=self._n_lanes)
        coming = np.bincount(v.lane[due], weights=v.weight[due], minlength=self._n_lanes)
        blind = self._is_stop & ((o.confidence < _BLIND_CONFIDENCE) | (o.age_s > _STALE_S))
        lanes = self._table.lanes
        return lanes @ waiting, lanes @ coming, lanes @ blind.astype(np.float64)
