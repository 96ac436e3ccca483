"""What arrives at a stop line and what the lamps show, second by second of the cycle; :mod:`.platoon` explains them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from citybrain.signals.retiming.compiled import compiled
from citybrain.signals.retiming.queues import Tables
from citybrain.signals.retiming.timing import Timing

F64 = NDArray[np.float64]

START_LOST_S, END_GAIN_S = 2, 1
DISPERSION = 0.11  # standard deviation of driving time over driving time


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
def standing_queue(before: float, spare_vps: float, lasts_s: float) -> tuple[float, float]:
    """Return what a queue over capacity leaves, and how many of those who stood there wait on average, vehicles.

    ``spare_vps`` is capacity less arrivals. The second figure is the delay by an initial queue of
    the HCM 2010 (eq. 18-46 ff., d3) as a rate: those who arrive over capacity are in the overload delay.
    """
    left = max(0.0, before - spare_vps * lasts_s)
    if before <= 0.0 or spare_vps <= 0.0:
        return left, before
    clear_s = before / spare_vps
    if clear_s >= lasts_s:
        return left, before - 0.5 * spare_vps * lasts_s
    return left, 0.5 * before * clear_s / lasts_s


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
        # what a junction upstream cannot serve does not arrive here; what it could not serve before may
        departing = total / cycle * (0.5 if other > cycle else 1.0)
        passed = departing / max(tables.stream_vps[s, up], 1e-9)
        rate *= passed if tables.follows[s] else min(1.0, passed)
        scale = rate * cycle / total
        for t in range(cycle):
            work[t] *= scale
        disperse(work, cycle, tables.feed_s[feed], out)
    even = max(0.0, tables.stream_vps[s, stream] - fed)
    for t in range(cycle):
        out[t] += even
