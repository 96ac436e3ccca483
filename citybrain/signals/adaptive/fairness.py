"""A bound on the longest wait: nobody is left on red for the sake of the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citybrain.messages import Observation
from citybrain.network.model import Network
from citybrain.signals.stage_table import StageTable


class Fairness:
    """Overrules a choice for a stage whose users have waited too long.

    Pedestrians are taken to be waiting at every crossing.

    Parameters
    ----------
    max_red_s : float
        Longest red for a movement with demand; 0 switches the rule off.
    """

    def __init__(self, network: Network, *, max_red_s: float) -> None:
        self.max_red_s = max_red_s
        self._table = table = StageTable(network)
        rows, columns = [], []
        for junction in network.junctions:
            for stage in junction.stages:
                for index in junction.movements:
                    if stage.is_green(network.movements[index].link):
                        rows.append(int(table.first[junction.index]) + stage.index)
                        columns.append(index)
        shape = (table.n_stages, len(network.movements))
        self._green = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
        self._walkers = np.array([1.0 if m.is_crossing else 0.0 for m in network.movements])
        self._last_green_s: NDArray[np.float64] | None = None

    def apply(
        self, observation: Observation, wanted: NDArray[np.int64], free: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the stages to show, and where the rule overruled ``wanted``.

        Only junctions that are ``free`` to change are overruled: the interlock would refuse the others.
        """
        table, v, now_s = self._table, observation.vehicles, observation.time_s
        n_movements = self._green.shape[1]
        if self._last_green_s is None:
            self._last_green_s = np.full(n_movements, now_s)
        shown = np.zeros(table.n_stages)
        shown[table.first + observation.signals.stage] = 1.0
        self._last_green_s[self._green.T @ shown > 0] = now_s
        red_s = now_s - self._last_green_s
        forced = np.zeros(len(wanted), dtype=np.bool_)
        if self.max_red_s <= 0 or not (red_s > self.max_red_s).any():
            return wanted, forced
        known = v.movement >= 0
        demand = np.bincount(v.movement[known], weights=v.weight[known], minlength=n_movements) + self._walkers
        overdue_s = self._green @ np.where((red_s > self.max_red_s) & (demand > 0), red_s, 0.0)
        forced = (np.maximum.reduceat(overdue_s, table.first) > 0) & free
        return np.where(forced, table.best(overdue_s), wanted), forced
