"""What it is worth to let a vehicle cross: little, where it only joins the next queue.

A junction that counts its own waiting vehicles alone gains by sending them on, whether or
not the road beyond can store them. In an overfull network that feeds the queues that block
it, while vehicles that could leave the network wait. So the delay of a vehicle counts less,
the fuller its way to the next stop line stands; the last space of a road is worth nothing.
The idea of weighing a movement by the storage left downstream is that of gating and of
capacity-aware pressure (Gregoire et al., "Capacity-aware backpressure traffic signal
control", IEEE Trans. Control of Network Systems 2(2), 2015).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citybrain.messages import Observation
from citybrain.network.model import Network
from citybrain.signals.adaptive.tables import VEHICLE_SPACE_M, Tables

_MOST_EDGES = 6


class Storage:
    """Standing vehicles against room, on the way from every movement to the next stop line.

    Parameters
    ----------
    network : Network
    tables : Tables
    weight : float
        Share by which the value of a crossing falls when its way stands full; 0 for none.
    least : float
        Value of a crossing into a way that stands full.

    Attributes
    ----------
    room : ndarray of float64, by movement row
        Vehicles that its way can store.
    """

    def __init__(self, network: Network, tables: Tables, *, weight: float, least: float) -> None:
        self.weight, self.least = weight, least
        rows: list[int] = []
        columns: list[int] = []
        stop_edges = {network.lanes[lane].edge for lane in tables.lane}
        for row, lane in enumerate(tables.move_exit):
            for edge in _way(network, network.lanes[lane].edge, stop_edges):
                lanes = network.edges[edge].lanes
                rows += [row] * len(lanes)
                columns += lanes
        shape = (len(tables.move_exit), len(network.lanes))
        self._on_way = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
        room = self._on_way @ np.array([lane.length_m / VEHICLE_SPACE_M for lane in network.lanes])
        self.room = np.maximum(room, 1.0)

    def value(self, observation: Observation) -> NDArray[np.float64]:
        """Return the value of a vehicle's crossing by movement row, ``least`` to 1."""
        if self.weight <= 0:
            return np.ones(len(self.room))
        full = (self._on_way @ observation.lane_halted) / self.room
        return np.asarray(np.clip(1.0 - self.weight * full, self.least, 1.0))


def _way(network: Network, edge: int, stop_edges: set[int]) -> list[int]:
    """Return the edges from ``edge`` to the next stop line, as far as the road does not branch."""
    way = [edge]
    while edge not in stop_edges and len(way) < _MOST_EDGES:
        following = {network.lanes[k.to_lane].edge for i in network.edges[edge].lanes for k in network.lanes[i].links}
        if len(following) != 1:
            break
        edge = following.pop()
        way.append(edge)
    return way
