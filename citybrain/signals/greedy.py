"""``greedy``: the fullest stage, every second, with hysteresis. The strongest untrained peer.

Longest-queue-first service (for example Wunderlich et al., "A novel signal
scheduling algorithm with quality of service provisioning for an isolated
intersection", IEEE Trans. ITS 9(3), 2008), sharpened in four ways: vehicles
are counted upstream across unsignalised nodes, a movement whose exit is full
does not count, a stage is left only for one with 50 % more, and nobody waits
for more than ``max_red_s``.
"""

from __future__ import annotations

import numpy as np

from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.stage_table import StageTable
from citybrain.signals.turning import Turning


class Greedy:
    """Greedy control.

    Parameters
    ----------
    interval_s : float
        Seconds between decisions.
    sight_m : float
        How far upstream of the stop line vehicles are counted.
    hysteresis : float
        A stage must count this share more than the one shown to replace it.
    max_red_s : float
        A stage with demand is served after this time at the latest.
    exit_room_m : float
        Free length that an exit lane needs to count as open while its tail stands.
    """

    def __init__(
        self,
        *,
        interval_s: float = 1.0,
        sight_m: float = 100.0,
        hysteresis: float = 0.5,
        max_red_s: float = 120.0,
        exit_room_m: float = 8.0,
    ) -> None:
        self.interval_s = interval_s
        self.sight_m = sight_m
        self.hysteresis = hysteresis
        self.max_red_s = max_red_s
        self.exit_room_m = exit_room_m

    def start(self, network: Network, rules: SignalRules) -> None:  # noqa: ARG002
        """Prepare the stages of the network."""
        self._table = StageTable(network)
        self._turning = Turning(network)
        self._exit = np.array([m.to_lane for m in network.movements])
        self._last_green_s = np.full(self._table.n_stages, -np.inf)

    def decide(self, observation: Observation) -> Decision:
        """Return the stage to show at every junction."""
        observation = self._turning.complete(observation)
        table, v, now_s = self._table, observation.vehicles, observation.time_s
        near = (v.movement >= 0) & (v.distance_m <= self.sight_m)
        count = np.bincount(v.movement[near], weights=v.weight[near], minlength=len(self._exit))
        full = (observation.lane_tail_m < self.exit_room_m) & (observation.lane_tail_speed_mps < 1.0)
        count[full[self._exit] & (self._exit >= 0)] = 0.0
        score = table.served @ count
        shown = table.first + observation.signals.stage
        self._last_green_s[~np.isfinite(self._last_green_s)] = now_s
        self._last_green_s[shown] = now_s
        best = table.best(score)
        current = score[shown]
        keep = score[table.first + best] <= current * (1.0 + self.hysteresis)
        stage = np.where(keep, observation.signals.stage, best)
        overdue = np.where((now_s - self._last_green_s > self.max_red_s) & (score > 0), now_s - self._last_green_s, 0.0)
        forced = np.maximum.reduceat(overdue, table.first) > 0
        stage = np.where(forced, table.best(overdue), stage)
        # asking during an intergreen or within the minimum green would only be refused
        hold = observation.signals.switching
        return Decision(time_s=now_s, stage=np.where(hold, observation.signals.stage, stage).astype(np.int32))
