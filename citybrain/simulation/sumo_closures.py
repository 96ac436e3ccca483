"""Roads closed by an operator: open to those who live there, no way through for the others."""

from __future__ import annotations

from typing import Any

_NO_WAY_S = 1e6


class SumoClosures:
    """Sends traffic round closed roads.

    A closed road is made so slow on every driver's map that only who starts or ends there uses it. Its
    lanes stay open: SUMO ends a run when somebody departs where all lanes are forbidden.

    Parameters
    ----------
    api : module or connection
        libsumo, or a TraCI connection.
    """

    def __init__(self, api: Any) -> None:
        self._api = api
        self.closed: dict[str, None] = {}

    def close(self, edge: str) -> int:
        """Close a road; return how many vehicles looked for another way."""
        self.closed[edge] = None
        self._api.edge.adaptTraveltime(edge, _NO_WAY_S)
        return self._reroute(self._api.vehicle.getIDList())

    def open(self, edge: str) -> None:
        """Open it again; those on a detour keep to it."""
        if edge in self.closed:
            del self.closed[edge]
            length_m = self._api.lane.getLength(f"{edge}_0")
            self._api.edge.adaptTraveltime(edge, length_m / max(self._api.lane.getMaxSpeed(f"{edge}_0"), 0.1))

    def step(self) -> None:
        """Tell those who have just departed."""
        if self.closed:
            self._reroute(self._api.simulation.getDepartedIDList())

    def _reroute(self, names: tuple[str, ...]) -> int:
        vehicle, told = self._api.vehicle, 0
        for name in names:
            ahead = vehicle.getRoute(name)[max(vehicle.getRouteIndex(name), 0) + 1 : -1]
            if any(edge in self.closed for edge in ahead):
                vehicle.rerouteTraveltime(name, False)
                told += 1
        return told
