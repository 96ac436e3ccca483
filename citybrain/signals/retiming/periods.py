"""Boundaries of time-of-day periods, found from the demand.

The window is cut into quarters of an hour; a dynamic programme joins them into
as many periods as pay for themselves: within a period flows differ little from
their mean (least squares), and every further period must explain 5 % of the
variance of the whole window.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.scenario import Scenario
from citybrain.signals.retiming.routes import read_routes

_QUARTER_S = 900.0
_LEAST_QUARTERS = 2  # a plan for less would be switched more than it is run
_LEAST_EXPLAINED = 0.05


def split_day(scenario: Scenario, most: int) -> list[tuple[float, float]]:
    """Return the periods of a scenario's window, seconds."""
    n = max(1, round((scenario.end_s - scenario.begin_s) / _QUARTER_S))
    length_s = (scenario.end_s - scenario.begin_s) / n
    origins: dict[str, int] = {}
    rows: list[tuple[int, int]] = []
    for vehicle in read_routes(scenario):
        place = int((vehicle.depart_s - scenario.begin_s) // length_s)
        if 0 <= place < n:
            rows.append((place, origins.setdefault(vehicle.edges[0], len(origins))))
    flows = np.zeros((n, max(1, len(origins))))
    for place, origin in rows:
        flows[place, origin] += 1
    cuts = segment(flows, most)
    edges = [scenario.begin_s + cut * length_s for cut in cuts]
    return list(itertools.pairwise(edges))


def segment(flows: NDArray[np.float64], most: int) -> list[int]:
    """Cut rows into consecutive parts of least squared deviation; returns the cuts, ends included.

    Parameters
    ----------
    flows : ndarray, shape (n_slices, n_origins)
    most : int
        Parts at most.
    """
    n = len(flows)
    cost = np.full((n + 1, n + 1), np.inf)
    for a in range(n):
        for b in range(a + min(_LEAST_QUARTERS, n), n + 1):
            part = flows[a:b]
            cost[a, b] = float(((part - part.mean(axis=0)) ** 2).sum())
    best = np.full((most + 1, n + 1), np.inf)
    origin = np.zeros((most + 1, n + 1), dtype=np.int64)
    best[0, 0] = 0.0
    for k in range(1, most + 1):
        for b in range(1, n + 1):
            values = best[k - 1, :b] + cost[:b, b]
            origin[k, b] = int(values.argmin())
            best[k, b] = values[origin[k, b]]
    parts = 1
    for k in range(2, most + 1):
        if best[k, n] <= best[k - 1, n] - _LEAST_EXPLAINED * cost[0, n] and cost[0, n] > 0:
            parts = k
        else:
            break
    cuts = [n]
    for k in range(parts, 0, -1):
        cuts.append(int(origin[k, cuts[-1]]))
    return cuts[::-1]
