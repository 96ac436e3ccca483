"""Emergency vehicles in SUMO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from citybrain.network.model import Network
from citybrain.simulation.fleet import FleetReading

VEHICLE_TYPE, COMPANY_TYPE = "citybrain-emergency", "citybrain-company"
"""Of the vehicles that are treated, and of the other emergency vehicles on the road at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """An emergency vehicle to start."""

    vehicle_id: str
    depart_s: float
    route: tuple[str, ...]
    from_m: float
    to_m: float
    vehicle_type: str = VEHICLE_TYPE


class SumoFleet:
    """Starts, reads and guides emergency vehicles.

    Parameters
    ----------
    api : module or connection
        libsumo, or a TraCI connection.
    """

    def __init__(self, api: Any, network: Network) -> None:
        self._api, self._network = api, network
        self._names: list[str] = []
        self._edge: dict[str, str] = {}
        self._edge_ids = [edge.id for edge in network.edges]

    def start(self, departure: Departure) -> None:
        """Load a vehicle; it starts when its time has come and there is room."""
        name = departure.vehicle_id
        self._api.route.add(f"{name}-route", departure.route)
        self._api.vehicle.add(
            name,
            f"{name}-route",
            typeID=departure.vehicle_type,
            depart=f"{departure.depart_s:g}",
            departLane="best",
            departPos=f"{departure.from_m:.1f}",
            departSpeed="0",
            arrivalPos=f"{departure.to_m:.1f}",
        )
        self._names.append(name)
        self._edge[name] = departure.route[0]

    def read(self) -> Sequence[FleetReading]:
        """Return the vehicles that are on the road."""
        vehicle = self._api.vehicle
        rows = []
        for name in self._names:
            if not self._on_road(name):
                continue
            edge = vehicle.getRoadID(name)
            if not edge.startswith(":"):
                self._edge[name] = edge
            x, y = vehicle.getPosition(name)
            rows.append(FleetReading(name, x, y, vehicle.getSpeed(name), self._edge[name], vehicle.getDistance(name)))
        return rows

    def _on_road(self, name: str) -> bool:
        """Whether a vehicle is on a lane; asking for each is cheaper than the list of all."""
        try:
            return bool(self._api.vehicle.getLaneID(name))
        except Exception:  # noqa: BLE001  it has arrived; both transports have errors of their own
            return False

    def lane(self, vehicle_id: str) -> str:
        """Return the lane that a vehicle is on, junctions' inner lanes included."""
        return str(self._api.vehicle.getLaneID(vehicle_id))

    def route(self, vehicle_id: str) -> tuple[str, ...]:
        """Return the edges still ahead of a vehicle, its own first."""
        vehicle = self._api.vehicle
        return tuple(vehicle.getRoute(vehicle_id)[max(vehicle.getRouteIndex(vehicle_id), 0) :])

    def guide(self, vehicle_id: str, route: Sequence[str]) -> bool:
        """Change the way of a vehicle; False where it cannot be changed any more."""
        try:
            self._api.vehicle.setRoute(vehicle_id, list(route))
        except Exception:  # noqa: BLE001  both transports have errors of their own
            return False
        return True

    def edge_speeds(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return mean speed and vehicles by edge of the network."""
        edge = self._api.edge
        return (
            [edge.getLastStepMeanSpeed(name) for name in self._edge_ids],
            [edge.getLastStepVehicleNumber(name) for name in self._edge_ids],
        )
