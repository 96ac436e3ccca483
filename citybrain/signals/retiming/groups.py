"""Groups of junctions that belong together, and the corridors through them, found from the traffic.

Two junctions are coupled when the traffic that goes from one to the other is
heavy for their distance: coupling index ``vehicles per hour / metres`` of at
least 0.5 both ways together (Yagoda, Principe, Vick and Leonard, Subdivision of
signal systems into control areas, Traffic Engineering 43, 1973, in metric units).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx
import numpy as np

from citybrain.network.model import Network
from citybrain.signals.retiming.queues import Tables
from citybrain.signals.retiming.streams import Streams

COUPLED = 0.5
_SHORTEST_CORRIDOR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Traffic from one junction to the next: flow (veh/h), distance (m), driving time (s)."""

    start: int
    end: int
    vph: float
    length_m: float
    time_s: float
    up_stream: int
    down_stream: int
    """The heaviest pair of streams on it."""


def find_legs(streams: Streams, tables: Tables) -> dict[tuple[int, int], Leg]:
    """Return the traffic between neighbouring junctions, by (from, to)."""
    mean_vph = 3600.0 * np.asarray(tables.weight @ tables.feed_vps)
    by_pair: dict[tuple[int, int], list[int]] = defaultdict(list)
    for feed, (up, down) in enumerate(streams.feeds):
        start, end = streams.streams[up].junction, streams.streams[down].junction
        if start != end and mean_vph[feed] > 0:
            by_pair[start, end].append(feed)
    legs = {}
    for (start, end), feeds in by_pair.items():
        heaviest = max(feeds, key=lambda feed: mean_vph[feed])
        legs[start, end] = Leg(
            start=start,
            end=end,
            vph=float(sum(mean_vph[feed] for feed in feeds)),
            length_m=float(streams.feed_m[heaviest]),
            time_s=float(streams.feed_s[heaviest]),
            up_stream=int(streams.feeds[heaviest, 0]),
            down_stream=int(streams.feeds[heaviest, 1]),
        )
    return legs


def coupling_graph(n_junctions: int, legs: Mapping[tuple[int, int], Leg]) -> nx.Graph:
    """Return the junctions with their coupling index on the edges."""
    graph = nx.Graph()
    graph.add_nodes_from(range(n_junctions))
    for (start, end), leg in legs.items():
        index = leg.vph / max(leg.length_m, 20.0)
        known = graph.get_edge_data(start, end, {"index": 0.0})["index"]
        graph.add_edge(start, end, index=known + index)
    return graph


def find_groups(n_junctions: int, legs: Mapping[tuple[int, int], Leg]) -> list[list[int]]:
    """Return the groups: junctions joined by coupling, largest first; loners are groups of one."""
    graph = coupling_graph(n_junctions, legs)
    weak = [(a, b) for a, b, index in graph.edges(data="index") if index < COUPLED]
    graph.remove_edges_from(weak)
    return sorted((sorted(group) for group in nx.connected_components(graph)), key=lambda g: (-len(g), g))


def find_corridors(
    network: Network, streams: Streams, legs: Mapping[tuple[int, int], Leg], *, most: int = 12
) -> list[list[int]]:
    """Return chains of junctions along the heaviest traffic, heaviest chain first.

    A chain grows at both ends by the heaviest coupling whose traffic goes straight
    on, and never passes a junction twice.
    """
    graph = coupling_graph(len(network.junctions), legs)
    onward: dict[tuple[int, int], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for (start, end), leg in legs.items():
        for (middle, after), following in legs.items():
            on = middle == end and after != start and following.up_stream == leg.down_stream
            if on and streams.streams[leg.down_stream].turn == "straight":
                onward[start, end][after] += min(leg.vph, following.vph)
    pairs = sorted(graph.edges(data="index"), key=lambda edge: -edge[2])
    used: set[frozenset[int]] = set()
    chains = []
    for a, b, _ in pairs:
        if frozenset((a, b)) in used:
            continue
        chain = [a, b]
        for _ in range(2):
            while True:
                choices = {
                    k: v for k, v in onward[chain[-2], chain[-1]].items()
                    if k not in chain and frozenset((chain[-1], k)) not in used
                }  # fmt: skip
                if not choices:
                    break
                chain.append(max(choices, key=lambda k: (choices[k], -k)))
            chain.reverse()
        used |= {frozenset(pair) for pair in itertools.pairwise(chain)}
        if len(chain) >= min(_SHORTEST_CORRIDOR, len(network.junctions)):
            chains.append(chain)

    def traffic(chain: list[int]) -> float:
        both = [(x, y) for x, y in itertools.pairwise(chain)]
        return sum(legs[pair].vph for way in both for pair in (way, way[::-1]) if pair in legs)

    return sorted(chains, key=lambda chain: (-traffic(chain), chain))[:most]
