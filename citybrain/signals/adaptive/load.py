"""How busy each junction is: what share of the time its critical lanes ask for.

Lanes that no stage serves together need green one after the other, so a junction is asked for
at least the sum over any such set of lanes of flow over saturation flow; the largest of these
sums is its load (critical movement analysis: Webster 1958; Highway Capacity Manual). A standing
queue counts as flow that is to be cleared within a few minutes.
"""

from __future__ import annotations

from itertools import combinations, islice

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citybrain.signals.adaptive.tables import PERMISSIVE, PROTECTED, Tables

_MOST_SETS = 200


class Loads:
    """Load of every junction, learnt from what crosses and what stands.

    Parameters
    ----------
    tables : Tables
    memory_s : float
        Time constant of the flows.
    clear_s : float
        Time in which a standing queue is to be cleared.
    """

    def __init__(self, tables: Tables, *, memory_s: float = 300.0, clear_s: float = 300.0) -> None:
        self.tables = tables
        self.memory_s, self.clear_s = memory_s, clear_s
        self._rate_vps = np.zeros(len(tables.lane))
        self._age_s = 0.0
        rows: list[int] = []
        columns: list[int] = []
        owner: list[int] = []
        for j in range(len(tables.lane_at) - 1):
            for lanes in _exclusive(tables, j):
                rows += [len(owner)] * len(lanes)
                columns += lanes
                owner.append(j)
        self._sets = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(owner), len(tables.lane)))
        self._owner = np.array(owner, np.int64)

    def learn(self, passed: NDArray[np.float64], dt_s: float) -> None:
        """Take in the vehicles that crossed in the last ``dt_s``, by movement row."""
        if dt_s <= 0:
            return
        self._age_s += dt_s
        crossed = np.bincount(self.tables.move_lane, weights=passed, minlength=len(self._rate_vps))
        self._rate_vps += dt_s / min(self._age_s, self.memory_s) * (crossed / dt_s - self._rate_vps)

    def of_junctions(self, queue: NDArray[np.float64], headway_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the load of each junction; 1 asks for all of the time, intergreens left out.

        Parameters
        ----------
        queue, headway_s : ndarray of float64, by stop-line row
            Standing vehicles, and their headway when they leave.
        """
        need = (self._rate_vps + queue / self.clear_s) * headway_s
        load = np.zeros(len(self.tables.lane_at) - 1)
        np.maximum.at(load, self._owner, self._sets @ need)
        return load


def _exclusive(tables: Tables, j: int) -> list[list[int]]:
    """Return the largest sets of a junction's stop lines of which no stage serves two."""
    lanes = range(tables.lane_at[j], tables.lane_at[j + 1])
    lamp = tables.lamp[tables.stage_at[j] : tables.stage_at[j + 1]]
    served = {
        lane: np.logical_and.reduce(
            [
                np.isin(lamp[:, m - tables.move_at[j]], (PERMISSIVE, PROTECTED))
                for m in range(tables.move_at[j], tables.move_at[j + 1])
                if tables.move_lane[m] == lane
            ]
        )
        for lane in lanes
    }
    graph = nx.Graph()
    graph.add_nodes_from(lanes)
    graph.add_edges_from((a, b) for a, b in combinations(lanes, 2) if not (served[a] & served[b]).any())
    return [sorted(clique) for clique in islice(nx.find_cliques(graph), _MOST_SETS)]
