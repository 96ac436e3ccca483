"""Scores for every stage of a city at once, from numbers per movement or lane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citybrain.network.model import Network


class StageTable:
    """All stages of a network in one row each, junction by junction.

    Attributes
    ----------
    first : ndarray of int
        Row of each junction's first stage.
    served : csr_matrix, shape (n_stages, n_movements)
        1 where a stage gives a vehicle movement green.
    protected : csr_matrix, shape (n_stages, n_movements)
        1 where that green is protected.
    lanes : csr_matrix, shape (n_stages, n_lanes)
        1 where a stage gives any movement of a lane green.
    """

    def __init__(self, network: Network) -> None:
        counts = [len(junction.stages) for junction in network.junctions]
        self.first: NDArray[np.int64] = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
        self.n_stages = int(sum(counts))
        self.junction: NDArray[np.int64] = np.repeat(np.arange(len(counts)), counts)
        rows, movements, is_protected, lanes = [], [], [], []
        for junction in network.junctions:
            for stage in junction.stages:
                row = int(self.first[junction.index]) + stage.index
                for index in junction.movements:
                    movement = network.movements[index]
                    if movement.is_crossing or not stage.is_green(movement.link):
                        continue
                    rows.append(row)
                    movements.append(index)
                    lanes.append(movement.from_lane)
                    is_protected.append(stage.state[movement.link] == "G")
        shape = (self.n_stages, len(network.movements))
        ones = np.ones(len(rows))
        self.served = sparse.csr_matrix((ones, (rows, movements)), shape=shape)
        self.protected = sparse.csr_matrix((np.array(is_protected, dtype=float), (rows, movements)), shape=shape)
        self.lanes = sparse.csr_matrix((ones, (rows, lanes)), shape=(self.n_stages, len(network.lanes)))
        self.lanes.data[:] = 1.0

    def best(self, score: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return each junction's stage with the highest score; the first one wins a tie."""
        top = np.maximum.reduceat(score, self.first)
        hits = np.flatnonzero(score >= top[self.junction])
        _, where = np.unique(self.junction[hits], return_index=True)
        return (hits[where] - self.first).astype(np.int32)
