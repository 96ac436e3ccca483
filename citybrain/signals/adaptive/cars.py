"""Vehicles by stop line, in the order in which they will reach it, and who follows whom before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_FAR_S, _BEHIND_S = 1e5, 1e-3


class Arrivals(NamedTuple):
    """Vehicles by stop line, in the order in which they will reach it.

    Attributes
    ----------
    at : ndarray of int64, shape (n_stop_lines + 1,)
        Stop line ``i`` owns rows ``at[i]:at[i + 1]``.
    eta_s : ndarray of float64
        Earliest time at the stop line, from now.
    move : ndarray of int64
        Movement row of :class:`~citybrain.signals.adaptive.tables.Tables`.
    weight : ndarray of float64
        Vehicles that the row stands for.
    feeder : ndarray of int64
        Network lane it is on, where that lies before the lane of its stop line, else -1.
    ahead : ndarray of int64
        Row of the vehicle ahead on that lane, -1 where there is none.
    """

    at: NDArray[np.int64]
    eta_s: NDArray[np.float64]
    move: NDArray[np.int64]
    weight: NDArray[np.float64]
    feeder: NDArray[np.int64]
    ahead: NDArray[np.int64]


class Batch(NamedTuple):
    """Arrivals in no order: stop line, time from now, movement row, weight."""

    lane: NDArray[np.int64]
    eta_s: NDArray[np.float64]
    move: NDArray[np.int64]
    weight: NDArray[np.float64]


class Files(NamedTuple):
    """Who follows whom on the lanes before those of the stop lines: see :class:`Arrivals`."""

    feeder: NDArray[np.int64]
    ahead: NDArray[np.int64]


def merge(batches: list[Batch], n_lanes: int, files: Files | None = None) -> Arrivals:
    """Sort batches into one queue for each stop line; in a tie the earlier batch goes first.

    ``files`` is about the rows of the first batch; nothing is known of the others.
    """
    lane, eta_s, move, weight = (np.concatenate(column) for column in zip(*batches, strict=True))
    order = np.lexsort((eta_s, lane))
    lane = lane[order]
    at = np.searchsorted(lane, np.arange(n_lanes + 1)).astype(np.int64)
    feeder, ahead = np.full(len(lane), -1), np.full(len(lane), -1)
    if files is not None:
        place = np.empty(len(lane), np.int64)
        place[order] = np.arange(len(lane))
        first = place[: len(files.feeder)]
        feeder[first] = files.feeder
        ahead[first] = np.where(files.ahead >= 0, place[files.ahead], -1)
    return Arrivals(at, eta_s[order], move[order], weight[order], feeder, ahead)


def in_file(
    road: NDArray[np.int64],
    own: NDArray[np.bool_],
    junction: NDArray[np.int64],
    distance_m: NDArray[np.float64],
    eta_s: NDArray[np.float64],
) -> tuple[NDArray[np.float64], Files]:
    """Return arrival times at which nobody overtakes on the lane ``road`` he is on now, and who follows whom.

    Parameters
    ----------
    road : ndarray of int64
        Network lane, -1 where it is not known.
    own : ndarray of bool
        Whether that is the lane of the vehicle's own stop line.
    junction : ndarray of int64
        Junction of that stop line.
    """
    feeder, ahead = np.where(own, -1, road), np.full(len(road), -1)
    order = np.lexsort((distance_m, road))
    order = order[np.searchsorted(road[order], 0) :]
    if not len(order):
        return eta_s, Files(feeder, ahead)
    lane = road[order]
    same = np.concatenate(([False], lane[1:] == lane[:-1]))
    group = np.cumsum(~same)
    place = np.arange(len(order)) - np.flatnonzero(~same)[group - 1]
    eta_s = eta_s.copy()
    eta_s[order] = np.maximum.accumulate(eta_s[order] + _FAR_S * group) - _FAR_S * group + _BEHIND_S * place
    follows = same & ~own[order] & np.concatenate(([False], junction[order][1:] == junction[order][:-1]))
    ahead[order[follows]] = order[np.flatnonzero(follows) - 1]
    return eta_s, Files(feeder, ahead)
