"""Who feeds a link: movements upstream and entry loops that lead to it, and how long their vehicles take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.detection.approaches import Approaches, Ways
from citybrain.detection.incidents.shape import Shape
from citybrain.network.model import Network

RING_S = 512
"""Nobody is waited for longer, in steps of a second."""
_REACH_M = 1200.0
_FASTEST, _SLOWEST, _SLOW_START_S, _SLACK_S = 1.4, 0.85, 3.0, 2.0
_MISSED_ONCE, _MISSED_TWICE = 0.97, 0.997
"""Loops miss a few of a hundred; who comes to a link is noticed upstream or at the stop line."""
_MAY_COME, _MUST_COME = 0.4, 0.75
"""Chances believed at first: of those who cross a stop line upstream, and of those counted on a road that leads here alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeders:
    """Arrays over pairs of a source, where vehicles are counted, and a link that it leads to.

    Attributes
    ----------
    source, link : ndarray of int64
        A source is a movement upstream or (numbered from the number of movements on) an edge with entry loops; or a
        watched lane of the link itself.
    chance : ndarray of float64
        Of those counted there, the share that is believed to come to the link as long as nothing is known.
    first, last : ndarray of int64
        Seconds until the fastest and the slowest come in at the place of counting.
    surest : float
        Of those counted at a source, the most that are believed to be noticed here.
    """

    source: NDArray[np.int64]
    link: NDArray[np.int64]
    chance: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    surest: float


def find_feeders(
    network: Network, shape: Shape, gate_m: NDArray[np.float64], counted: NDArray[np.bool_] | None = None
) -> Feeders:
    """Return all pairs of a place upstream at which vehicles are counted and a link.

    Parameters
    ----------
    gate_m : ndarray of float64, by link
        Distance of the place of counting from the stop line.
    counted : ndarray of bool, by edge, optional
        Whether who enters the edge is counted there: those loops tell more than the stop lines before them.
    """
    a = Approaches(network, reach_m=_REACH_M)
    ways, n = a.edges_ways, len(network.movements)
    own = np.zeros(len(network.edges), np.bool_) if counted is None else counted
    sources = [(n + int(edge), int(edge), 0.0, _MUST_COME) for edge in np.flatnonzero(own)]
    for m in network.movements:
        edge = network.lanes[m.to_lane].edge
        if not m.is_crossing and not own[edge]:
            sources.append((m.index, edge, m.path_m, _MAY_COME))
    rows = sorted(
        (source, link, chance * share, path_m + way_m - float(gate_m[link]), limit_mps)
        for source, edge, path_m, chance in sources
        for link, share, way_m, limit_mps in _links_from(ways, edge, shape)
    )
    way_m, limit = np.maximum([row[3] for row in rows], 0.0), np.array([row[4] for row in rows])
    last = np.ceil(way_m / (_SLOWEST * limit) + _SLOW_START_S + _SLACK_S).astype(np.int64)
    return Feeders(
        source=np.array([row[0] for row in rows], np.int64),
        link=np.array([row[1] for row in rows], np.int64),
        chance=np.array([row[2] for row in rows]),
        first=np.floor(way_m / (_FASTEST * limit)).astype(np.int64),
        last=np.minimum(last, RING_S - 1),
        surest=_MISSED_TWICE,
    )


def _links_from(ways: Ways, edge: int, shape: Shape) -> list[tuple[int, float, float, float]]:
    """Return the links that an edge leads to: share, distance from its start to the stop line, speed limit there."""
    found: dict[int, tuple[float, float, float]] = {}
    for row in range(int(ways.at[edge]), int(ways.at[edge + 1])):
        stop = int(ways.stop_lane[row])
        link = int(shape.link_of_lane[stop])
        share = found.get(link, (0.0, 0.0, 0.0))[0] + float(ways.share[row])
        found[link] = (share, float(ways.distance_m[row]), float(shape.approaches.limit_mps[stop]))
    return [(link, *way) for link, way in found.items()]


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
        chance=np.full(n, _MAY_COME),
        first=np.zeros(n, np.int64),
        last=np.ceil(gate_m / slowest_mps + _SLOW_START_S + _SLACK_S).astype(np.int64),
        surest=_MISSED_ONCE,
    )
