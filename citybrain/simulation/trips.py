"""Demand for the point-queue twin: trips drawn once, the same for every policy that is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from citybrain.network.model import Link, Network

_MOST_TURNS = 50
"""A trip ends at the latest after so many junctions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A vehicle's way: ``links[k]`` leads from ``lanes[k]`` to the edge of ``lanes[k + 1]``."""

    depart_ms: int
    lanes: tuple[int, ...]
    links: tuple[Link, ...]


def poisson_trips(
    network: Network,
    rng: np.random.Generator,
    *,
    flow_vph: float | Mapping[int, float],
    end_s: float,
    begin_s: float = 0.0,
    turns: Mapping[str, float] | None = None,
) -> list[Trip]:
    """Draw trips that arrive at random and turn at random until they leave the network.

    Parameters
    ----------
    flow_vph : float or mapping
        Vehicles an hour on every edge that leads into the network, or by edge index.
    turns : mapping of str to float, optional
        Relative frequency of each turn; 0.2 left, 0.6 straight, 0.2 right where not given.
    """
    ways_out = [[(lane, link) for lane in edge.lanes for link in network.lanes[lane].links] for edge in network.edges]
    entered = {network.lanes[link.to_lane].edge for ways in ways_out for _, link in ways}
    if not isinstance(flow_vph, Mapping):
        entries = (e.index for e in network.edges if e.index not in entered and ways_out[e.index])
        flow_vph = dict.fromkeys(entries, flow_vph)
    share = {"left": 0.2, "straight": 0.6, "right": 0.2} if turns is None else turns
    trips = []
    for edge, vph in flow_vph.items():
        n = int(rng.poisson(vph * (end_s - begin_s) / 3600))
        for depart_s in np.sort(rng.uniform(begin_s, end_s, n)).tolist():
            lanes, links = _walk(network, rng, ways_out, edge, share)
            trips.append(Trip(depart_ms=round(depart_s * 1000), lanes=lanes, links=links))
    return sorted(trips, key=lambda trip: trip.depart_ms)


def _walk(
    network: Network,
    rng: np.random.Generator,
    ways_out: Sequence[Sequence[tuple[int, Link]]],
    edge: int,
    share: Mapping[str, float],
) -> tuple[tuple[int, ...], tuple[Link, ...]]:
    lanes: list[int] = []
    links: list[Link] = []
    while ways_out[edge] and len(links) < _MOST_TURNS:
        weight = np.array(
            [share.get(network.movements[k.movement].turn, 0.0) if k.movement >= 0 else 1.0 for _, k in ways_out[edge]]
        )
        lane, link = ways_out[edge][int(rng.choice(len(weight), p=weight / weight.sum()))]
        lanes.append(lane)
        links.append(link)
        edge = network.lanes[link.to_lane].edge
    return (*lanes, network.edges[edge].lanes[0]), tuple(links)
