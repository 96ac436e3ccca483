"""The graph model of a net that sumolib has read."""

from __future__ import annotations

from typing import Any

import numpy as np

from citybrain.errors import InputError
from citybrain.network.model import Edge, Junction, Lane, Link, Movement, Network, ProgramPhase, index_by_id
from citybrain.network.phases import conflict_tables, is_stage, program_stages

_GIVES_WAY = frozenset("mswa=")  # SUMO's link states of minor roads
_TURNS = {"s": "straight", "l": "left", "L": "left", "r": "right", "R": "right", "t": "uturn"}
_MOTOR_CLASSES = ("passenger", "bus", "truck", "motorcycle")


class GraphBuilder:
    """Turns sumolib's objects into ours; used once and thrown away."""

    def __init__(self, net: Any, source: str, *, left_hand: bool) -> None:
        self.net = net
        self.source = source
        self.left_hand = left_hand
        self.warnings: list[str] = []
        self.sumo_edges = [
            edge
            for edge in net.getEdges(withInternal=False)
            if edge.getFunction() == "" and any(_is_motor(lane) for lane in edge.getLanes())
        ]
        self.lane_of: dict[str, int] = {}
        for edge in self.sumo_edges:
            for lane in edge.getLanes():
                if _is_motor(lane):
                    self.lane_of[lane.getID()] = len(self.lane_of)

    def build(self) -> Network:
        """Return the graph model.

        Raises
        ------
        InputError
            If a signal's phases do not fit its connections.
        """
        signals = sorted(
            (tls for tls in self.net.getTrafficLights() if tls.getPrograms() and self._can_be_run(tls)),
            key=lambda tls: str(tls.getID()),
        )
        junction_of = {tls.getID(): index for index, tls in enumerate(signals)}
        movements, movement_of = self._movements(junction_of)
        edges, lanes = self._roads(movement_of)
        by_junction: list[list[Movement]] = [[] for _ in signals]
        for movement in movements:
            by_junction[movement.junction].append(movement)
        junctions = tuple(self._junction(index, tls, by_junction[index]) for index, tls in enumerate(signals))
        return Network(
            source=self.source,
            left_hand=self.left_hand,
            edges=edges,
            lanes=lanes,
            movements=movements,
            junctions=junctions,
            warnings=tuple(self.warnings),
            _index=index_by_id(edges, lanes, junctions),
        )

    def _can_be_run(self, tls: Any) -> bool:
        """Whether a signal has a green phase, and a lamp for each of its connections in every phase."""
        states = [phase.state for phase in list(tls.getPrograms().values())[-1].getPhases()]
        lamps = {len(state) for state in states}
        used = max((link for _, _, link in tls.getConnections()), default=-1)
        if len(lamps) > 1 or used >= max(lamps, default=0):
            raise InputError(
                f"{self.source}: signal {tls.getID()!r} has phases of {' and '.join(map(str, sorted(lamps)))} "
                f"lamps, and its connections use lamps 0 to {used}; rebuild the net with netconvert"
            )
        if any(is_stage(state) for state in states):
            return True
        self.warnings.append(f"signal {tls.getID()}: none of its {len(states)} phases is green; it is left alone")
        return False

    def _connections(self) -> list[Any]:
        """All connections that a signal controls, in a stable order."""
        found = []
        for edge in self.net.getEdges(withInternal=True):
            for connections in edge.getOutgoing().values():
                found += [c for c in connections if c.getTLSID()]
        return sorted(found, key=lambda c: (c.getTLSID(), c.getTLLinkIndex(), c.getFromLane().getID()))

    def _movements(self, junction_of: dict[str, int]) -> tuple[tuple[Movement, ...], dict[Any, int]]:
        movements: list[Movement] = []
        movement_of: dict[Any, int] = {}
        self.request_of: list[tuple[Any, int]] = []
        self.others: dict[int, list[tuple[int, tuple[Any, int]]]] = {}  # lamps of trams and bicycles
        for connection in self._connections():
            junction = junction_of.get(connection.getTLSID())
            if junction is None:
                continue
            to_edge = connection.getTo()
            crossing = to_edge.getFunction() == "crossing"
            from_lane = self.lane_of.get(connection.getFromLane().getID(), -1)
            to_lane = self.lane_of.get(connection.getToLane().getID(), -1)
            if not crossing and (from_lane < 0 or to_lane < 0):
                request = self._request(connection, crossing=False)
                self.others.setdefault(junction, []).append((connection.getTLLinkIndex(), request))
                continue
            index = len(movements)
            via = connection.getViaLaneID()
            movements.append(
                Movement(
                    index=index,
                    junction=junction,
                    link=connection.getTLLinkIndex(),
                    turn="crossing" if crossing else _TURNS.get(connection.getDirection(), "straight"),
                    from_lane=-1 if crossing else from_lane,
                    to_lane=-1 if crossing else to_lane,
                    path_m=to_edge.getLength() if crossing else self._path_length(via),
                    wait_m=0.0 if crossing else self._waiting_room(via),
                    speed_mps=1.2 if crossing else connection.getFromLane().getSpeed(),
                )
            )
            self.request_of.append(self._request(connection, crossing=crossing))
            movement_of[connection] = index
        return tuple(movements), movement_of

    def _path_length(self, via: str) -> float:
        """Length through the junction, following the parts of a path split by an internal junction."""
        total, seen = 0.0, set()
        while via and via not in seen:
            seen.add(via)
            lane = self.net.getLane(via)
            total += lane.getLength()
            onward = lane.getOutgoing()
            via = onward[0].getViaLaneID() if onward else ""
        return total

    def _waiting_room(self, via: str) -> float:
        """Length of the first part of a path that an internal junction splits, else 0."""
        if not via:
            return 0.0
        lane = self.net.getLane(via)
        onward = lane.getOutgoing()
        return float(lane.getLength()) if onward and onward[0].getViaLaneID() else 0.0

    def _request(self, connection: Any, *, crossing: bool) -> tuple[Any, int]:
        """The node whose right-of-way table rules a connection, and its row there."""
        if crossing:
            lane_id = connection.getToLane().getID()
            node = self.net.getNode(lane_id[1 : lane_id.rindex("_c")])
            inner = list(node.getInternal() or ())
            return node, inner.index(lane_id) if lane_id in inner else -1
        node = connection.getFrom().getToNode()
        via = connection.getViaLaneID()
        if not via:
            return node, -1
        # netconvert names an inner edge after the first right-of-way row it holds
        _, row, lane = via.rsplit("_", 2)
        return node, int(row) + int(lane)

    def _roads(self, movement_of: dict[Any, int]) -> tuple[tuple[Edge, ...], tuple[Lane, ...]]:
        edges: list[Edge] = []
        lanes: list[Lane] = []
        for index, edge in enumerate(self.sumo_edges):
            own = []
            for lane in edge.getLanes():
                lane_index = self.lane_of.get(lane.getID(), -1)
                if lane_index < 0:
                    continue
                own.append(lane_index)
                links = tuple(
                    Link(
                        to_lane=self.lane_of[c.getToLane().getID()],
                        via_m=self._path_length(c.getViaLaneID()),
                        movement=movement_of.get(c, -1),
                        gives_way=c not in movement_of and c.getState() in _GIVES_WAY,
                    )
                    for c in lane.getOutgoing()
                    if c.getToLane().getID() in self.lane_of
                )
                lanes.append(
                    Lane(
                        index=lane_index,
                        id=lane.getID(),
                        edge=index,
                        length_m=lane.getLength(),
                        speed_mps=lane.getSpeed(),
                        links=links,
                    )
                )
            edges.append(
                Edge(
                    index=index,
                    id=edge.getID(),
                    name=edge.getName() or "",
                    from_node=edge.getFromNode().getID(),
                    to_node=edge.getToNode().getID(),
                    length_m=edge.getLength(),
                    speed_mps=edge.getSpeed(),
                    lanes=tuple(own),
                    shape=tuple((float(p[0]), float(p[1])) for p in edge.getShape()),
                )
            )
        return tuple(edges), tuple(lanes)

    def _junction(self, index: int, tls: Any, movements: list[Movement]) -> Junction:
        program = list(tls.getPrograms().values())[-1]
        phases = program.getPhases()
        n_links = max((len(phase.state) for phase in phases), default=0)
        lamps = [(m.link, self.request_of[m.index]) for m in movements] + self.others.get(index, [])
        conflicts, gives_way = conflict_tables(lamps, n_links)
        stages, warnings = program_stages(tls.getID(), (phase.state for phase in phases), conflicts, gives_way)
        self.warnings += warnings
        nodes = {id(node): node for node, _ in (self.request_of[m.index] for m in movements)}
        x_m, y_m = np.mean([node.getCoord()[:2] for node in nodes.values()], axis=0) if nodes else (0.0, 0.0)
        names = sorted({name for m in movements if m.from_lane >= 0 and (name := self.sumo_edges_name(m.from_lane))})
        return Junction(
            index=index,
            id=tls.getID(),
            name=" / ".join(names[:2]),
            x_m=float(x_m),
            y_m=float(y_m),
            n_links=n_links,
            movements=tuple(m.index for m in movements),
            stages=stages,
            conflicts=conflicts,
            gives_way=gives_way,
            program=tuple(ProgramPhase(state=p.state, duration_s=float(p.duration)) for p in phases),
            offset_s=float(program.getOffset()),
        )

    def sumo_edges_name(self, lane_index: int) -> str:
        """Street name of a lane's edge."""
        if not hasattr(self, "_lane_names"):
            self._lane_names = {
                self.lane_of[lane.getID()]: edge.getName() or ""
                for edge in self.sumo_edges
                for lane in edge.getLanes()
                if lane.getID() in self.lane_of
            }
        return self._lane_names[lane_index]


def _is_motor(lane: Any) -> bool:
    return any(lane.allows(kind) for kind in _MOTOR_CLASSES)
