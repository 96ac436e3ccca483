"""Advice to drivers in SUMO: a share of those who are bound for an edge take another way."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any
from zlib import crc32

_BLOCKED_S = 10_000.0


class SumoAdvice:
    """Keeps vehicles out of edges by telling them that these take hours.

    Each driver decides once, by a hash of the vehicle and the seed, whether to follow advice at all. Who is on the
    edge already, or has no other way, goes on; advice that has been withdrawn does not lead anybody back.
    """

    def __init__(self, api: Any, *, seed: int) -> None:
        self._api, self._seed = api, seed
        self._told: set[tuple[str, str]] = set()
        self.diverted = 0

    def advise(self, avoid: Mapping[str, float]) -> None:
        """Tell everybody on the road; ``avoid`` maps edges to the share of drivers who follow."""
        vehicle = self._api.vehicle
        errors = importlib.import_module("traci").TraCIException
        own = getattr(self._api, "TraCIException", errors)
        for name in vehicle.getIDList() if avoid else ():
            route = vehicle.getRoute(name)
            bound = [edge for edge in avoid if edge in route and (name, edge) not in self._told]
            if not bound:
                continue
            ahead = route[vehicle.getRouteIndex(name) + 1 :]
            luck = crc32(f"{self._seed} {name}".encode()) / 2**32
            for edge in bound:
                self._told.add((name, edge))
                if luck >= avoid[edge] or edge not in ahead[:-1]:  # bound for a place on the edge: no other way
                    continue
                try:
                    vehicle.setAdaptedTraveltime(name, edge, _BLOCKED_S)
                    vehicle.rerouteTraveltime(name, False)
                except (errors, own):  # between two edges just now; there is a next time
                    self._told.discard((name, edge))
                    continue
                self.diverted += edge not in vehicle.getRoute(name)
