"""The compiled inner loops of the platoon model; :mod:`.platoon` explains them.

They stay in one file: numba's cache does not notice when a function of another file changes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from citybrain.signals.retiming.queues import Tables
from citybrain.signals.retiming.saturation import gap_capacity_vps
from citybrain.signals.retiming.timing import Timing

F64 = NDArray[np.float64]

START_LOST_S, END_GAIN_S = 2, 1
DISPERSION = 0.11  # standard deviation of driving time over driving time
_BLOCKED_VPS = 50.0 / 3600.0
_BUSY = 0.75
DELAY, STOPS, LONGEST, DEGREE, FLOW, SPILL, RANDOM = 0, 1, 2, 3, 4, 5, 6
N_DETAILS = 7

compiled = njit(cache=True, error_model="numpy")
_GAP_STEP_VPS = 0.005
_GAPS = np.array([gap_capacity_vps(k * _GAP_STEP_VPS) for k in range(401)])  # an exponential a second is too dear


@compiled
def disperse(inflow: F64, n: int, time_s: float, out: F64) -> None:
    """Add a periodic profile, dispersed over a driving time, to ``out`` (Robertson's recursion).

    ``q'(t + T) = F q(t) + (1 - F) q'(t + T - 1)`` with ``T = time / (1 + a)`` and
    ``F = 1 / (1 + a T)``: the mean driving time is kept.
    """
    least = round(time_s / (1.0 + DISPERSION))
    f = 1.0 / (1.0 + DISPERSION * max(least, 1))
    last = 0.0
    for t in range(n):  # the periodic solution's value before t = 0, in closed form
        last = f * inflow[t] + (1.0 - f) * last
    last /= 1.0 - (1.0 - f) ** n
    at = least % n
    for t in range(n):
        last = f * inflow[t] + (1.0 - f) * last
        out[at] += last
        at += 1
        if at == n:  # a division for every second would cost more than all the rest
            at = 0


@compiled
def lamps(timing: Timing, part_lamp: NDArray[np.int8], j: int, k: int, out: NDArray[np.int8]) -> None:
    """Effective green of one part over its cycle: 0 red, 1 permissive, 2 protected."""
    n, cycle = timing.places[j], timing.cycle[j]
    out[:cycle] = 0
    at = timing.offset[j]
    for p in range(n):
        now = part_lamp[k, timing.stage[j, p]]
        length = timing.green[j, p] + timing.gap[j, p]
        if now > 0:
            before = part_lamp[k, timing.stage[j, (p - 1) % n]] if n > 1 else now
            after = part_lamp[k, timing.stage[j, (p + 1) % n]] if n > 1 else now
            first = 0 if before > 0 else START_LOST_S
            last = length if after > 0 else timing.green[j, p] + END_GAIN_S
            where = (at + first) % cycle
            for _ in range(first, last):
                out[where] = now
                where += 1
                if where == cycle:
                    where = 0
        at += length


@compiled
def overload_delay_s(degree: float, capacity_vph: float, variance: float, hours: float) -> float:
    """Random and overflow delay of a vehicle (HCM 2010 eq. 18-45, k = 0.5), seconds."""
    if capacity_vph <= 0.0:
        return 3600.0 * hours
    x = degree - 1.0
    return 900.0 * hours * (x + math.sqrt(x * x + 4.0 * variance * degree / (capacity_vph * hours)))


@compiled
def arrivals(tables: Tables, timing: Timing, s: int, j: int, stream: int, flow: F64, out: F64, work: F64) -> None:
    """Arrivals of a stream over its cycle, vehicles a second: its feeds dispersed, the rest evenly."""
    cycle = timing.cycle[j]
    fed = 0.0
    out[:cycle] = 0.0
    for i in range(tables.stream_feed_first[stream], tables.stream_feed_first[stream + 1]):
        feed = tables.stream_feed[i]
        rate = tables.feed_vps[s, feed]
        up = tables.feed_up[feed]
        other = timing.cycle[tables.stream_junction[up]]
        if rate <= 0.0 or (other != cycle and other * 2 != cycle and cycle * 2 != other):
            continue
        work[: max(cycle, other)] = 0.0
        for q in range(tables.stream_part_first[up], tables.stream_part_first[up + 1]):
            part = tables.stream_part[q]
            for t in range(other):
                work[t] += flow[part, t]
        if other < cycle:
            work[other:cycle] = work[:other]
        elif other > cycle:
            for t in range(cycle):
                work[t] += work[t + cycle]
        total = 0.0
        for t in range(cycle):
            total += work[t]
        if total <= 1e-9:
            continue
        fed += rate
        # what a junction upstream cannot serve does not arrive here
        departing = total / cycle * (0.5 if other > cycle else 1.0)
        rate *= min(1.0, departing / max(tables.stream_vps[s, up], 1e-9))
        scale = rate * cycle / total
        for t in range(cycle):
            work[t] *= scale
        disperse(work, cycle, tables.feed_s[feed], out)
    even = max(0.0, tables.stream_vps[s, stream] - fed)
    for t in range(cycle):
        out[t] += even


@compiled
def run_junction(
    tables: Tables, timing: Timing, s: int, j: int, flow: F64, target: F64, details: F64, weights: F64, work: F64,
    lamp: NDArray[np.int8],
) -> float:  # fmt: skip
    """Return the cost of a junction in one sample, vehicles' weighted seconds a second.

    ``flow`` holds every part's departures; those of this junction go to
    ``target``, which may be ``flow`` itself.
    """
    first, last = tables.lane_first[j], tables.lane_first[j + 1]
    begin, end = tables.part_first[first], tables.part_first[last]
    for k in range(begin, end):
        lamps(timing, tables.part_lamp, j, k, lamp[k - begin])
    coming = work[3:]
    yields = False
    for k in range(begin, end):
        yields = yields or tables.foe_first[k] < tables.foe_first[k + 1]
        stream = tables.part_stream[k]
        leader = tables.stream_part[tables.stream_part_first[stream]]
        if leader == k:  # the lanes of a stream share its arrivals
            arrivals(tables, timing, s, j, stream, flow, coming[k - begin], work[2])
    cost = 0.0
    for turn in range(2):  # permissive parts need to know what the others do: a first guess, then the answer
        if turn == 1 and not yields:
            break
        source = flow if turn == 0 else target
        cost = 0.0
        for lane in range(first, last):
            cost += _run_lane(tables, timing, s, j, lane, begin, source, target, details, weights, work, lamp)
    return cost


@compiled
def _run_lane(
    tables: Tables, timing: Timing, s: int, j: int, lane: int, begin: int, source: F64, target: F64,
    details: F64, weights: F64, work: F64, lamp: NDArray[np.int8],
) -> float:  # fmt: skip
    cycle = timing.cycle[j]
    a, b = tables.part_first[lane], tables.part_first[lane + 1]
    incoming, rate, coming = work[0], work[1], work[3:]
    demand = weighted = even = arriving = 0.0
    for k in range(a, b):
        stream = tables.part_stream[k]
        vps = tables.stream_vps[s, stream] * tables.part_share[k]
        demand += vps
        weighted += vps * tables.stream_weight[stream]
    weighted /= max(demand, 1e-9)
    incoming[:cycle] = 0.0
    details[lane, :] = 0.0
    if demand <= 1e-9:
        for k in range(a, b):
            target[k, :cycle] = 0.0
        return 0.0
    rate[:cycle] = 0.0
    for k in range(a, b):
        stream = tables.part_stream[k]
        vps = tables.stream_vps[s, stream] * tables.part_share[k]
        if vps <= 0.0:
            continue
        leader = tables.stream_part[tables.stream_part_first[stream]] - begin
        for t in range(cycle):
            incoming[t] += coming[leader, t] * tables.part_share[k]
        for i in range(tables.stream_feed_first[stream], tables.stream_feed_first[stream + 1]):
            even += tables.feed_vps[s, tables.stream_feed[i]] * tables.part_share[k]
        part = vps / demand
        waiting = tables.part_wait[k]
        for t in range(cycle):
            state = lamp[k - begin, t]
            able = 0.0
            if state == 2:
                able = tables.part_sat[k]
            elif state == 1:
                opposing, busy = 0.0, False
                for i in range(tables.foe_first[k], tables.foe_first[k + 1]):
                    foe = tables.foe[i]
                    if lamp[foe - begin, t] > 0:
                        opposing += source[foe, t]
                        busy = busy or source[foe, t] > _BUSY * tables.part_sat[foe]
                able = 0.0 if busy else min(tables.part_sat[k], _GAPS[min(400, int(opposing / _GAP_STEP_VPS + 0.5))])
                if (
                    lamp[k - begin, t + 1 if t + 1 < cycle else 0] == 0
                ):  # those inside the junction leave in the intergreen
                    able += max(1.0, waiting)
            elif b - a > 1:
                able = _BLOCKED_VPS
            rate[t] += part / max(able, 1e-5)
    capacity = 0.0
    for t in range(cycle):
        shown = False
        for k in range(a, b):
            shown = shown or lamp[k - begin, t] > 0
        rate[t] = 1.0 / rate[t] if shown else 0.0
        capacity += rate[t]
        arriving += incoming[t]
    share = demand  # of the parts, by their demand; what arrives may be less
    demand = arriving / cycle
    degree = arriving / max(capacity, 1e-9)
    scale = min(1.0, 0.999 / degree)
    queue = 0.0
    for t in range(cycle):
        queue = max(0.0, queue + incoming[t] * scale - rate[t])
    total = stops = longest = 0.0
    for t in range(cycle):
        into = incoming[t] * scale
        out = min(rate[t], queue + into)
        after = queue + into - out
        if after > 1e-6 or queue > 1e-6:
            stops += into
        total += 0.5 * (queue + after)
        queue = after
        longest = max(longest, queue)
        for k in range(a, b):
            target[k, t] = out * tables.stream_vps[s, tables.part_stream[k]] * tables.part_share[k] / share
    hours = tables.slice_s / 3600.0
    variance = 1.0 - 0.5 * min(1.0, even / share)  # traffic that a signal upstream has metered varies less
    extra = overload_delay_s(degree, capacity / cycle * 3600.0, variance, hours)
    standing = longest + demand * extra
    spill = max(0.0, standing - 0.9 * tables.lane_room[lane])
    delay = total / cycle + demand * extra
    details[lane, 0] = delay
    details[lane, 1] = stops / cycle + demand * min(1.0, max(0.0, degree - 1.0))
    details[lane, 2] = standing
    details[lane, 3] = degree
    details[lane, 4] = demand
    details[lane, 5] = spill
    details[lane, 6] = demand * extra
    return float(delay * weights[0] * weighted + weights[1] * details[lane, 1] + weights[2] * spill)


@compiled
def settle(
    tables: Any, timing: Any, flow: F64, details: F64, cost: F64, weights: F64, work: F64, lamp: Any, sweeps: int
) -> None:
    """Value every junction in every sample from empty profiles, sweep after sweep."""
    for s in range(flow.shape[0]):
        flow[s] = 0.0
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
        here = run_junction(tables, timing, s, j, flow[s], flow[s], spare_details, weights, work, lamp)
        here -= cost[s, j]
        for i in range(after_first[j], after_first[j + 1]):
            other = after[i]
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
        cost[s, j] = run_junction(tables, timing, s, j, flow[s], flow[s], details[s], weights, work, lamp)
        for i in range(after_first[j], after_first[j + 1]):
            other = after[i]
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
        run_junction(tables, timing, s, i, flow, spare, details, weights, work, lamp)
        flow[begin:end] = spare[begin:end]
        for p in range(phases):
            timing.offset[j] = timing.offset[i] + round(p * cycle / phases)
            found[p] += tables.weight[s] * run_junction(tables, timing, s, j, flow, spare, details, weights, work, lamp)
    return found
