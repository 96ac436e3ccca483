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


@pytest.mark.parametrize(
    ("spacing", "efficiency"),
    [(1 / 2, 1 / 2), (1 / 4, 1 / 4), (1 / 6, 1 / 6)],
    ids=["simple alternate", "double alternate", "triple alternate"],
)
def test_alternating_systems_reach_their_published_bandwidth(spacing, efficiency):
    # equal spacing, 50:50 splits: Roess, Prassas and McShane, Traffic Engineering, 4th ed., ch. 24
    # (signal coordination): efficiencies 50 %, 25 % and 16.7 % for signals 1/2, 1/4 and 1/6 of a cycle apart
    cycle_s = 60.0
    at_s = [k * spacing * cycle_s for k in range(7)]
    found = widest_bands(two_way(at_s, [30.0] * 7), cycle_s, ratio=1.0)
    assert found.optimal
    assert sum(found.widths_s) / 2 / cycle_s == pytest.approx(efficiency, abs=0.003)


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
