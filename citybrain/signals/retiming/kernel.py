"""One junction and its lanes over a cycle, compiled; :mod:`.platoon` explains them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.signals.retiming.compiled import compiled
from citybrain.signals.retiming.profiles import arrivals, lamps, overload_delay_s, standing_queue
from citybrain.signals.retiming.queues import Tables
from citybrain.signals.retiming.saturation import gap_capacity_vps
from citybrain.signals.retiming.timing import Timing

F64 = NDArray[np.float64]

_BLOCKED_VPS = 50.0 / 3600.0
_BUSY = 0.75
DELAY, STOPS, LONGEST, DEGREE, FLOW, SPILL, RANDOM = 0, 1, 2, 3, 4, 5, 6
BEFORE, AFTER = 7, 8
"""Vehicles over capacity that a sample begins with, and that it leaves."""
N_DETAILS = 9

_GAP_STEP_VPS = 0.005
_GAPS = np.array([gap_capacity_vps(k * _GAP_STEP_VPS) for k in range(401)])  # an exponential a second is too dear


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
    details[lane, :BEFORE] = 0.0
    details[lane, AFTER] = 0.0
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
        inside = tables.part_wait[k]
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
                    able += max(1.0, inside)
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
    lasts_s = tables.lasts_s[s]
    old = details[lane, BEFORE] / lasts_s  # those who stood there join the arrivals evenly
    scale = min(1.0, 0.999 * capacity / (arriving + old * cycle))
    queue = 0.0
    for t in range(cycle):
        incoming[t] = (incoming[t] + old) * scale
        queue = max(0.0, queue + incoming[t] - rate[t])
    total = stops = longest = 0.0
    for t in range(cycle):
        into = incoming[t]
        out = min(rate[t], queue + into)
        after = queue + into - out
        if after > 1e-6 or queue > 1e-6:
            stops += into
        total += 0.5 * (queue + after)
        queue = after
        longest = max(longest, queue)
        for k in range(a, b):
            target[k, t] = out * tables.stream_vps[s, tables.part_stream[k]] * tables.part_share[k] / share
    variance = 1.0 - 0.5 * min(1.0, even / share)  # traffic that a signal upstream has metered varies less
    extra = overload_delay_s(degree, capacity / cycle * 3600.0, variance, lasts_s / 3600.0)
    left, waiting = standing_queue(details[lane, BEFORE], capacity / cycle - demand, lasts_s)
    standing = longest + demand * extra + waiting
    spill = max(0.0, standing - 0.9 * tables.lane_room[lane])
    delay = total / cycle + demand * extra + waiting
    details[lane, DELAY] = delay
    details[lane, STOPS] = stops / cycle + demand * min(1.0, max(0.0, degree - 1.0))
    details[lane, LONGEST] = standing
    details[lane, DEGREE] = degree
    details[lane, FLOW] = demand
    details[lane, SPILL] = spill
    details[lane, RANDOM] = demand * extra
    details[lane, AFTER] = left
    return float(delay * weights[0] * weighted + weights[1] * details[lane, STOPS] + weights[2] * spill)
