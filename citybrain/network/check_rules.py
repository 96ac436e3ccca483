"""The rules of the network check, one function each. A rule yields what it is about and what is wrong there.

To add a rule, write its function and put it into :data:`RULES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError, cKDTree

from citybrain.network.car_roads import CarRoads, car_graph, sort_roads
from citybrain.network.model import GREEN, Junction, Movement, Network
from citybrain.network.netfacts import NetFacts

Severity = Literal["error", "warning", "note"]
Found = Iterator[tuple[str, str]]
"""Ids, and what is wrong there."""

CLOSE_SIGNALS_M = 25.0
SHORT_EDGE_M = 20.0
_FRINGE_M = 150.0
_MOST_STRANDED = 0.05
_ON_RED = "s"


class Subject:
    """A network under examination, with what several rules need of it.

    Attributes
    ----------
    graph : networkx.DiGraph
        See :func:`citybrain.network.car_roads.car_graph`.
    signal_at : dict of str to set of int
        Junctions that have a movement across a node.
    """

    def __init__(self, network: Network, *, facts: NetFacts | None = None, gateways: Collection[str] = ()) -> None:
        self.network = network
        self.gateways = frozenset(gateways)
        self.graph: nx.DiGraph = car_graph(network, facts.car_lanes if facts else None)
        self.roads: CarRoads = sort_roads(network, self.graph)
        self.signal_at: dict[str, set[int]] = {}
        for movement in network.movements:
            if not movement.is_crossing:
                node = network.edges[network.lanes[movement.from_lane].edge].to_node
                self.signal_at.setdefault(node, set()).add(movement.junction)

    def edge_ids(self, indices: Iterable[int]) -> tuple[str, ...]:
        """Return the ids of edges, sorted."""
        return tuple(sorted(self.network.edges[index].id for index in indices))

    def movements(self, junction: Junction) -> list[Movement]:
        """Return the vehicle movements of a junction."""
        own = (self.network.movements[index] for index in junction.movements)
        return [movement for movement in own if not movement.is_crossing]

    def describe(self, movement: Movement) -> str:
        """Return a movement in words."""
        lanes = self.network.lanes
        return f"{movement.turn} from {lanes[movement.from_lane].id} to {lanes[movement.to_lane].id}"

    def node_places(self) -> dict[str, NDArray[np.float64]]:
        """Return where each node is, metres: the middle of the ends of its roads."""
        return node_places(self.network)


def node_places(network: Network) -> dict[str, NDArray[np.float64]]:
    """Return where each node is, metres: the middle of the ends of its roads."""
    ends: dict[str, list[tuple[float, float]]] = {}
    for edge in network.edges:
        ends.setdefault(edge.from_node, []).append(edge.shape[0])
        ends.setdefault(edge.to_node, []).append(edge.shape[-1])
    return {node: np.mean(points, axis=0) for node, points in ends.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is looked for, why it matters, what to do about it."""

    name: str
    severity: Severity
    why: str
    fix: str
    find: Callable[[Subject], Found]


def _unserved(subject: Subject) -> Found:
    for junction in subject.network.junctions:
        for movement in subject.movements(junction):
            lamps = {stage.state[movement.link] for stage in junction.stages}
            if not lamps & (GREEN | {_ON_RED}):
                yield junction.id, f"link {movement.link}, {subject.describe(movement)}, has no green in any stage"


def _conflicting_greens(subject: Subject) -> Found:
    for junction in subject.network.junctions:
        pairs = np.argwhere(np.triu(junction.conflicts))
        for stage in junction.stages:
            for a, b in pairs:
                if stage.state[a] == "G" == stage.state[b]:
                    yield junction.id, f"links {a} and {b} conflict and are both 'G' in stage {stage.state}"


def _mended(subject: Subject) -> Found:
    for warning in subject.network.warnings:
        match = re.match(r"(?:junction|signal) (\S+): (.*)", warning)
        yield (match[1], match[2]) if match else ("", warning)


