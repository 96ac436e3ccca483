"""Advice to drivers in SUMO: a share of those who are bound for an edge take another way if that is faster now."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any
from zlib import crc32


class SumoAdvice:
    """Shows drivers the travel times of now, and lets those who follow take the fastest way.

    Each driver decides once, by a hash of the vehicle and the seed, whether to follow advice at all. Who follows looks
    again at each call, until another way is faster; who is on the edge already, or has no other way, goes on. Advice
    that has been withdrawn does not lead anybody back.
    """

    def __init__(self, api: Any, *, seed: int) -> None:
        self._api, self._seed = api, seed
        self._shown: dict[str, float] = {}
        self.diverted = 0

    def advise(self, avoid: Mapping[str, float], times_s: Mapping[str, float]) -> None:
        """Tell everybody on the road.

        Parameters
        ----------
        avoid : mapping of str to float
            Edges, and the share of drivers who follow.
        times_s : mapping of str to float
            Travel time of every edge now, those to be avoided among them, seconds.
        """
        if not avoid:
            return
        edge, vehicle = self._api.edge, self._api.vehicle
        for name, time_s in times_s.items():
            if self._shown.get(name) != time_s:
                edge.adaptTraveltime(name, time_s)
        self._shown = dict(times_s)
        errors = importlib.import_module("traci").TraCIException
        own = getattr(self._api, "TraCIException", errors)
        for name in vehicle.getIDList():
            luck = crc32(f"{self._seed} {name}".encode()) / 2**32
            route = vehicle.getRoute(name)
            ahead = route[vehicle.getRouteIndex(name) + 1 : -1]  # bound for a place on the edge: no other way
            bound = [one for one in ahead if luck < avoid.get(one, 0.0)]
            if not bound:
                continue
            try:
                vehicle.rerouteTraveltime(name, False)
            except (errors, own):  # between two edges just now; there is a next time
                continue
            self.diverted += not set(bound) <= set(vehicle.getRoute(name))
