"""Emergency vehicles in the point-queue twin: some of its trips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from citybrain.simulation.fleet import FleetReading, along
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import Trip


class TwinFleet:
    """Reads emergency vehicles of the twin; their way is their trip, advice comes too late for them.

    Parameters
    ----------
    trips : mapping of str to Trip
        The very objects that the twin was given.
    """

    def __init__(self, plant: PointQueuePlant, trips: Mapping[str, Trip]) -> None:
        self._plant, self._trips = plant, trips

    def read(self) -> Sequence[FleetReading]:
        """Return the vehicles that are on the road."""
        network, rows = self._plant.network, []
        for name, trip in self._trips.items():
            found = self._plant.find(trip)
            if found is None:
                continue
            lane, position_m, speed_mps = found
            edge = network.edges[network.lanes[lane].edge]
            x, y = along(edge.shape, position_m / max(edge.length_m, 0.1))
            gone = sum(network.lanes[before].length_m for before in trip.lanes[: trip.lanes.index(lane)])
            rows.append(FleetReading(name, x, y, speed_mps, edge.id, gone + position_m))
        return rows

    def guide(self, vehicle_id: str, route: Sequence[str]) -> bool:  # noqa: ARG002
        """Leave the trip as it is."""
        return False

    def edge_speeds(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return the mean speed and the vehicles of each edge."""
        network, readings = self._plant.network, self._plant.snapshot()
        edge = np.array([network.lanes[lane].edge if lane >= 0 else -1 for lane in readings[0]], dtype=np.int64)
        on = edge >= 0
        vehicles = np.bincount(edge[on], minlength=len(network.edges)).astype(np.float64)
        moved = np.bincount(edge[on], weights=np.array(readings[1])[on], minlength=len(network.edges))
        return list(moved / np.maximum(vehicles, 1.0)), list(vehicles)
