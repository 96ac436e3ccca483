"""Webster's cycle and splits: the start of the search, and the baseline it must beat.

Source: F. V. Webster, Traffic Signal Settings, Road Research Technical Paper 39, 1958.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from citybrain.signals.retiming.queues import Tables
from citybrain.signals.retiming.timing import Rules

F64 = NDArray[np.float64]
PERMISSIVE_SHARE = 0.45  # of the protected saturation flow, for the ratio of a lane that turns permissively
SHORTEST_CYCLE_S, LONGEST_WEBSTER_S = 30.0, 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLoads:
    """Flow ratios of one junction's lanes, and which stages serve them.

    Attributes
    ----------
    ratio : ndarray, shape (n_lanes,)
        Flow over saturation flow.
    served : ndarray, shape (n_lanes, n_stages)
        Share of a second of green that each stage gives to the lane.
    """

    ratio: F64
    served: F64


def uniform_delay_s(cycle_s: float, green_s: float, flow_vps: float, saturation_vps: float) -> float:
    """Mean delay of evenly arriving vehicles: ``C (1 - g/C)^2 / (2 (1 - q/s))``, seconds."""
    share = green_s / cycle_s
    return cycle_s * (1.0 - share) ** 2 / (2.0 * (1.0 - min(1.0, flow_vps / saturation_vps)))


def lane_loads(tables: Tables, junction: int, stage_count: int, flow_vps: F64) -> LaneLoads:
    """Return the loads of a junction for given stream flows, vehicles per second."""
    first, last = int(tables.lane_first[junction]), int(tables.lane_first[junction + 1])
    ratio, served = np.zeros(last - first), np.zeros((last - first, stage_count))
    for row, lane in enumerate(range(first, last)):
        parts = range(int(tables.part_first[lane]), int(tables.part_first[lane + 1]))
        flows = np.array([flow_vps[tables.part_stream[k]] * tables.part_share[k] for k in parts])
        ratio[row] = sum(flow / tables.part_sat[k] for flow, k in zip(flows, parts, strict=True))
        if flows.sum() <= 0:
            continue
        for stage in range(stage_count):
            lamp = [int(tables.part_lamp[k, stage]) for k in parts]
            ability = [1.0 if shown == 2 else PERMISSIVE_SHARE if shown else 0.05 for shown in lamp]
            if any(lamp):
                served[row, stage] = 1.0 / float((flows / flows.sum() / ability).sum())
    return LaneLoads(ratio=ratio, served=served)


def load(loads: LaneLoads, stages: Sequence[int]) -> float:
    """Return the sum of critical flow ratios: the least green share that serves every lane."""
    rows = loads.ratio > 1e-6
    served = loads.served[rows][:, list(stages)]
    able = served.max(axis=1, initial=0.0) > 0
    if not able.any():
        return 0.0
    found = linprog(np.ones(len(stages)), A_ub=-served[able], b_ub=-loads.ratio[rows][able], method="highs")
    return float(found.fun) if found.success else 1.0


def webster_cycle_s(load_sum: float, lost_s: float) -> float:
    """Return ``(1.5 L + 5) / (1 - Y)``, within the usual bounds of a cycle."""
    cycle_s = (1.5 * lost_s + 5.0) / max(1.0 - load_sum, 0.05)
    return min(LONGEST_WEBSTER_S, max(SHORTEST_CYCLE_S, cycle_s))


def gaps(rules: Rules, junction: int, stages: Sequence[int]) -> list[int]:
    """Return the intergreen after each stage of a sequence."""
    following = [*stages[1:], *stages[:1]]
    return [int(rules.gap[junction, a, b]) for a, b in zip(stages, following, strict=True)]


def splits(loads: LaneLoads, rules: Rules, junction: int, stages: Sequence[int], cycle_s: int) -> list[int] | None:
    """Return whole greens that fill a cycle with equal degrees of saturation; None where they do not fit.

    Maximises the common reserve ``u`` in ``served green >= u * ratio * cycle``.
    """
    room = cycle_s - sum(gaps(rules, junction, stages))
    low = [int(rules.low[junction, stage]) for stage in stages]
    high = [int(rules.high[junction, stage]) for stage in stages]
    if not sum(low) <= room <= sum(high):
        return None
    rows = (loads.ratio > 1e-6) & (loads.served[:, list(stages)].max(axis=1, initial=0.0) > 0)
    served = loads.served[rows][:, list(stages)]
    n = len(stages)
    # a touch of weight on equality keeps spare time from going to one stage alone
    found = linprog(
        [-1.0, *[0.0] * n],
        A_ub=np.column_stack([loads.ratio[rows] * cycle_s, -served]),
        b_ub=np.zeros(int(rows.sum())),
        A_eq=[[0.0, *[1.0] * n]],
        b_eq=[room],
        bounds=[(0, 100), *zip(low, high, strict=True)],
        method="highs",
    )
    greens = [float(g) for g in found.x[1:]] if found.success else [float(g) for g in low]
    return rounded(greens, low, high, room)


def rounded(greens: Sequence[float], low: Sequence[int], high: Sequence[int], total: int) -> list[int]:
    """Round greens to whole seconds that sum to ``total``, within their bounds."""
    whole = [min(h, max(lo, math.floor(g + 1e-6))) for g, lo, h in zip(greens, low, high, strict=True)]
    while sum(whole) != total:
        step = 1 if sum(whole) < total else -1
        free = [i for i in range(len(whole)) if low[i] <= whole[i] + step <= high[i]]
        best = max(free, key=lambda i: (greens[i] - whole[i]) * step)
        whole[best] += step
    return whole
