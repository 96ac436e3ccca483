"""Offsets for the widest green bands along a corridor, as a mixed-integer programme.

The model is MAXBAND with a given cycle (Little, Kelson and Gartner, MAXBAND: a
program for setting signals on arteries and triangular networks, Transportation
Research Record 795, 1981), written with whole cycles as integers:

    max   w b + w' b'
    s + t_i  = o_i + g_i + e_i + C k_i,    0 <= e_i,  e_i + b  <= G_i     (there)
    s' + t'_i = o_i + g'_i + e'_i + C k'_i, 0 <= e'_i, e'_i + b' <= G'_i  (and back)

``s``: start of the band at its first signal; ``t_i``: driving time to signal ``i``;
``g_i``, ``G_i``: start in the cycle and length of its green along the corridor.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from citybrain.errors import InputError

_TICKS = 10  # a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction of a corridor, signals in the corridor's order, not in driving order.

    Attributes
    ----------
    green_start_s, green_s : tuple of float
        Start of the green along the corridor after the offset, and its length.
    at_s : tuple of float
        Driving time from the direction's own first signal.
    """

    green_start_s: tuple[float, ...]
    green_s: tuple[float, ...]
    at_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Offsets (the first is 0) and the widths of the bands, seconds."""

    offsets_s: tuple[float, ...]
    widths_s: tuple[float, ...]
    optimal: bool


def widest_bands(
    ways: Sequence[Way],
    cycle_s: float,
    *,
    weights: Sequence[float] = (),
    ratio: float = 0.0,
    seconds: float = 20.0,
    seed: int = 1,
) -> Bands:
    """Find the offsets whose bands are widest together.

    Parameters
    ----------
    ways : sequence of Way
        One or two directions.
    weights : sequence of float
        Of each direction; equal where not given.
    ratio : float
        No band is narrower than this share of the other; without it one may be given up.

    Raises
    ------
    InputError
        If a direction has another number of signals, or a green is longer than the cycle.
    """
    n = len(ways[0].at_s)
    for way in ways:
        if not len(way.at_s) == len(way.green_s) == len(way.green_start_s) == n:
            raise InputError(f"a direction has {len(way.at_s)} driving times, the corridor {n} signals")
        if max(way.green_s) > cycle_s:
            raise InputError(f"a green of {max(way.green_s):g} s is longer than the cycle of {cycle_s:g} s")
    cycle = round(cycle_s * _TICKS)
    model = cp_model.CpModel()
    offsets = [model.new_int_var(0, cycle - 1, f"o{i}") for i in range(n)]
    model.add(offsets[0] == 0)
    widths = []
    for d, way in enumerate(ways):
        width = model.new_int_var(0, round(min(way.green_s) * _TICKS), f"b{d}")
        start = model.new_int_var(0, cycle - 1, f"s{d}")
        there = model.new_bool_var(f"u{d}")  # a direction may do without a band, and then asks for nothing
        model.add(width == 0).only_enforce_if(~there)
        for i in range(n):
            early = model.new_int_var(0, round(way.green_s[i] * _TICKS), f"e{d}-{i}")
            turns = model.new_int_var(-3, 3 + round(way.at_s[i] * _TICKS) // cycle, f"k{d}-{i}")
            model.add(
                start + round(way.at_s[i] * _TICKS)
                == offsets[i] + round(way.green_start_s[i] * _TICKS) + early + cycle * turns
            ).only_enforce_if(there)
            model.add(early + width <= round(way.green_s[i] * _TICKS)).only_enforce_if(there)
        widths.append(width)
    if len(widths) == 2 and ratio > 0:
        model.add(1000 * widths[0] >= round(1000 * ratio) * widths[1])
        model.add(1000 * widths[1] >= round(1000 * ratio) * widths[0])
    shares = list(weights) or [1.0] * len(ways)
    model.maximize(sum(round(100 * share) * width for share, width in zip(shares, widths, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 2
    solver.parameters.catch_sigint_signal = False  # it would leave Ctrl-C deadly for the whole process
    solver.parameters.max_time_in_seconds = seconds
    alarm = threading.Timer(seconds + 1.0, solver.stop_search)  # the solver's own limit is not always kept
    alarm.daemon = True
    alarm.start()
    try:
        status = solver.solve(model)
    finally:
        alarm.cancel()
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Bands(offsets_s=(0.0,) * n, widths_s=(0.0,) * len(ways), optimal=False)
    return Bands(
        offsets_s=tuple(solver.value(offset) / _TICKS for offset in offsets),
        widths_s=tuple(solver.value(width) / _TICKS for width in widths),
        optimal=status == cp_model.OPTIMAL,
    )
