"""What to believe of stop lines without data: the queue that usual traffic would form there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Observation, Vehicles
from citybrain.network.model import Network
from citybrain.signals.stage_table import StageTable
from citybrain.signals.turning import Turning

_BLIND_CONFIDENCE, _STALE_S = 0.1, 300.0
_SPACE_M = 7.5
_MOST_ROWS = 15
_NEAR_M = 20.0


class Fallback:
    """Completes observations: turns that nobody knows, and stop lines that nobody sees.

    Where confidence is near 0 or data are stale, a queue is kept by dead reckoning:
    it grows at the flow learnt while there were data, or else at the mean flow of
    the lanes that have data, and discharges while the lane is green. The junction thereby goes
    round its stages by usual demand, each within the longest red, and says so.

    Parameters
    ----------
    prior_vps : float
        Flow of a lane before anything has been learnt anywhere.
    saturation_vps : float
        Discharge of a green lane.
    memory_s : float
        Time constant of learnt flows.
    """

    def __init__(
        self, network: Network, *, prior_vps: float = 0.06, saturation_vps: float = 0.5, memory_s: float = 600.0
    ) -> None:
        self.prior_vps, self.saturation_vps, self.memory_s = prior_vps, saturation_vps, memory_s
        self._turning = Turning(network)
        self._table = StageTable(network)
        n = len(network.lanes)
        self._junction = np.full(n, -1, dtype=np.int64)
        self._movements = np.zeros(n)
        for m in network.movements:
            if not m.is_crossing:
                self._junction[m.from_lane] = m.junction
                self._movements[m.from_lane] += 1
        self._is_stop = self._junction >= 0
        self._from_lane = np.array([m.from_lane for m in network.movements], dtype=np.int64)
        self._rate_vps, self._seen_s, self._queue = np.zeros(n), np.zeros(n), np.zeros(n)
        self._blind = np.zeros(n, dtype=np.bool_)
        self._last_s: float | None = None

    def complete(self, observation: Observation) -> Observation:
        """Return the observation with a belief wherever it has none."""
        dt_s = 1.0 if self._last_s is None else max(observation.time_s - self._last_s, 1e-3)
        self._last_s = observation.time_s
        blind = self._is_stop & ((observation.confidence < _BLIND_CONFIDENCE) | (observation.age_s > _STALE_S))
        self._learn(observation, blind, dt_s)
        self._queue[~blind] = 0.0
        self._blind = blind
        if blind.any():
            self._reckon(observation, dt_s)
            observation = replace(observation, vehicles=self._with_queues(observation.vehicles))
        return self._turning.complete(observation)

    def _learn(self, observation: Observation, blind: NDArray[np.bool_], dt_s: float) -> None:
        real = self._from_lane >= 0
        passed = np.bincount(self._from_lane[real], weights=observation.passed[real], minlength=len(self._rate_vps))
        known = self._is_stop & ~blind
        self._seen_s[known] += dt_s
        share = dt_s / np.clip(self._seen_s, dt_s, self.memory_s)
        self._rate_vps += np.where(known, share * (passed / dt_s - self._rate_vps), 0.0)

    def _reckon(self, observation: Observation, dt_s: float) -> None:
        """Let the queues of blind lanes grow and discharge."""
        known = self._seen_s > 0
        prior_s = 120.0  # what the prior counts for against what was learnt
        learnt = self._seen_s[known].mean() if known.any() else 0.0
        usual = float(self._rate_vps[known].mean()) if known.any() else 0.0
        usual = (usual * learnt + self.prior_vps * prior_s) / (learnt + prior_s)
        rate = np.where(known, self._rate_vps, usual)
        signals = observation.signals
        shown = np.zeros(self._table.n_stages)
        shown[(self._table.first + signals.stage)[~signals.switching & (signals.elapsed_s > 1.0)]] = 1.0
        green = 0.5 * (self._table.served.T @ shown) + 0.5 * (self._table.protected.T @ shown)
        real = self._from_lane >= 0
        open_ = np.bincount(self._from_lane[real], weights=green[real], minlength=len(rate))
        out = self.saturation_vps * open_ / np.maximum(self._movements, 1.0)
        queue = np.maximum(self._queue + (rate - out) * dt_s, 0.0)
        self._queue = np.where(self._blind, np.minimum(queue, _MOST_ROWS), 0.0)

    def _with_queues(self, v: Vehicles) -> Vehicles:
        """Put the reckoned queues in the place of what stands close to blind stop lines."""
        kept = ~(self._blind[v.lane] & (v.distance_m < _NEAR_M))
        lanes = np.flatnonzero(self._queue > 0.05)
        count = np.ceil(self._queue[lanes]).astype(np.int64)
        lane = np.repeat(lanes, count)
        place = np.arange(len(lane)) - np.repeat(np.cumsum(count) - count, count)
        return Vehicles(
            lane=np.concatenate((v.lane[kept], lane.astype(np.int32))),
            movement=np.concatenate((v.movement[kept], np.full(len(lane), -1, np.int32))),
            distance_m=np.concatenate((v.distance_m[kept], _SPACE_M * place)),
            speed_mps=np.concatenate((v.speed_mps[kept], np.zeros(len(lane)))),
            weight=np.concatenate((v.weight[kept], np.minimum(self._queue[lane] - place, 1.0))),
            road_lane=np.concatenate((v.road_lane[kept], np.full(len(lane), -1, np.int32))),
        )

    def explain(self, reasons: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """Add to each junction's reasons how many of its stop lines have no data."""
        blind = np.bincount(self._junction[self._blind], minlength=len(self._table.first))
        of = np.bincount(self._junction[self._is_stop], minlength=len(self._table.first))
        for j, why in reasons.items():
            if blind[j]:
                why["without_data"] = f"{blind[j]} of {of[j]} stop lines: usual flow assumed there"
        return reasons
