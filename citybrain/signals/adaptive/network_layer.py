"""The network layer: every few minutes, what a vehicle on each approach will cost the whole network.

A store-and-forward model of the next minutes (Gazis and Potts, "The oversaturated
intersection", 1963; Aboudolas, Papageorgiou and Kosmatopoulos, "Store-and-forward based
methods for the signal control problem in large-scale congested urban road networks",
Transportation Research C 17, 2009) as a linear programme, solved by HiGHS::

    min  sum over steps k and approaches a of  T x[a,k] + P over[a,k]
    x[a,k+1] = x[a,k] + T d[a] + sum over m into a of share[m] F[from m,k] - F[a,k]
    share[m] F[a,k] <= saturation[m] T (green of the stages that serve m in step k)
    greens of a junction in step k <= 1 - lost share
    x[a,k] - over[a,k] <= storage[a]            x, F, green, over >= 0

The shadow price of an approach's first balance is the delay, vehicle-seconds, that one more
vehicle there costs the network. A movement is worth the part of its approach's price that
the vehicle does not take along to the next one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from citybrain.network.model import Network
from citybrain.signals.adaptive.arrivals import Downstream
from citybrain.signals.adaptive.tables import ON_RED, PERMISSIVE, RED, Tables

_PERMISSIVE_SHARE = 0.4
_OVER_PRICE = 5.0


class NetworkLayer:
    """What a crossing is worth to the network, by a store-and-forward programme every few minutes.

    Parameters
    ----------
    room : ndarray, by movement row
        Vehicles that the way from each movement to the next stop line can store.
    period_s : float
        Time between two solutions; 0 switches the layer off.
    least : float
        Smallest value of a crossing.
    steps, step_s : int, float
        The horizon.
    lost_share : float
        Share of the time that intergreens take.

    Attributes
    ----------
    value : ndarray, by movement row
        Share of its approach's price that a crossing saves, ``least`` to 1.
    """

    def __init__(
        self, network: Network, tables: Tables, way: Downstream, room: NDArray[np.float64],
        *, period_s: float, least: float, steps: int = 2, step_s: float = 60.0, lost_share: float = 0.12,
    ) -> None:  # fmt: skip
        self.period_s, self.least, self.steps, self.step_s = period_s, least, steps, step_s
        self.tables, self.green_share = tables, 1.0 - lost_share
        edge = np.array([network.lanes[lane].edge for lane in tables.lane])
        _, self.approach_of_lane = np.unique(edge, return_inverse=True)
        self.n_approaches = int(self.approach_of_lane.max()) + 1
        self.origin = self.approach_of_lane[tables.move_lane]
        self.target = np.full(len(tables.move_lane), -1)
        self.storage = np.full(self.n_approaches, np.inf)
        for row, lane in enumerate(tables.move_exit):
            if way.at[lane + 1] > way.at[lane]:
                self.target[row] = self.origin[way.move[way.at[lane]]]
                self.storage[self.target[row]] = room[row]
        self._junction_of_stage = np.repeat(np.arange(len(tables.stage_at) - 1), np.diff(tables.stage_at))
        self._serves = self._service()
        self.value = np.ones(len(tables.move_lane))
        self._due_s: float | None = None

    def by_approach(self, approach: NDArray[np.int64], amount: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of amounts on each approach."""
        return np.bincount(approach, weights=amount, minlength=self.n_approaches).astype(np.float64)

    def is_due(self, time_s: float) -> bool:
        """Whether it is time for a new solution; the first one waits for a period of learning."""
        if self._due_s is None:
            self._due_s = time_s + self.period_s
        return self.period_s > 0 and time_s >= self._due_s

    def update(
        self,
        time_s: float,
        *,
        queue: NDArray[np.float64],
        inflow_vps: NDArray[np.float64],
        turns: NDArray[np.float64],
        headway_s: NDArray[np.float64],
    ) -> None:
        """Solve again and set ``value``; leave it as it is where there is no solution.

        Parameters
        ----------
        queue : ndarray, by approach
        inflow_vps, turns : ndarray, by movement row
            Arrivals from outside, and weights of the turns made.
        headway_s : ndarray, by stop-line row
        """
        self._due_s = time_s + self.period_s
        inflow, total = self.by_approach(self.origin, inflow_vps), self.by_approach(self.origin, turns)
        price = self.prices(queue, inflow, turns / total[self.origin], headway_s)
        if price is not None:
            self.value = self._values(price)

    def _service(self) -> sparse.csr_matrix:
        """By movement row and stage: 1 where protected, less where permissive."""
        tb = self.tables
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for j in range(len(tb.stage_at) - 1):
            for s in range(tb.stage_at[j], tb.stage_at[j + 1]):
                for m in range(tb.move_at[j], tb.move_at[j + 1]):
                    lamp = tb.lamp[s, m - tb.move_at[j]]
                    if lamp not in (RED, ON_RED):
                        rows.append(m)
                        columns.append(s)
                        values.append(_PERMISSIVE_SHARE if lamp == PERMISSIVE else 1.0)
        return sparse.csr_matrix((values, (rows, columns)), shape=(len(tb.move_lane), int(tb.stage_at[-1])))

    def prices(
        self,
        queue: NDArray[np.float64],
        inflow_vps: NDArray[np.float64],
        share: NDArray[np.float64],
        headway_s: NDArray[np.float64],
    ) -> NDArray[np.float64] | None:
        """Return the price of a vehicle on each approach, vehicle-seconds; None where there is no solution.

        Parameters
        ----------
        queue, inflow_vps : ndarray, by approach
        share : ndarray, by movement row
            Shares of each approach's vehicles, summing to 1.
        headway_s : ndarray, by stop-line row
        """
        tb, n, k, step = self.tables, self.n_approaches, self.steps, self.step_s
        n_moves, n_stages, n_junctions = len(share), self._serves.shape[1], len(tb.stage_at) - 1
        eye, one = sparse.identity, sparse.csr_matrix
        ahead = self.target >= 0
        passed_on = one((share[ahead], (self.target[ahead], self.origin[ahead])), shape=(n, n))
        flow = one((share, (np.arange(n_moves), self.origin)), shape=(n_moves, n))
        capacity = sparse.diags(step / headway_s[tb.move_lane]) @ self._serves
        green = one((np.ones(n_stages), (self._junction_of_stage, np.arange(n_stages))), shape=(n_junctions, n_stages))
        lanes = one((share, (tb.move_lane, self.origin)), shape=(len(tb.lane), n))
        open_ = (
            one((np.ones(n_moves), (tb.move_lane, np.arange(n_moves))), shape=(len(tb.lane), n_moves)) @ self._serves
        )
        open_.data[:] = 1.0
        every = sparse.identity(k)
        shift = sparse.diags([1.0], [-1], shape=(k, k)) if k > 1 else sparse.csr_matrix((1, 1))
        balance = sparse.hstack([
            sparse.kron(every, eye(n) - passed_on),
            one((n * k, n_stages * k)),
            sparse.kron(every, eye(n)) - sparse.kron(shift, eye(n)),
            one((n * k, n * k)),
        ])  # fmt: skip
        known = np.tile(inflow_vps * step, k)
        known[:n] += queue
        bounded = np.isfinite(self.storage)
        keep = eye(n, format="csr")[np.flatnonzero(bounded)]
        lane_capacity = sparse.diags(step / headway_s) @ open_
        limits = sparse.bmat([
            [sparse.kron(every, flow), -sparse.kron(every, capacity), None, None],
            [sparse.kron(every, lanes), -sparse.kron(every, lane_capacity), None, None],
            [None, sparse.kron(every, green), None, None],
            [None, None, sparse.kron(every, keep), -sparse.kron(every, keep)],
        ])  # fmt: skip
        most = np.concatenate([
            np.zeros(n_moves * k), np.zeros(len(tb.lane) * k), np.full(n_junctions * k, self.green_share),
            np.tile(self.storage[bounded], k),
        ])  # fmt: skip
        cost = np.concatenate([
            np.zeros(n * k), np.zeros(n_stages * k), np.full(n * k, step), np.full(n * k, _OVER_PRICE * step)
        ])  # fmt: skip
        found = linprog(cost, A_ub=limits.tocsr(), b_ub=most, A_eq=balance.tocsr(), b_eq=known, method="highs-ipm")
        if found.status != 0:
            return None
        return np.asarray(found.eqlin.marginals[:n])

    def _values(self, price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by movement row the share of its approach's price that a crossing saves."""
        own = price[self.origin]
        onward = np.where(self.target >= 0, price[self.target], 0.0)
        saved = np.where(own > self.step_s / 4, (own - onward) / np.maximum(own, 1e-9), 1.0)
        return np.asarray(np.clip(saved, self.least, 1.0))
