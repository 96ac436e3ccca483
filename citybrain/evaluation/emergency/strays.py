"""Drivers who leave the advised route once, wherever they please."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from citybrain.detection.onboard import Call
from citybrain.messages import Event
from citybrain.network.model import Network
from citybrain.signals.priority.route import RoutePlanner
from citybrain.simulation.sumo_fleet import SumoFleet

_AWAY_M = 60.0


class Strays:
    """Makes a share of the drivers turn off at a junction of their own choice."""

    def __init__(self, network: Network, fleet: SumoFleet, calls: Sequence[Call], *, share: float, seed: int) -> None:
        rng = np.random.default_rng([seed, 7])
        self.network, self.fleet, self.planner = network, fleet, RoutePlanner(network)
        self._calls = {call.vehicle_id: call for call in calls}
        self._after_m = {c.vehicle_id: float(rng.uniform(200, 800)) for c in calls if rng.random() < share}
        self._rng = rng
        self._free_s = np.array([edge.length_m / max(edge.speed_mps, 1.0) for edge in network.edges])

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Let those whose place has come turn off."""
        if not self._after_m:
            return
        for row in self.fleet.read():
            if row.distance_m >= self._after_m.get(row.vehicle_id, np.inf) and self._leave(row.vehicle_id):
                del self._after_m[row.vehicle_id]

    def _leave(self, name: str) -> bool:
        route = self.fleet.route(name)
        indices = [self.network.edge_index(edge) for edge in route]
        if len(route) < 3 or indices[0] < 0:
            return False
        at = 1 if self.network.edges[indices[0]].length_m < _AWAY_M else 0
        here, following = indices[at], indices[at + 1]
        lanes = self.network.edges[here].lanes
        other = {self.network.lanes[k.to_lane].edge for lane in lanes for k in self.network.lanes[lane].links}
        destination = self.network.edge_index(self._calls[name].destination)
        for target in self._rng.permutation(sorted(other - {following})).tolist():
            try:
                way, _ = self.planner.fastest(int(target), destination, self._free_s)
            except ValueError:
                continue
            if here not in way:
                ids = [self.network.edges[e].id for e in (*indices[: at + 1], *way)]
                return self.fleet.guide(name, ids)
        return False
