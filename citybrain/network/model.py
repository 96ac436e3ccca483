"""The graph model of a signalised network: lanes, movements, stages, junctions.

Everything is immutable and indexed by small integers, so that sensors and
policies can work on arrays. Distances are metres, speeds metres per second.

*Movement*: one signalled connection from lane to lane (or one crossing).
*Stage*: a set of movements green together.
*Junction*: all that one signal controller runs; it may span several nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from numpy.typing import NDArray

GREEN = frozenset("Gg")
"""Signal characters that let traffic go: protected ``G`` and permissive ``g``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A directed piece of road between two nodes.

    Attributes
    ----------
    lanes : tuple of int
        Indices of its lanes that carry motor vehicles, kerb side first.
    shape : tuple of (x, y)
        Centre line in metres, in the coordinates of the net.
    """

    index: int
    id: str
    name: str
    from_node: str
    to_node: str
    length_m: float
    speed_mps: float
    lanes: tuple[int, ...]
    shape: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A connection of a lane to a lane downstream, signalled or not."""

    to_lane: int
    via_m: float
    movement: int
    """Index of the movement that controls it, or -1 where no signal does."""
    gives_way: bool = False
    """No signal controls it, and others go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A lane open to motor vehicles; ``links`` are its connections downstream."""

    index: int
    id: str
    edge: int
    length_m: float
    speed_mps: float
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One signalled connection, or one signalled pedestrian crossing.

    Attributes
    ----------
    link : int
        Position of its lamp in the state string of the junction.
    turn : str
        ``left``, ``straight``, ``right`` or ``uturn``; ``crossing`` for pedestrians.
    from_lane, to_lane : int
        Lane indices; -1 for a crossing.
    path_m : float
        Length of its way through the junction, used for clearance times.
    wait_m : float
        Room inside the junction where a permissive movement waits for a gap; 0
        where it waits at the stop line.
    """

    index: int
    junction: int
    link: int
    turn: str
    from_lane: int
    to_lane: int
    path_m: float
    wait_m: float = 0.0
    speed_mps: float

    @property
    def is_crossing(self) -> bool:
        """Whether pedestrians, not vehicles, use it."""
        return self.turn == "crossing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A set of lamps that are green together.

    ``state`` has one SUMO signal character per link: ``G`` protected, ``g``
    permissive, ``s`` turn on red after a stop, ``r`` red.
    """

    index: int
    state: str

    def is_green(self, link: int) -> bool:
        """Return whether the lamp of ``link`` lets traffic go."""
        return self.state[link] in GREEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramPhase:
    """A phase of the program that came with the net."""

    state: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction:
    """All that one controller runs.

    Attributes
    ----------
    conflicts : ndarray of bool, shape (n_links, n_links)
        Whether the paths of two links cross or merge (symmetric).
    gives_way : ndarray of bool, shape (n_links, n_links)
        ``gives_way[i, j]``: a permissive ``i`` waits for a gap in ``j``.
    program : tuple of ProgramPhase
        The scenario's own plan, in the order it runs.
    """

    index: int
    id: str
    name: str
    x_m: float
    y_m: float
    n_links: int
    movements: tuple[int, ...]
    stages: tuple[Stage, ...]
    conflicts: NDArray[np.bool_]
    gives_way: NDArray[np.bool_]
    program: tuple[ProgramPhase, ...]
    offset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The city as a graph. Built by :func:`citybrain.network.reader.read_network`.

    Attributes
    ----------
    warnings : tuple of str
        What the reader had to mend or leave out, one line each.
    """

    source: str
    left_hand: bool
    edges: tuple[Edge, ...]
    lanes: tuple[Lane, ...]
    movements: tuple[Movement, ...]
    junctions: tuple[Junction, ...]
    warnings: tuple[str, ...] = ()
    _index: Mapping[str, Mapping[str, int]] = field(default_factory=dict, repr=False, compare=False)

    def edge_index(self, edge_id: str) -> int:
        """Return the index of an edge, or -1 when motor vehicles cannot use it."""
        return self._index["edge"].get(edge_id, -1)

    def lane_index(self, lane_id: str) -> int:
        """Return the index of a lane, or -1 when it is unknown or internal."""
        return self._index["lane"].get(lane_id, -1)

    def junction_index(self, junction_id: str) -> int:
        """Return the index of a junction, or -1 when it is unknown."""
        return self._index["junction"].get(junction_id, -1)

    def graph(self) -> nx.DiGraph:
        """Return the road graph: nodes are net nodes, edges carry ``index``, ``length_m``, ``time_s``."""
        graph: nx.DiGraph = nx.DiGraph(left_hand=self.left_hand)
        for edge in self.edges:
            time_s = edge.length_m / max(edge.speed_mps, 0.1)
            known = graph.get_edge_data(edge.from_node, edge.to_node)
            if known is None or known["time_s"] > time_s:
                graph.add_edge(edge.from_node, edge.to_node, index=edge.index, length_m=edge.length_m, time_s=time_s)
        return graph


def index_by_id(
    edges: tuple[Edge, ...], lanes: tuple[Lane, ...], junctions: tuple[Junction, ...]
) -> dict[str, dict[str, int]]:
    """Build the look-up tables a :class:`Network` carries."""
    return {
        "edge": {edge.id: edge.index for edge in edges},
        "lane": {lane.id: lane.index for lane in lanes},
        "junction": {junction.id: junction.index for junction in junctions},
    }
