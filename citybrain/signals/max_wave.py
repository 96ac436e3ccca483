"""``max-wave``: serve the stage with most vehicles close to its stop lines, as RESCO does.

Ault and Sharon, "Reinforcement Learning Benchmarks for Traffic Signal
Control" (2021), MAXWAVE: vehicles, queued or approaching, within 50 m on the
stop-line lane. Deviation: stages come from the net's own program.
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
        self._length_m = np.array([lane.length_m for lane in network.lanes])
        # each lane once a stage, and only lanes with a protected movement
        pairs = self._table.protected.copy()
        pairs.eliminate_zeros()
        lane_of = np.array([m.from_lane for m in network.movements])
        rows, movements = pairs.nonzero()
        from scipy import sparse

        self._lanes = sparse.csr_matrix(
            (np.ones(len(rows)), (rows, lane_of[movements])),
            shape=(self._table.n_stages, len(network.lanes)),
        )

    def decide(self, observation: Observation) -> Decision:
        """Return the stage with most vehicles at every junction."""
        v = observation.vehicles
        seen = (v.lane >= 0) & (v.distance_m <= np.minimum(self.sight_m, self._length_m[v.lane]))
        count = np.bincount(v.lane[seen], weights=v.weight[seen], minlength=len(self._length_m))
        return Decision(time_s=observation.time_s, stage=self._table.best(self._lanes @ count))
