"""What an agent is paid for, each decision. SI units; a reward is not a metric, results come from the evaluation.

* ``queue``: minus the halted vehicles on its lanes, vehicles (sumo-rl's ``queue``);
* ``waiting``: minus the vehicle-seconds halted there since the decision before, by the halted vehicles
  at both its ends;
* ``pressure``: vehicles beyond the junction less vehicles before it (sumo-rl's ``pressure``);
* ``diff-waiting``: how much less the vehicles on its lanes have waited by now than at the decision before,
  in hundreds of seconds (sumo-rl's ``diff-waiting-time``), with waiting counted by each lane's halted
  vehicles since its queue last dissolved instead of vehicle by vehicle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError, nearest_hint
from citybrain.messages import Observation
from citybrain.network.model import Network

REWARDS = ("waiting", "queue", "pressure", "diff-waiting")


class Rewards:
    """Rewards of every agent.

    Parameters
    ----------
    lanes : mapping of int to ndarray
        By junction, the lanes that lead to its stop lines.
    """

    def __init__(self, network: Network, lanes: dict[int, NDArray[np.int64]], kind: str) -> None:
        if kind not in REWARDS:
            raise InputError(f"unknown reward {kind!r}{nearest_hint(kind, REWARDS)}")
        self.kind = kind
        self._lanes = lanes
        self._beyond = {
            j: np.array(
                sorted({k for m in network.junctions[j].movements if (k := network.movements[m].to_lane) >= 0}),
                dtype=np.int64,
            )
            for j in lanes
        }
        self._n_lanes = len(network.lanes)
        self.reset()

    def reset(self) -> None:
        """Forget the episode before."""
        self._halted = np.zeros(self._n_lanes)
        self._waited_s = np.zeros(self._n_lanes)
        self._change_s = np.zeros(self._n_lanes)

    def observe(self, observation: Observation, elapsed_s: float) -> None:
        """Take note of what is seen ``elapsed_s`` after the observation before."""
        before, halted = self._halted, observation.lane_halted
        self._halted, self._vehicles = halted, observation.lane_vehicles
        if self.kind in ("waiting", "diff-waiting"):
            self._lost_s = elapsed_s * (before + halted) / 2
        if self.kind == "diff-waiting":
            share = np.divide(np.minimum(halted, before), before, out=np.zeros(len(halted)), where=before > 0)
            waited_s = self._waited_s * share + self._lost_s  # who has left has taken the wait along
            self._change_s, self._waited_s = self._waited_s - waited_s, waited_s

    def of(self, junction: int) -> float:
        """Return an agent's reward for its latest action."""
        lanes = self._lanes[junction]
        if self.kind == "queue":
            return -float(self._halted[lanes].sum())
        if self.kind == "waiting":
            return -float(self._lost_s[lanes].sum())
        if self.kind == "pressure":
            return float(self._vehicles[self._beyond[junction]].sum() - self._vehicles[lanes].sum())
        return float(self._change_s[lanes].sum()) / 100.0
