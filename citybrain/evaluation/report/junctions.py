"""Which junctions gained and lost: the time lost on the roads that lead up to each."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network

if TYPE_CHECKING:
    from citybrain.evaluation.run import RunRecord

REACH_M = 200.0
"""How far upstream of the stop line a road still counts as the junction's approach."""

_SMALLEST_H = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class JunctionChange:
    """Vehicle-hours lost on the approaches of a junction, means of the paired runs.

    Attributes
    ----------
    agreeing : int
        Seeds on which the change has the sign of the mean.
    """

    index: int
    id: str
    name: str
    baseline_h: float
    policy_h: float
    agreeing: int
    seeds: int

    @property
    def change_h(self) -> float:
        """Vehicle-hours more (or, negative, fewer) than with the baseline."""
        return self.policy_h - self.baseline_h

    @property
    def change_pct(self) -> float:
        """The same in per cent of the baseline; NaN where the baseline lost nothing."""
        return 100.0 * self.change_h / self.baseline_h if self.baseline_h > 0 else float("nan")


def approach_of_edges(network: Network, reach_m: float = REACH_M) -> NDArray[np.intp]:
    """Return the junction that each edge leads up to, or -1.

    An edge belongs to the signal at its end, or to the nearest one that its
    traffic reaches within ``reach_m`` without passing another. Each edge counts
    once, so that the sums over junctions and the rest make up the whole.
    """
    upstream: list[list[tuple[int, float]]] = [[] for _ in network.edges]
    for lane in network.lanes:
        for link in lane.links:
            to_edge = network.lanes[link.to_lane].edge
            if link.movement < 0 and to_edge != lane.edge:
                upstream[to_edge].append((lane.edge, link.via_m))
    owner = np.full(len(network.edges), -1, dtype=np.intp)
    # (metres from the end of the edge to the stop line, junction, edge): the nearest signal wins
    heap = [
        (0.0, movement.junction, network.lanes[movement.from_lane].edge)
        for movement in network.movements
        if movement.from_lane >= 0
    ]
    heapq.heapify(heap)
    while heap:
        distance_m, junction, edge = heapq.heappop(heap)
        if owner[edge] >= 0:
            continue
        owner[edge] = junction
        start_m = distance_m + network.edges[edge].length_m
        for previous, via_m in upstream[edge]:
            if owner[previous] < 0 and start_m + via_m <= reach_m:
                heapq.heappush(heap, (start_m + via_m, junction, previous))
    return owner


def approach_hours(network: Network, edge_delay_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vehicle-hours lost on the approaches of each junction."""
    owner = approach_of_edges(network)
    return _sum_by_junction(owner, edge_delay_s, len(network.junctions))


def junction_changes(network: Network, pairs: Sequence[tuple[RunRecord, RunRecord]]) -> list[JunctionChange]:
    """Return the change of every junction, the greatest gain first.

    Parameters
    ----------
    pairs : sequence of (policy's record, baseline's record)
        On the same seeds.
    """
    if not pairs:
        return []
    owner, n = approach_of_edges(network), len(network.junctions)
    own = np.array([_sum_by_junction(owner, record.edge_delay_s, n) for record, _ in pairs])
    base = np.array([_sum_by_junction(owner, record.edge_delay_s, n) for _, record in pairs])
    agreeing = (np.sign(own - base) == np.sign((own - base).mean(axis=0))).sum(axis=0)
    changes = [
        JunctionChange(
            index=junction.index,
            id=junction.id,
            name=junction_name(network, junction.index),
            baseline_h=float(base[:, junction.index].mean()),
            policy_h=float(own[:, junction.index].mean()),
            agreeing=int(agreeing[junction.index]),
            seeds=len(pairs),
        )
        for junction in network.junctions
    ]
    return sorted(changes, key=lambda change: (change.change_h, change.index))


def gained_and_lost(
    changes: Sequence[JunctionChange], limit: int = 8
) -> tuple[list[JunctionChange], list[JunctionChange]]:
    """Return the junctions with the greatest gain and those with the greatest loss."""
    gained = [change for change in changes if change.change_h < -_SMALLEST_H][:limit]
    lost = [change for change in reversed(changes) if change.change_h > _SMALLEST_H][:limit]
    return gained, lost


def junction_name(network: Network, index: int) -> str:
    """Return the name of a junction, or else the streets that meet there; may be empty."""
    junction = network.junctions[index]
    if junction.name:
        return junction.name
    lanes = [network.movements[m].from_lane for m in junction.movements]
    edges = {network.lanes[lane].edge for lane in lanes if lane >= 0}
    streets = Counter(network.edges[edge].name for edge in sorted(edges) if network.edges[edge].name)
    return " / ".join(name for name, _ in streets.most_common(2))


def _sum_by_junction(
    owner: NDArray[np.intp], edge_delay_s: NDArray[np.float64], n_junctions: int
) -> NDArray[np.float64]:
    known = owner >= 0
    return np.bincount(owner[known], weights=edge_delay_s[known], minlength=n_junctions) / 3600.0
