"""Bandwidth against published optima and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from citybrain.errors import InputError
from citybrain.signals.retiming.bandwidth import Way, widest_bands


def two_way(at_s, greens_s):
    back = tuple(at_s[-1] - t for t in at_s)
    start = tuple(0.0 for _ in at_s)
    return (
        Way(green_start_s=start, green_s=tuple(greens_s), at_s=tuple(at_s)),
        Way(green_start_s=start, green_s=tuple(greens_s), at_s=back),
    )


def half_integer_optimum(at_s, greens_s, cycle_s):
    """Return the widest equal bands of a two-way street, by the theorem of Morgan and Little.

    J. T. Morgan and J. D. C. Little, Synchronizing traffic signals for maximal bandwidth, Operations
    Research 12, 1964: where both directions have the same greens and speeds, some half-integer
    synchronisation is best, that is, one with the centre of every green at 0 or at half a cycle. One
    direction is then the other's mirror image, and the common part of one set of greens is the band.
    """
    best = 0.0
    for halves in itertools.product((0.0, 0.5), repeat=len(at_s) - 1):
        centres = [cycle_s * half - at for half, at in zip((0.0, *halves), at_s, strict=True)]
        starts = [(c - g / 2) % cycle_s for c, g in zip(centres, greens_s, strict=True)]
        for begin in starts:  # the band begins where one of the greens does
            lags = [(begin - start) % cycle_s for start in starts]
            best = max(best, min(g - lag for g, lag in zip(greens_s, lags, strict=True)))
    return best


@pytest.mark.parametrize(
    ("spacing", "efficiency"),
    [(1 / 2, 1 / 2), (1 / 4, 1 / 4), (1 / 6, 1 / 6)],
    ids=["simple alternate", "double alternate", "triple alternate"],
)
def test_alternating_systems_reach_their_bandwidth(spacing, efficiency):
    # equal spacing, 50:50 splits: bands of 50 %, 25 % and 16.7 % for signals 1/2, 1/4 and 1/6 of a cycle apart
    cycle_s = 60.0
    at_s = [k * spacing * cycle_s for k in range(7)]
    assert half_integer_optimum(at_s, [30.0] * 7, cycle_s) == pytest.approx(efficiency * cycle_s)
    found = widest_bands(two_way(at_s, [30.0] * 7), cycle_s, ratio=1.0)
    assert found.optimal
    assert sum(found.widths_s) / 2 / cycle_s == pytest.approx(efficiency, abs=0.003)


# Ten signals in Cleveland: J. D. C. Little, The synchronization of traffic signals by mixed-integer linear
# programming, Operations Research 14, 1966, pp. 568-594, as LINDO's model library restates them
# (lindo.com, TRAFFIC_LIGHTS): metres from the signal before, share of green.
CLEVELAND_M = (0, 168, 213, 335, 213, 244, 198, 122, 213, 137)
CLEVELAND_GREEN = (0.53, 0.60, 0.60, 0.53, 0.52, 0.58, 0.60, 0.60, 0.60, 0.58)


@pytest.mark.parametrize(("cycle_s", "speed_mps"), [(55.0, 13.4), (65.0, 15.2), (75.0, 17.9)])
def test_the_cleveland_street_of_little_1966_reaches_the_optimum(cycle_s, speed_mps):
    at_s = [m / speed_mps for m in itertools.accumulate(CLEVELAND_M)]
    greens_s = [share * cycle_s for share in CLEVELAND_GREEN]
    found = widest_bands(two_way(at_s, greens_s), cycle_s, ratio=1.0)
    assert found.optimal
    best_s = half_integer_optimum(at_s, greens_s, cycle_s)
    assert best_s > 0.1 * cycle_s
    assert min(found.widths_s) == pytest.approx(best_s, abs=0.3)  # ten times are rounded to tenths of a second


def test_two_signals_by_hand():
    # 35 s apart, 30 s of green in 60: the whole green there leaves 30 - (2 * 35 - 60) = 20 s back
    at_s = [0.0, 35.0]
    found = widest_bands(two_way(at_s, [30.0, 30.0]), 60.0)
    assert sum(found.widths_s) == pytest.approx(50.0)


def test_one_way_is_as_wide_as_the_shortest_green():
    way = Way(green_start_s=(0.0, 5.0, 0.0), green_s=(30.0, 22.0, 25.0), at_s=(0.0, 17.0, 41.0))
    found = widest_bands([way], 70.0)
    assert found.widths_s == (22.0,)


def brute_force(ways, cycle):
    """Sum of bands over all whole offsets, second by second."""
    best = 0
    n = len(ways[0].at_s)
    for rest in itertools.product(range(cycle), repeat=n - 1):
        total = 0
        for way in ways:
            free = np.ones(cycle, dtype=bool)
            for offset, start, green, at in zip((0, *rest), way.green_start_s, way.green_s, way.at_s, strict=True):
                shown = np.zeros(cycle, dtype=bool)
                shown[np.arange(offset + int(start), offset + int(start + green)) % cycle] = True
                free &= np.roll(shown, -int(at))
            run = longest = 0
            for value in [*free, *free]:
                run = run + 1 if value else 0
                longest = max(longest, run)
            total += min(longest, cycle)
        best = max(best, total)
    return best


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_optimum_is_that_of_brute_force(seed):
    generator = np.random.default_rng(seed)
    cycle, n = 20, 3
    at_s = np.cumsum([0, *generator.integers(3, 15, n - 1)]).tolist()
    ways = two_way(at_s, generator.integers(6, 12, n).tolist())
    found = widest_bands(ways, float(cycle))
    # bands of no width need not be lined up with anything, so they count nothing in both
    assert sum(found.widths_s) == pytest.approx(brute_force(ways, cycle), abs=0.11)


def test_absurd_greens_are_refused():
    with pytest.raises(InputError, match="longer than the cycle"):
        widest_bands(two_way([0.0, 10.0], [50.0, 80.0]), 60.0)
