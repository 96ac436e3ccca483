"""The network as a whole, compiled: from scratch, after a change, and pair by pair; :mod:`.platoon` explains them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.signals.retiming.compiled import compiled
from citybrain.signals.retiming.kernel import AFTER, BEFORE, run_junction

F64 = NDArray[np.float64]


@compiled
def hand_over(tables: Any, s: int, j: int, before: F64, details: F64) -> None:
    """Let a junction's lanes begin a sample with what the sample before left, or with the window's first queues."""
    for lane in range(tables.lane_first[j], tables.lane_first[j + 1]):
        details[lane, BEFORE] = before[lane, AFTER] if tables.follows[s] else tables.lane_start[lane]


@compiled
def settle(
    tables: Any, timing: Any, flow: F64, details: F64, cost: F64, weights: F64, work: F64, lamp: Any, sweeps: int
) -> None:
    """Value every junction in every sample from empty profiles, sweep after sweep."""
    for s in range(flow.shape[0]):
        flow[s] = 0.0
        for j in range(cost.shape[1]):
            hand_over(tables, s, j, details[s - 1], details[s])
        for _ in range(sweeps):
            for j in range(cost.shape[1]):
                cost[s, j] = run_junction(tables, timing, s, j, flow[s], flow[s], details[s], weights, work, lamp)


@compiled
def change(
    tables: Any, timing: Any, j: int, flow: F64, spare: F64, spare_details: F64, cost: F64, weights: F64, work: F64,
    lamp: Any, after_first: Any, after: Any,
) -> float:  # fmt: skip
    """Return by how much the cost of a junction and those after it changes; ``flow`` is left as it was."""
    begin, end = tables.part_first[tables.lane_first[j]], tables.part_first[tables.lane_first[j + 1]]
    kept = np.empty((end - begin, flow.shape[2]))
    total = 0.0
    for s in range(flow.shape[0]):
        kept[:, :] = flow[s, begin:end]
        hand_over(tables, s, j, spare_details, spare_details)
        here = run_junction(tables, timing, s, j, flow[s], flow[s], spare_details, weights, work, lamp)
        here -= cost[s, j]
        for i in range(after_first[j], after_first[j + 1]):
            other = after[i]
            hand_over(tables, s, other, spare_details, spare_details)
            here += run_junction(tables, timing, s, other, flow[s], spare, spare_details, weights, work, lamp)
            here -= cost[s, other]
        flow[s, begin:end] = kept
        total += tables.weight[s] * here
    return float(total)


@compiled
def keep(
    tables: Any, timing: Any, j: int, flow: F64, details: F64, cost: F64, weights: F64, work: F64, lamp: Any,
    after_first: Any, after: Any,
) -> None:  # fmt: skip
    """Update profiles and costs of a junction and those after it."""
    for s in range(flow.shape[0]):
        hand_over(tables, s, j, details[s - 1], details[s])
        cost[s, j] = run_junction(tables, timing, s, j, flow[s], flow[s], details[s], weights, work, lamp)
        for i in range(after_first[j], after_first[j + 1]):
            other = after[i]
            hand_over(tables, s, other, details[s - 1], details[s])
            cost[s, other] = run_junction(tables, timing, s, other, flow[s], flow[s], details[s], weights, work, lamp)


@compiled
def sampled(
    tables: Any, timing: Any, i: int, j: int, phases: int, flow: F64, spare: F64, details: F64, weights: F64,
    work: F64, lamp: Any,
) -> F64:  # fmt: skip
    """Return the cost of ``j`` with the platoons of ``i`` alone, all other traffic even."""
    found = np.zeros(phases)
    cycle = timing.cycle[i]
    begin, end = tables.part_first[tables.lane_first[i]], tables.part_first[tables.lane_first[i + 1]]
    for s in range(len(tables.weight)):
        flow[:, :] = 0.0
        details[:, BEFORE] = 0.0
        run_junction(tables, timing, s, i, flow, spare, details, weights, work, lamp)
        flow[begin:end] = spare[begin:end]
        for p in range(phases):
            timing.offset[j] = timing.offset[i] + round(p * cycle / phases)
            found[p] += tables.weight[s] * run_junction(tables, timing, s, j, flow, spare, details, weights, work, lamp)
    return found
