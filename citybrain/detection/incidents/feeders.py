"""Who feeds a link: the movements upstream that lead to it, and how long their vehicles take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches
from citybrain.detection.incidents.shape import Shape
from citybrain.network.model import Network

RING_S = 512
"""Nobody is waited for longer, in steps of a second."""
_REACH_M = 1200.0
_FASTEST, _SLOWEST, _SLOW_START_S, _SLACK_S = 1.4, 0.85, 3.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeders:
    """Arrays over pairs of a source, where vehicles are counted, and a link that it leads to.

    Attributes
    ----------
    source, link : ndarray of int64
        A source is a movement upstream, or a watched lane of the link itself.
    share : ndarray of float64
        Of those counted there, who come to the link where roads fork without a signal.
    first, last : ndarray of int64
        Seconds until the fastest and the slowest come in at the place of counting.
    """

    source: NDArray[np.int64]
    link: NDArray[np.int64]
    share: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def find_feeders(network: Network, shape: Shape, gate_m: NDArray[np.float64]) -> Feeders:
    """Return all pairs of a movement upstream and a link.

    Parameters
    ----------
    gate_m : ndarray of float64, by link
        Distance of the place of counting from the stop line.
    """
    a = Approaches(network, reach_m=_REACH_M)
    ways = a.edges_ways
    entries: dict[tuple[int, int], tuple[float, float, float]] = {}
    for m in network.movements:
        if m.is_crossing:
            continue
        edge = network.lanes[m.to_lane].edge
        for row in range(int(ways.at[edge]), int(ways.at[edge + 1])):
            stop = int(ways.stop_lane[row])
            link = int(shape.link_of_lane[stop])
            share, _, _ = entries.get((m.index, link), (0.0, 0.0, 0.0))
            way_m = max(float(ways.distance_m[row]) + m.path_m - float(gate_m[link]), 0.0)
            entries[m.index, link] = (share + float(ways.share[row]), way_m, float(a.limit_mps[stop]))
    rows = sorted(entries)
    way, limit = np.array([entries[row][1:] for row in rows]).reshape(-1, 2).T
    last = np.ceil(way / (_SLOWEST * limit) + _SLOW_START_S + _SLACK_S).astype(np.int64)
    return Feeders(
        source=np.array([m for m, _ in rows], np.int64),
        link=np.array([link for _, link in rows], np.int64),
        share=np.array([entries[row][0] for row in rows]),
        first=np.floor(way / (_FASTEST * limit)).astype(np.int64),
        last=np.minimum(last, RING_S - 1),
    )


def find_gates(shape: Shape, gate_m: float) -> Feeders:
    """Return what the places of counting send to the stop lines of their own link: a source is a watched lane.

    Parameters
    ----------
    gate_m : float
        Distance of the places of counting from the stop line, at most.
    """
    n = len(shape.lane)
    slowest_mps = _SLOWEST * shape.approaches.limit_mps[shape.lane]
    return Feeders(
        source=np.arange(n),
        link=shape.link_of,
        share=np.ones(n),
        first=np.zeros(n, np.int64),
        last=np.ceil(gate_m / slowest_mps + _SLOW_START_S + _SLACK_S).astype(np.int64),
    )