def _disconnected(subject: Subject) -> Found:
    total, stranded = len(subject.graph), len(subject.roads.stranded)
    if not total:
        yield "network", "no road is open to cars"
    elif stranded > _MOST_STRANDED * total:
        yield "network", f"{stranded} of {total} roads are cut off for cars, more than {_MOST_STRANDED:.0%}"


def _stranded(subject: Subject) -> Found:
    one = next(iter(subject.roads.core), None)
    leading_in = nx.ancestors(subject.graph, one) if one is not None else set()
    leading_out = nx.descendants(subject.graph, one) if one is not None else set()
    for index in sorted(subject.roads.stranded):
        how = (
            "cannot be reached from the rest" if index in leading_in
            else "does not lead back to the rest" if index in leading_out
            else "is not connected with the rest"
        )  # fmt: skip
        edge = subject.network.edges[index]
        yield edge.id, f"{edge.name or 'road'}, {edge.length_m:.0f} m, {how}"


def _single_stage(subject: Subject) -> Found:
    for junction in subject.network.junctions:
        if len(junction.stages) == 1:
            yield junction.id, f"{junction.name or 'junction'}: one stage only, {junction.stages[0].state}"


def _close_signals(subject: Subject) -> Found:
    places = subject.node_places()
    nodes = sorted(subject.signal_at)
    if len(nodes) < 2:
        return
    near = cKDTree([places[node] for node in nodes]).query_pairs(CLOSE_SIGNALS_M)
    for i, j in sorted(near):
        pairs = [(a, b) for a in subject.signal_at[nodes[i]] for b in subject.signal_at[nodes[j]] if a != b]
        for a, b in pairs:
            apart_m = float(np.hypot(*(places[nodes[i]] - places[nodes[j]])))
            one, other = (subject.network.junctions[k].id for k in (a, b))
            yield one, f"{apart_m:.0f} m from signal {other}, and not joined with it"


def _no_conflict(subject: Subject) -> Found:
    for junction in subject.network.junctions:
        if not junction.conflicts.any():
            n = len(junction.movements)
            yield junction.id, f"{junction.name or 'junction'}: none of its {n} movements meets another"


def _shared_turn_lane(subject: Subject) -> Found:
    for junction in subject.network.junctions:
        own = subject.movements(junction)
        turns: dict[int, set[str]] = {}
        for movement in own:
            turns.setdefault(movement.from_lane, set()).add(movement.turn)
        seen: set[int] = set()
        for movement in own:
            edge = subject.network.edges[subject.network.lanes[movement.from_lane].edge]
            only = len(edge.lanes) == 1 and len(turns[movement.from_lane]) > 1 and edge.index not in seen
            if only and movement.turn in ("left", "right") and _waits(junction, movement, own):
                seen.add(edge.index)
                all_turns = ", ".join(sorted(turns[movement.from_lane]))
                yield edge.id, f"the only lane serves {all_turns}; the {movement.turn} turn waits in it for gaps"


def _waits(junction: Junction, movement: Movement, own: list[Movement]) -> bool:
    """Whether a movement waits in some green for oncoming vehicles that have green too."""
    foes = [other.link for other in own if junction.gives_way[movement.link, other.link]]
    states = [stage.state for stage in junction.stages if stage.state[movement.link] == "g"]
    return any(state[foe] in GREEN for state in states for foe in foes)


