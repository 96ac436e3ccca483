"""What an agent sees: its junction's part of the Observation as one array. SI units.

``counts`` (the default)::

    stage one-hot | changing 0/1 | s since it turned green | vehicles on each lane | halted on each lane

``densities``, as sumo-rl has it (its ``DefaultObservationFunction``), all 0 to 1::

    stage one-hot | minimum green over 0/1 | density of each lane | queue of each lane

Lanes are those that lead to the junction's stop lines, in the order of the network. A density is vehicles
over the vehicles that fit, at 7.5 m each (5 m and SUMO's standard gap); sumo-rl takes the mean length of
those present, which is the same for cars.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from citybrain.errors import InputError, nearest_hint
from citybrain.messages import Observation
from citybrain.network.model import Network
from citybrain.signals.interlock import Interlock, JunctionRules, junction_rules

FEATURES = ("counts", "densities")
_SPACE_M = 7.5
_LONGEST_S = 3600.0


class Features:
    """Arrays for every agent.

    Parameters
    ----------
    agents : sequence of int
        Junction indices.
    kind : str
        ``counts`` or ``densities``.
    """

    def __init__(self, network: Network, interlock: Interlock, agents: list[int], kind: str) -> None:
        if kind not in FEATURES:
            raise InputError(f"unknown features {kind!r}{nearest_hint(kind, FEATURES)}")
        self.kind = kind
        self._rules: dict[int, JunctionRules] = {
            j: junction_rules(network, network.junctions[j], interlock.rules) for j in agents
        }
        self.lanes: dict[int, NDArray[np.int64]] = {j: _approach_lanes(network, j) for j in agents}
        room = np.array([max(1.0, lane.length_m / _SPACE_M) for lane in network.lanes])
        self._one_over_room = 1.0 / room
        self._most = np.ceil(2 * room)  # vehicles shorter than a car, or more than fit by a sensor's error

    def n_stages(self, junction: int) -> int:
        """Return how many stages an agent chooses from."""
        return len(self._rules[junction].junction.stages)

    def space(self, junction: int) -> spaces.Box:
        """Return the space that an agent's arrays lie in."""
        n, lanes = self.n_stages(junction), len(self.lanes[junction])
        if self.kind == "densities":
            return spaces.Box(0.0, 1.0, shape=(n + 1 + 2 * lanes,), dtype=np.float32)
        most = self._most[self.lanes[junction]]
        high = np.concatenate([np.ones(n + 1), [_LONGEST_S], most, most]).astype(np.float32)
        return spaces.Box(np.zeros_like(high), high, dtype=np.float32)

    def see(self, observation: Observation) -> None:
        """Take an observation, for :meth:`array` and :meth:`mask` of every agent."""
        self._signals = observation.signals
        most = 1.0 if self.kind == "densities" else self._most
        share = self._one_over_room if self.kind == "densities" else 1.0
        self._vehicles = np.minimum(observation.lane_vehicles * share, most).astype(np.float32)
        self._halted = np.minimum(observation.lane_halted * share, most).astype(np.float32)
        self._stage = observation.signals.stage.tolist()
        self._switching = observation.signals.switching.tolist()
        self._elapsed_s = observation.signals.elapsed_s.tolist()

    def array(self, junction: int) -> NDArray[np.float32]:
        """Return what an agent sees."""
        lanes, n = self.lanes[junction], self.n_stages(junction)
        first = n + (2 if self.kind == "counts" else 1)
        values = np.zeros(first + 2 * len(lanes), dtype=np.float32)
        values[self._stage[junction]] = 1.0
        if self.kind == "densities":
            values[n] = self._may_leave(junction)
        else:
            values[n] = self._switching[junction]
            values[n + 1] = 0.0 if self._switching[junction] else min(_LONGEST_S, self._elapsed_s[junction])
        values[first : first + len(lanes)] = self._vehicles[lanes]
        values[first + len(lanes) :] = self._halted[lanes]
        return values

    def mask(self, junction: int) -> NDArray[np.int8]:
        """Return 1 for every stage that the interlock would not refuse now."""
        now, n = self._stage[junction], self.n_stages(junction)
        if not self._may_leave(junction):
            allowed = np.zeros(n, dtype=np.int8)
            allowed[now] = 1
            return allowed
        allowed = np.ones(n, dtype=np.int8)
        if 1000 * self._elapsed_s[junction] >= self._rules[junction].max_green_ms[now] and n > 1:
            allowed[now] = 0
        return allowed

    def _may_leave(self, junction: int) -> bool:
        least_ms: int = self._rules[junction].min_green_ms[self._stage[junction]]
        return not self._switching[junction] and 1000 * self._elapsed_s[junction] >= least_ms


def _approach_lanes(network: Network, junction: int) -> NDArray[np.int64]:
    movements = (network.movements[m] for m in network.junctions[junction].movements)
    return np.array(sorted({m.from_lane for m in movements if m.from_lane >= 0}), dtype=np.int64)
