"""Offsets of a group as one mathematical model, solved by CP-SAT.

With greens and cycle given, the delay on the roads between two junctions
depends on the difference of their offsets alone (Gartner, Little and Gabbay,
Optimization of traffic signal settings by mixed-integer linear programming,
Transportation Science 9, 1975). That relation is sampled from the platoon model,
pair by pair, and the sum over all pairs is minimised over the offsets:

    min sum_(i,j) c_ij(phi_ij),   phi_ij = o_j - o_i  (mod C)

with one element constraint for each pair. The loops of a network, where the
differences must sum to whole cycles, need no extra constraint: the offsets
themselves are the variables.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from citybrain.errors import InputError
from citybrain.signals.retiming.platoon import LONGEST_CYCLE_S, PlatoonModel
from citybrain.signals.retiming.sweeps import sampled
from citybrain.signals.retiming.timing import Timing

F64 = NDArray[np.float64]
PHASES = 24
_SCALE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetSolution:
    """Offsets in steps of ``cycle / phases``, the value, and the proven bound."""

    steps: dict[int, int]
    value: float
    bound: float
    optimal: bool


def pair_costs(model: PlatoonModel, timing: Timing, junctions: Sequence[int]) -> dict[tuple[int, int], F64]:
    """Sample the cost of every pair of neighbours against the difference of their offsets.

    Returns
    -------
    dict
        ``costs[i, j][p]``, ``i < j``: cost when ``j`` starts ``p / PHASES`` cycles after ``i``, shape (PHASES,).
    """
    members, tables = set(junctions), model.tables
    pairs: set[tuple[int, int]] = set()
    for up, down in zip(tables.feed_up, tables.feed_down, strict=True):
        i, j = int(tables.stream_junction[up]), int(tables.stream_junction[down])
        if i != j and {i, j} <= members and timing.cycle[i] == timing.cycle[j]:
            pairs.add((i, j))
    costs: dict[tuple[int, int], F64] = {}
    work = timing.copy()
    for i, j in sorted(pairs):
        own = sampled(
            tables, work, i, j, PHASES, np.zeros((model.flow.shape[1], LONGEST_CYCLE_S)), model.spare,
            model.spare_details, model.weights, model.work, model.lamp,
        )  # fmt: skip
        work.offset[j] = timing.offset[j]
        if i < j:
            costs[i, j] = costs.get((i, j), np.zeros(PHASES)) + own
        else:
            costs[j, i] = costs.get((j, i), np.zeros(PHASES)) + own[-np.arange(PHASES) % PHASES]
    return costs


def solve_offsets(
    costs: Mapping[tuple[int, int], F64],
    *,
    seconds: float,
    hint: Mapping[int, int] | None = None,
    report: Callable[[float, float], None] = lambda _value, _bound: None,
    workers: int = 2,
    seed: int = 1,
) -> OffsetSolution:
    """Find the offsets of least cost.

    Parameters
    ----------
    costs : mapping
        ``costs[i, j][p]`` for a difference of ``p`` steps, all of one length.
    seconds : float
        When the search is stopped, by us.
    report : callable
        Called with the value and the bound of every better solution.

    Raises
    ------
    InputError
        If the tables are of different lengths or not finite.
    """
    lengths = {len(table) for table in costs.values()}
    if len(lengths) > 1 or not all(np.isfinite(table).all() for table in costs.values()):
        raise InputError(f"offset costs need finite tables of one length, found lengths {sorted(lengths)}")
    if not costs:
        return OffsetSolution(steps={}, value=0.0, bound=0.0, optimal=True)
    (n,) = lengths
    model = cp_model.CpModel()
    junctions = sorted({j for pair in costs for j in pair})
    offset = {j: model.new_int_var(0, n - 1, f"o{j}") for j in junctions}
    for root in _roots(costs, junctions):
        model.add(offset[root] == 0)
    terms = []
    for (i, j), table in costs.items():
        whole = np.round((table - table.min()) * _SCALE).astype(np.int64)
        wrap = model.new_bool_var(f"k{i}-{j}")
        step = model.new_int_var(0, n - 1, f"d{i}-{j}")
        model.add(step == offset[j] - offset[i] + n * wrap)
        cost = model.new_int_var(0, int(whole.max()), f"c{i}-{j}")
        model.add_element(step, whole.tolist(), cost)
        terms.append(cost)
    model.minimize(sum(terms))
    for j, value in (hint or {}).items():
        if j in offset:
            model.add_hint(offset[j], value % n)
    base = float(sum(table.min() for table in costs.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.catch_sigint_signal = False  # it would leave Ctrl-C deadly for the whole process
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = seconds
    alarm = threading.Timer(seconds + 1.0, solver.stop_search)  # the solver's own limit is not always kept
    alarm.daemon = True
    alarm.start()
    try:
        status = solver.solve(model, _Watch(lambda v, b: report(base + v / _SCALE, base + b / _SCALE)))
    finally:
        alarm.cancel()
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        steps = {j: (hint or {}).get(j, 0) % n for j in junctions}
        return OffsetSolution(steps=steps, value=offset_value(costs, steps), bound=base, optimal=False)
    steps = {j: int(solver.value(variable)) for j, variable in offset.items()}
    return OffsetSolution(
        steps=steps,
        value=offset_value(costs, steps),
        bound=base + solver.best_objective_bound / _SCALE,
        optimal=status == cp_model.OPTIMAL,
    )


def offset_value(costs: Mapping[tuple[int, int], F64], steps: Mapping[int, int]) -> float:
    """Return the cost of given offsets."""
    return float(sum(table[(steps[j] - steps[i]) % len(table)] for (i, j), table in costs.items()))


def _roots(costs: Mapping[tuple[int, int], F64], junctions: Sequence[int]) -> list[int]:
    """One junction of each connected part: its offset is free, so it is 0."""
    root = {j: j for j in junctions}

    def find(j: int) -> int:
        while root[j] != j:
            j = root[j]
        return j

    for i, j in costs:
        root[find(j)] = find(i)
    return sorted({find(j) for j in junctions})


class _Watch(cp_model.CpSolverSolutionCallback):
    def __init__(self, report: Callable[[float, float], None]) -> None:
        super().__init__()
        self._report = report

    def on_solution_callback(self) -> None:
        """Pass a better solution on."""
        self._report(self.objective_value, self.best_objective_bound)
