"""``max-wave``: serve the stage with most vehicles close to its stop lines, as RESCO does.

Ault and Sharon, "Reinforcement Learning Benchmarks for Traffic Signal
Control" (2021), MAXWAVE: vehicles, queued or approaching, within 50 m of the
stop line. Deviations: stages come from the net's own program, a lane counts once
for each stage that gives any of its movements green, and vehicles are seen
across unsignalised nodes, without which an approach cut into short edges starves.
"""

from __future__ import annotations

import numpy as np

from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.stage_table import StageTable


class MaxWave:
    """Max-wave control.

    Parameters
    ----------
    interval_s : float
        Seconds between decisions.
    sight_m : float
        How far upstream of the stop line vehicles are seen.
    """

    def __init__(self, *, interval_s: float = 10.0, sight_m: float = 50.0) -> None:
        self.interval_s = interval_s
        self.sight_m = sight_m

    def start(self, network: Network, rules: SignalRules) -> None:  # noqa: ARG002
        """Prepare the stages of the network."""
        self._table = StageTable(network)
        self._n_lanes = len(network.lanes)

    def decide(self, observation: Observation) -> Decision:
        """Return the stage with most vehicles at every junction."""
        v = observation.vehicles
        seen = (v.lane >= 0) & (v.distance_m <= self.sight_m)
        count = np.bincount(v.lane[seen], weights=v.weight[seen], minlength=self._n_lanes)
        return Decision(time_s=observation.time_s, stage=self._table.best(self._table.lanes @ count))
