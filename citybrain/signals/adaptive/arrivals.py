"""Who comes to which stop line when: those in sight, those expected, those that neighbours send."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network
from citybrain.signals.adaptive.cars import Batch
from citybrain.signals.adaptive.tables import Tables

_MOST_HOPS = 6
_START_UP_S = 2.0


def travel_time_s(
    distance_m: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    limit_mps: NDArray[np.float64],
    acceleration_mps2: float,
) -> NDArray[np.float64]:
    """Return the shortest time over a distance from a speed, accelerating up to the limit."""
    speeding_up_s = (limit_mps - speed_mps) / acceleration_mps2
    speeding_up_m = (limit_mps + speed_mps) / 2 * speeding_up_s
    short = (np.sqrt(speed_mps**2 + 2 * acceleration_mps2 * distance_m) - speed_mps) / acceleration_mps2
    long = speeding_up_s + (distance_m - speeding_up_m) / limit_mps
    return np.where(distance_m < speeding_up_m, short, long)


class Expected:
    """Arrivals from beyond sight, at the rate learnt from those that crossed before.

    Only for stop lines that no signal feeds: the others hear from their neighbours.

    Parameters
    ----------
    memory_s : float
        Time constant of the learnt rates.
    """

    def __init__(self, network: Network, tables: Tables, *, sight_m: float, memory_s: float = 300.0) -> None:
        reach_m, self.fed = road_in_sight(network, sight_m)
        lanes = [network.lanes[index] for index in tables.lane]
        seen_s = np.array([min(sight_m, reach_m[lane.edge]) / max(lane.speed_mps, 1.0) for lane in lanes])
        fed = np.array([self.fed[lane.edge] for lane in lanes], dtype=np.bool_)
        self._lane = tables.move_lane.astype(np.int64)
        self._seen_s, self._fed = seen_s[self._lane], fed[self._lane]
        self._rate_vps = np.zeros(len(self._lane))
        self._memory_s, self._age_s = memory_s, 0.0

    def learn(self, passed: NDArray[np.float64], dt_s: float) -> None:
        """Take in the vehicles that crossed in the last ``dt_s``, by movement row."""
        self._age_s += dt_s
        share = dt_s / min(self._age_s, self._memory_s)
        self._rate_vps += share * (passed / dt_s - self._rate_vps)

    @property
    def from_outside_vps(self) -> NDArray[np.float64]:
        """Learnt arrivals by movement row where no signal feeds the approach, else 0."""
        return np.where(self._fed, 0.0, self._rate_vps)

    def batch(self, horizon_s: float, share: NDArray[np.float64], *, neighbours: bool) -> Batch:
        """Return evenly spaced arrivals up to the horizon.

        ``share`` of those that are expected to come is counted on, by movement row.
        """
        rate = self.from_outside_vps if neighbours else self._rate_vps
        count = np.floor(np.maximum(horizon_s - self._seen_s, 0) * rate * share + 0.5).astype(np.int64)
        count[rate < 1e-4] = 0
        move = np.repeat(np.arange(len(rate)), count)
        place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        eta_s = self._seen_s[move] + (place + 0.5) / np.maximum(rate[move], 1e-9)
        return Batch(self._lane[move], eta_s, move, np.ones(len(move)))


def road_in_sight(network: Network, sight_m: float) -> tuple[list[float], list[bool]]:
    """Return by edge the length of road in sight upstream of its end, and whether a signal feeds it there."""
    before: list[list[int]] = [[] for _ in network.edges]
    behind_signal = [False] * len(network.edges)
    for lane in network.lanes:
        for link in lane.links:
            to = network.lanes[link.to_lane].edge
            if link.movement >= 0:
                behind_signal[to] = True
            elif lane.edge not in before[to]:
                before[to].append(lane.edge)
    reach_m, fed = [], []
    for edge in network.edges:
        longest, any_fed, seen = 0.0, False, set()
        open_ = [(edge.index, 0.0)]
        while open_:
            index, distance = open_.pop()
            if index in seen:
                continue
            seen.add(index)
            distance += network.edges[index].length_m
            longest = max(longest, distance)
            any_fed |= behind_signal[index]
            if distance < sight_m:
                open_ += [(other, distance) for other in before[index]]
        reach_m.append(longest)
        fed.append(any_fed)
    return reach_m, fed


class Downstream(NamedTuple):
    """By network lane: movement rows of the next stop line, and the time to it from entering the lane."""

    at: NDArray[np.int64]
    move: NDArray[np.int64]
    travel_s: NDArray[np.float64]


def downstream(network: Network, tables: Tables) -> Downstream:
    """Find the next stop line of every lane, as far as the road does not branch."""
    rows: dict[int, list[int]] = {}
    for index, row in enumerate(tables.move_row):
        if row >= 0:
            rows.setdefault(network.lanes[network.movements[index].from_lane].edge, []).append(int(row))
    at, moves, travel = [0], [], []
    for lane in network.lanes:
        edge, seconds = lane.edge, _START_UP_S
        for _ in range(_MOST_HOPS):
            here = network.edges[edge]
            seconds += here.length_m / max(here.speed_mps, 1.0)
            following = {network.lanes[k.to_lane].edge for i in here.lanes for k in network.lanes[i].links}
            if edge in rows or len(following) != 1:
                break
            edge = following.pop()
        moves += sorted(rows.get(edge, []))
        at.append(len(moves))
        travel.append(seconds)
    return Downstream(np.array(at, np.int64), np.array(moves, np.int64), np.array(travel))
