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
        self._room = {
            j: np.array([max(1.0, network.lanes[k].length_m / _SPACE_M) for k in lanes])
            for j, lanes in self.lanes.items()
        }

    def n_stages(self, junction: int) -> int:
        """Return how many stages an agent chooses from."""
        return len(self._rules[junction].junction.stages)

    def space(self, junction: int) -> spaces.Box:
        """Return the space that an agent's arrays lie in."""
        n, lanes = self.n_stages(junction), len(self.lanes[junction])
        if self.kind == "densities":
            return spaces.Box(0.0, 1.0, shape=(n + 1 + 2 * lanes,), dtype=np.float32)
        most = np.ceil(2 * self._room[junction])  # vehicles shorter than a car, or more than fit by a sensor's error
        high = np.concatenate([np.ones(n + 1), [_LONGEST_S], most, most]).astype(np.float32)
        return spaces.Box(np.zeros_like(high), high, dtype=np.float32)

    def array(self, junction: int, observation: Observation) -> NDArray[np.float32]:
        """Return what an agent sees."""
        signals, lanes = observation.signals, self.lanes[junction]
        n = self.n_stages(junction)
        values = np.zeros(n + (2 if self.kind == "counts" else 1) + 2 * len(lanes), dtype=np.float32)
        values[signals.stage[junction]] = 1.0
        vehicles, halted = observation.lane_vehicles[lanes], observation.lane_halted[lanes]
        if self.kind == "densities":
            values[n] = self._may_leave(junction, observation)
            room = self._room[junction]
            values[n + 1 :] = np.minimum(1.0, np.concatenate([vehicles / room, halted / room]))
            return values
        values[n] = signals.switching[junction]
        values[n + 1] = 0.0 if signals.switching[junction] else min(_LONGEST_S, signals.elapsed_s[junction])
        most = np.ceil(2 * self._room[junction])
        values[n + 2 :] = np.concatenate([np.minimum(vehicles, most), np.minimum(halted, most)])
        return values

    def mask(self, junction: int, observation: Observation) -> NDArray[np.int8]:
        """Return 1 for every stage that the interlock would not refuse now."""
        rules, signals = self._rules[junction], observation.signals
        now = int(signals.stage[junction])
        allowed = np.zeros(len(rules.junction.stages), dtype=np.int8)
        if not self._may_leave(junction, observation):
            allowed[now] = 1
            return allowed
        allowed[:] = 1
        if 1000 * signals.elapsed_s[junction] >= rules.max_green_ms[now] and len(allowed) > 1:
            allowed[now] = 0
        return allowed

    def _may_leave(self, junction: int, observation: Observation) -> bool:
        signals, rules = observation.signals, self._rules[junction]
        stage = int(signals.stage[junction])
        return (
            not signals.switching[junction]
            and 1000 * signals.elapsed_s[junction] >= rules.min_green_ms[stage]
        )


def _approach_lanes(network: Network, junction: int) -> NDArray[np.int64]:
    movements = (network.movements[m] for m in network.junctions[junction].movements)
    return np.array(sorted({m.from_lane for m in movements if m.from_lane >= 0}), dtype=np.int64)
