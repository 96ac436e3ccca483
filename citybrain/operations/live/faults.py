"""Sensors that can be made to fail, for drills and tests: the group of a junction goes dark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from citybrain.detection.sensors import Sensors
from citybrain.messages import Observation, SignalView
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant


class FaultySensors:
    """Passes on what sensors see, but for the junctions whose group has failed."""

    def __init__(self, inner: Sensors, network: Network) -> None:
        self._inner = inner
        self.continuous = inner.continuous
        self._dead: set[int] = set()
        self._junction = np.full(len(network.lanes), -1)
        for m in network.movements:
            if not m.is_crossing:
                self._junction[m.from_lane] = m.junction
        self._age_s = np.zeros(len(network.lanes))
        self._last_s: float | None = None

    def kill(self, junction: int) -> None:
        """Let a junction's sensors fail."""
        self._dead.add(junction)

    def mend(self, junction: int) -> None:
        """Mend them."""
        self._dead.discard(junction)

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Return what is seen without those that failed."""
        seen = self._inner.observe(plant, signals)
        if not self._dead:
            return seen
        dark = np.isin(self._junction, list(self._dead))
        dt_s = 0.0 if self._last_s is None else seen.time_s - self._last_s
        self._last_s = seen.time_s
        self._age_s = np.where(dark, self._age_s + dt_s, 0.0)
        v = seen.vehicles
        kept = ~dark[v.lane]
        return replace(
            seen,
            vehicles=replace(
                v,
                **{
                    name: getattr(v, name)[kept]
                    for name in ("lane", "movement", "distance_m", "speed_mps", "weight", "road_lane")
                },
            ),
            lane_vehicles=np.where(dark, 0.0, seen.lane_vehicles),
            lane_halted=np.where(dark, 0.0, seen.lane_halted),
            confidence=np.where(dark, 0.0, seen.confidence),
            age_s=np.where(dark, self._age_s, seen.age_s),
        )
