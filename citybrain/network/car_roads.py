"""Where cars can get to: the largest part of the roads in which everything reaches everything."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import networkx as nx

from citybrain.network.model import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class CarRoads:
    """Edges by index, sorted by what a car can do on them.

    Attributes
    ----------
    core : frozenset of int
        The largest strongly connected part.
    one_way_in, one_way_out, one_way_through : frozenset of int
        Lead from the edge of the map to the core, from it to the edge of the map, or
        past it from one end of the map to another.
    stranded : frozenset of int
        Everything else: a car there cannot get to the core, or not get there from it.
    """

    core: frozenset[int]
    one_way_in: frozenset[int]
    one_way_out: frozenset[int]
    one_way_through: frozenset[int]
    stranded: frozenset[int]

    @property
    def largest_share(self) -> float:
        """Share of all roads that is in the core, 0 to 1."""
        one_way = len(self.one_way_in) + len(self.one_way_out) + len(self.one_way_through)
        total = len(self.core) + one_way + len(self.stranded)
        return len(self.core) / total if total else 0.0


def car_graph(network: Network, car_lanes: Collection[str] | None = None) -> nx.DiGraph:
    """Return the graph whose vertices are edges of the net, joined where a lane for cars leads on to another.

    Parameters
    ----------
    car_lanes : collection of str, optional
        Lanes open to cars; all lanes where not given.
    """
    open_lanes = [car_lanes is None or lane.id in car_lanes for lane in network.lanes]
    graph: nx.DiGraph = nx.DiGraph()
    for lane in network.lanes:
        if open_lanes[lane.index]:
            graph.add_node(lane.edge)
            onward = (link.to_lane for link in lane.links if open_lanes[link.to_lane])
            graph.add_edges_from((lane.edge, network.lanes[to].edge) for to in onward)
    return graph


def sort_roads(network: Network, graph: nx.DiGraph) -> CarRoads:
    """Sort the edges of :func:`car_graph`.

    Where all roads into a node end and roads out of it begin, the map ends; a car that
    leaves there can come back there, as the world outside lets it.
    """
    graph = graph.copy()
    arriving, leaving = _by_node(network, graph)
    for node in arriving.keys() & leaving.keys():
        ends = all(not graph.succ[edge] for edge in arriving[node])
        starts = all(not graph.pred[edge] for edge in leaving[node])
        if ends and starts:
            graph.add_edges_from((a, b) for a in arriving[node] for b in leaving[node])
    parts: list[set[int]] = list(nx.strongly_connected_components(graph))
    core = max(parts, key=len, default=set())
    starts_at = [e for e in graph if not graph.pred[e] and network.edges[e].from_node not in arriving]
    ends_at = [e for e in graph if not graph.succ[e] and network.edges[e].to_node not in leaving]
    one = next(iter(core), None)
    before = nx.ancestors(graph, one) if one is not None else set()
    after = nx.descendants(graph, one) if one is not None else set()
    entered, left = _reached(graph, starts_at), _reached(graph.reverse(copy=False), ends_at)
    one_way_in, one_way_out = (before & entered) - core, (after & left) - core
    alone = {edge for part in parts if len(part) == 1 for edge in part}  # a larger part is an island
    through = (entered & left & alone) - core - one_way_in - one_way_out
    return CarRoads(
        core=frozenset(core),
        one_way_in=frozenset(one_way_in),
        one_way_out=frozenset(one_way_out),
        one_way_through=frozenset(through),
        stranded=frozenset(set(graph) - core - one_way_in - one_way_out - through),
    )


def _by_node(network: Network, graph: nx.DiGraph) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Return the edges that arrive at and leave each node."""
    arriving: dict[str, list[int]] = {}
    leaving: dict[str, list[int]] = {}
    for index in sorted(graph):
        arriving.setdefault(network.edges[index].to_node, []).append(index)
        leaving.setdefault(network.edges[index].from_node, []).append(index)
    return arriving, leaving


def _reached(graph: nx.DiGraph, starts: Iterable[int]) -> set[int]:
    return {edge for start in starts for edge in (start, *nx.descendants(graph, start))}
