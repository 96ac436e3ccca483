"""Green windows and progression bands along a corridor, for its time–space diagram."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.signals.retiming.bandwidth import Way, widest_bands
from citybrain.signals.retiming.groups import find_corridors
from citybrain.signals.retiming.moves import setting_of
from citybrain.signals.retiming.problem import Problem
from citybrain.signals.retiming.timing import Timing

Windows = NDArray[np.bool_]
_LEAST_RATIO = 0.5  # of two bands: nobody's direction is given up where both can have one


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One way along a corridor.

    Attributes
    ----------
    junctions : tuple of int
        In driving order.
    at_m, at_s : tuple of float
        Distance and driving time from the first stop line.
    green : tuple of ndarray of bool
        By junction, whether the way along is green, second by second of its cycle.
    band : (start_s, width_s) or None
        Widest band at the first stop line; None where cycles differ or nothing passes.
    """

    junctions: tuple[int, ...]
    at_m: tuple[float, ...]
    at_s: tuple[float, ...]
    green: tuple[Windows, ...]
    band: tuple[int, int] | None


def green_windows(problem: Problem, timing: Timing, junction: int, stream: int) -> Windows:
    """Return when a stream is green, second by second of the junction's cycle, offset included."""
    cycle = int(timing.cycle[junction])
    shown = np.zeros(max(cycle, 1), dtype=np.bool_)
    tables, setting = problem.tables, setting_of(timing, junction)
    parts = tables.stream_part[tables.stream_part_first[stream] : tables.stream_part_first[stream + 1]]
    at = setting.offset
    n = len(setting.stages)
    for p in range(n):
        now = bool((tables.part_lamp[parts, setting.stages[p]] > 0).any())
        after = bool((tables.part_lamp[parts, setting.stages[(p + 1) % n]] > 0).any())
        length = setting.greens[p] + int(timing.gap[junction, p])
        if now:
            last = length if after else setting.greens[p]
            shown[(at + np.arange(last)) % cycle] = True
        at += length
    return shown


def directions(problem: Problem, timing: Timing, corridor: Sequence[int]) -> tuple[Direction | None, Direction | None]:
    """Return both ways along a corridor, None where nobody drives."""
    return _direction(problem, timing, tuple(corridor)), _direction(problem, timing, tuple(corridor)[::-1])


def _direction(problem: Problem, timing: Timing, chain: tuple[int, ...]) -> Direction | None:
    legs = [problem.legs.get(pair) for pair in itertools.pairwise(chain)]
    if not legs or any(leg is None for leg in legs):
        return None
    known = [leg for leg in legs if leg is not None]
    streams = [known[0].up_stream, *(leg.down_stream for leg in known)]
    green = tuple(green_windows(problem, timing, j, s) for j, s in zip(chain, streams, strict=True))
    at_s = tuple(float(t) for t in np.cumsum([0.0, *(leg.time_s for leg in known)]))
    return Direction(
        junctions=chain,
        at_m=tuple(float(m) for m in np.cumsum([0.0, *(leg.length_m for leg in known)])),
        at_s=at_s,
        green=green,
        band=widest_band(green, at_s),
    )


def widest_band(green: Sequence[Windows], at_s: Sequence[float]) -> tuple[int, int] | None:
    """Return start and width of the widest band, whole seconds at the first stop line.

    A vehicle in the band that passes the first stop line at ``t`` finds green at
    every other one, ``t + at_s`` later. None where cycles differ or no band passes.
    """
    cycle = len(green[0])
    if any(len(shown) != cycle for shown in green):
        return None
    free = np.ones(cycle, dtype=np.bool_)
    for shown, time_s in zip(green, at_s, strict=True):
        free &= np.roll(shown, -round(time_s))
    if free.all():
        return 0, cycle
    if not free.any():
        return None
    begin = int(np.flatnonzero(~free)[0])  # start counting at a red second, so that no run is cut in two
    best, start, run = (0, 0), 0, 0
    for t in range(begin, begin + cycle):
        if free[t % cycle]:
            start = t if run == 0 else start
            run += 1
            best = max(best, (run, -start))
        else:
            run = 0
    return -best[1] % cycle, best[0]


def set_bands(problem: Problem, timing: Timing, *, seconds: float) -> None:
    """Set offsets for the widest bands, corridor by corridor, the heaviest first.

    A junction that an earlier corridor has set keeps its offset: the later corridor
    is shifted as a whole to meet the first of them, and only its other junctions are set.
    """
    corridors = find_corridors(problem.network, problem.streams, problem.legs)
    done: set[int] = set()
    for corridor in corridors:
        chain = [j for j in corridor if timing.cycle[j] == timing.cycle[corridor[0]]]
        ways = [way for way in directions(problem, timing, chain) if way is not None]
        if len(chain) < 2 or not ways or all(j in done for j in chain):
            continue
        cycle = int(timing.cycle[chain[0]])
        posed = [_way(way, timing, chain) for way in ways]
        found = widest_bands(posed, float(cycle), ratio=_LEAST_RATIO, seconds=seconds / max(1, len(corridors)))
        fixed = next((i for i, j in enumerate(chain) if j in done), 0)
        shift = int(timing.offset[chain[fixed]]) - round(found.offsets_s[fixed]) if chain[fixed] in done else 0
        for j, offset_s in zip(chain, found.offsets_s, strict=True):
            if j not in done:
                timing.offset[j] = (round(offset_s) + shift) % cycle
        done |= set(chain)


def _way(direction: Direction, timing: Timing, chain: Sequence[int]) -> Way:
    """Return a direction for the bandwidth model: its longest green at each junction, before the offset."""
    rows = {}
    for j, shown, time_s in zip(direction.junctions, direction.green, direction.at_s, strict=True):
        start, length = widest_band([shown], [0.0]) or (0, 0)
        rows[j] = (float((start - int(timing.offset[j])) % len(shown)), float(length), time_s)
    return Way(
        green_start_s=tuple(rows[j][0] for j in chain),
        green_s=tuple(rows[j][1] for j in chain),
        at_s=tuple(rows[j][2] for j in chain),
    )