def _short_edges(subject: Subject) -> Found:
    for edge in subject.network.edges:
        a, b = (subject.signal_at.get(node, set()) for node in (edge.from_node, edge.to_node))
        if edge.length_m < SHORT_EDGE_M and a and b and a.isdisjoint(b):
            room = int(edge.length_m // 7.5) * len(edge.lanes)
            yield edge.id, f"{edge.length_m:.1f} m between two signals, room for {room} vehicles"


def _lost_lanes(subject: Subject) -> Found:
    for edge in subject.network.edges:
        lanes = [subject.network.lanes[index] for index in edge.lanes]
        blind = [lane.id for lane in lanes if not lane.links]
        if blind and len(blind) < len(lanes):
            yield edge.id, f"lane {', '.join(blind)} leads nowhere, the other lanes do"


def _dead_ends(subject: Subject) -> Found:
    edges, places = subject.network.edges, subject.node_places()
    neighbours: dict[str, set[str]] = {}
    for index in subject.graph:
        neighbours.setdefault(edges[index].to_node, set()).add(edges[index].from_node)
        neighbours.setdefault(edges[index].from_node, set()).add(edges[index].to_node)
    ends = sorted(node for node, others in neighbours.items() if len(others) == 1 and node not in subject.gateways)
    inside_m = _inside_m(np.asarray(list(places.values())), np.asarray([places[node] for node in ends]).reshape(-1, 2))
    for node, depth_m in zip(ends, inside_m, strict=True):
        if depth_m > _FRINGE_M:
            yield node, f"dead end {depth_m:.0f} m inside the map"


def _inside_m(points: NDArray[np.float64], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far places lie inside the outline of all points."""
    try:
        hull = ConvexHull(points)
    except (QhullError, ValueError):  # too few points for an area: everything is at the rim
        return np.zeros(len(asked))
    outside_m = asked @ hull.equations[:, :2].T + hull.equations[:, 2]
    return np.asarray(-outside_m.max(axis=1, initial=-np.inf))


RULES: tuple[Rule, ...] = (
    Rule(
        name="unserved-movement", severity="error", find=_unserved,
        why="vehicles that want to go there wait for ever and block those behind them",
        fix="give the link green in a phase of the tlLogic, or remove the connection",
    ),
    Rule(
        name="conflicting-greens", severity="error", find=_conflicting_greens,
        why="two crossing streams would drive at the same time, both sure of their right of way",
        fix="make one of the two permissive ('g') or move it into another phase",
    ),
    Rule(
        name="cut-off", severity="error", find=_disconnected,
        why="trips between the parts have no route, so demand is dropped or piles up",
        fix="look at the stranded roads below: one-way streets against each other, turn bans, missing pieces",
    ),
    Rule(
        name="mended-program", severity="warning", find=_mended,
        why="the program in the file is not the one that is run",
        fix="correct the tlLogic in the net, or accept how it was read",
    ),
    Rule(
        name="stranded-road", severity="warning", find=_stranded,
        why="trips from or to it have no route",
        fix="check its direction, its turn bans and the roads it should meet; or remove it",
    ),
    Rule(
        name="single-stage", severity="warning", find=_single_stage,
        why="a signal with one stage controls nothing: every policy does the same there",
        fix="add the missing phase, or remove the signal",
    ),
    Rule(
        name="close-signals", severity="warning", find=_close_signals,
        why="two controllers with no room between them fill the gap with cars and lock each other",
        fix="join them (netconvert --tls.join --junctions.join-dist), or remove the spurious one",
    ),
    Rule(
        name="no-conflict", severity="warning", find=_no_conflict,
        why="it is probably spurious: a stop line taken for a signal, or a pedestrian crossing without its footpath",
        fix="remove the signal (netconvert --tls.unset ID), or import the crossing",
    ),
    Rule(
        name="short-edge", severity="warning", find=_short_edges,
        why="what waits there spills back into the signal behind it",
        fix="join the two junctions, or check their positions",
    ),
    Rule(
        name="shared-turn-lane", severity="warning", find=_shared_turn_lane,
        why="one waiting turner holds up everybody behind it; the real approach often has a turn lane",
        fix="add the turn lane if there is one, or give the turn a protected stage",
    ),
    Rule(
        name="lost-lane", severity="warning", find=_lost_lanes,
        why="vehicles must leave the lane before its end, often at a standstill",
        fix="connect the lane, or end it earlier",
    ),
    Rule(
        name="dead-end", severity="note", find=_dead_ends,
        why="trips can only begin or end there; it may be a road whose continuation is missing",
        fix="nothing, if the street really ends there",
    ),
)  # fmt: skip
"""All rules, the gravest first."""
