"""Which lanes and links incident detection looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.network.model import Network

_REACH_M = 130.0


class Shape:
    """The watched lanes and the links that they lead to.

    Attributes
    ----------
    approaches : Approaches
    lane : ndarray of int64
        Watched lanes: those that end at a signal, and those upstream of them within reach of sensors.
    row_of : ndarray of int64, by lane of the network
        Its place among the watched ones, or -1.
    is_stop : ndarray of bool, by watched lane
    beyond_m : ndarray of float64, by watched lane
        Distance from its end to the nearest stop line; 0 at a signal.
    link_of : ndarray of int64, by watched lane
        The link that it mostly leads to.
    link_of_lane : ndarray of int64, by lane of the network
        The same, -1 where it is not watched.
    beside : ndarray of int64, shape (2, n_watched)
        The watched lanes to the kerb side and to the other, or -1.
    edge : ndarray of int64, by link
        The edge of the network.
    """

    def __init__(self, network: Network) -> None:
        self.approaches = a = Approaches(network)
        ways = a.lanes_ways
        n = len(network.lanes)
        beyond_m = np.full(n, np.inf)
        np.minimum.at(beyond_m, ways.source, ways.distance_m)
        self.lane = np.flatnonzero(beyond_m < _REACH_M)
        self.row_of = np.full(n, -1, np.int64)
        self.row_of[self.lane] = np.arange(len(self.lane))
        self.is_stop, self.beyond_m = a.is_stop[self.lane], beyond_m[self.lane]
        self.beside = np.full((2, len(self.lane)), -1, np.int64)
        for row, lane in enumerate(self.lane.tolist()):
            lanes = network.edges[network.lanes[lane].edge].lanes
            place = lanes.index(lane)
            for side, other in ((0, place - 1), (1, place + 1)):
                if 0 <= other < len(lanes):
                    self.beside[side, row] = self.row_of[lanes[other]]
        self.edge = np.unique(a.edge[self.lane[self.is_stop]])
        main, best = np.full(n, -1), np.full(n, -1.0)
        for source, stop, share in zip(ways.source, ways.stop_lane, ways.share, strict=True):
            if share > best[source]:
                best[source], main[source] = share, stop
        self.link_of = np.searchsorted(self.edge, a.edge[main[self.lane]])
        self.link_of_lane = np.full(n, -1, np.int64)
        self.link_of_lane[self.lane] = self.link_of

    def any_beside(self, of_lane: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return by watched lane (and what follows) whether it holds for a lane beside it."""
        padded = np.concatenate((of_lane, np.zeros_like(of_lane[:1])))  # row -1: nobody
        return np.asarray(padded[self.beside[0]] | padded[self.beside[1]])
