"""Networks made in plain Python, without SUMO: grids of signalised four-arm junctions.

For tests, benchmarks and examples. Every junction is a copy of one template
whose conflicts follow from geometry: two paths cross when the order of their
ends round the junction interleaves, and merge when they end in the same lane::

    clockwise round one arm, right-hand traffic:  in 0, in 1, out 1, out 0   (0 is the kerb lane)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import (
    GREEN,
    Edge,
    Junction,
    Lane,
    Link,
    Movement,
    Network,
    ProgramPhase,
    Stage,
    index_by_id,
)

ARMS = ("north", "east", "south", "west")
"""Arms of a junction, clockwise; an arm is named after where it lies, not after where its traffic goes."""

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))
_PATH_M = {"left": 16.0, "straight": 20.0, "right": 12.0}
_CROSSING_M = 9.0
_GREEN_S, _YELLOW_S, _ALL_RED_S = 27.0, 3.0, 1.0


@dataclass(frozen=True, slots=True)
class _Way:
    """One lamp of the template: a turn from an arm, or the crossing over an arm."""

    arm: int
    turn: str
    exit_arm: int
    from_lane: int
    to_lane: int


def grid_network(
    rows: int,
    columns: int,
    *,
    spacing_m: float = 300.0,
    lanes: Literal[1, 2] = 1,
    stages: Literal[2, 4] = 2,
    left_hand: bool = False,
    crossings: bool = False,
    speed_mps: float = 14.0,
) -> Network:
    """Build a grid of signalised four-arm junctions, with ways in and out all round.

    Parameters
    ----------
    rows, columns : int
        Junctions from south to north and from west to east.
    lanes : 1 or 2
        Lanes of every approach: one for all turns, or the kerb lane for straight
        on and the near turn and a lane of its own for the far turn.
    stages : 2 or 4
        Two: opposite arms together, far turns permissive. Four: one stage an arm
        with one lane, far turns in protected stages of their own with two lanes.
    left_hand : bool
        Drive on the left; near and far turns change sides.
    crossings : bool
        Put a signalised pedestrian crossing over every arm, green beside the straight traffic.

    Notes
    -----
    Junctions are called ``row-column``, edges ``from>to``; border nodes are
    called after their side and position (``north-0``).
    """
    if rows < 1 or columns < 1:
        raise ValueError(f"a grid needs at least 1 row and 1 column, not {rows} and {columns}")
    return _Grid(rows, columns, spacing_m, lanes, stages, left_hand, crossings, speed_mps).build()


def conflicting_ways(ways: Sequence[_Way], *, left_hand: bool) -> NDArray[np.bool_]:
    """Return which ways cross or merge, from the order of their ends round the junction."""
    n = len(ways)
    conflicts = np.zeros((n, n), dtype=np.bool_)
    for i, a in enumerate(ways):
        for j, b in enumerate(ways[:i]):
            if "crossing" in (a.turn, b.turn):
                walk, drive = (a, b) if a.turn == "crossing" else (b, a)
                clash = drive.turn != "crossing" and walk.arm in (drive.arm, drive.exit_arm)
            elif a.arm == b.arm:
                clash = False  # they diverge
            elif (a.exit_arm, a.to_lane) == (b.exit_arm, b.to_lane):
                clash = True  # they merge
            else:
                ends_a, ends_b = _ends(a, left_hand=left_hand), _ends(b, left_hand=left_hand)
                clash = (min(ends_a) < ends_b[0] < max(ends_a)) != (min(ends_a) < ends_b[1] < max(ends_a))
            conflicts[i, j] = conflicts[j, i] = clash
    return conflicts


def _ends(way: _Way, *, left_hand: bool) -> tuple[int, int]:
    """Positions of a way's two ends, clockwise round the junction."""
    enter, leave = (3 - way.from_lane, way.to_lane) if left_hand else (way.from_lane, 3 - way.to_lane)
    return 4 * way.arm + enter, 4 * way.exit_arm + leave


def _gives_way(ways: Sequence[_Way], conflicts: NDArray[np.bool_], *, left_hand: bool) -> NDArray[np.bool_]:
    """Who waits for a gap: turns for crossings, far turns for near ones, near ones for straight ones."""
    rank = {"crossing": 0, "straight": 1, "left" if left_hand else "right": 2}
    gives_way = np.zeros_like(conflicts)
    for i, j in np.argwhere(conflicts):
        mine, other = rank.get(ways[i].turn, 3), rank.get(ways[j].turn, 3)
        from_right = ways[j].arm == (ways[i].arm + 3) % 4
        gives_way[i, j] = mine > other or (mine == other and from_right)
    return gives_way


class _Template:
    """What all junctions of a grid have in common; link ``i`` of a junction is way ``i``."""

    def __init__(self, lanes: int, stages: int, *, left_hand: bool, crossings: bool) -> None:
        near, far = ("left", "right") if left_hand else ("right", "left")
        exits = {"left": 1, "straight": 2, "right": 3}  # arms on, clockwise
        self.ways = [
            _Way(arm, turn, (arm + exits[turn]) % 4, *((lanes - 1,) * 2 if turn == far else (0, 0)))
            for arm in range(4)
            for turn in (near, "straight", far)
        ]
        if crossings:
            self.ways += [_Way(arm, "crossing", arm, -1, -1) for arm in range(4)]
        self.conflicts = conflicting_ways(self.ways, left_hand=left_hand)
        self.gives_way = _gives_way(self.ways, self.conflicts, left_hand=left_hand)
        self.conflicts.flags.writeable = self.gives_way.flags.writeable = False
        self.stages = tuple(
            Stage(index=index, state=state) for index, state in enumerate(self._states(lanes, stages, far))
        )
        self.program = tuple(self._program())

    def _states(self, lanes: int, stages: int, far: str) -> list[str]:
        if stages == 2:
            return [self._state(arms, ("left", "straight", "right")) for arms in ((0, 2), (1, 3))]
        if lanes == 1:
            return [self._state((arm,), ("left", "straight", "right")) for arm in range(4)]
        near = "left" if far == "right" else "right"
        return [self._state(arms, turns) for arms in ((0, 2), (1, 3)) for turns in ((near, "straight"), (far,))]

    def _state(self, arms: Sequence[int], turns: Sequence[str]) -> str:
        """Lamps that give ``turns`` from ``arms`` green, permissive where they wait for others."""
        green = {i for i, way in enumerate(self.ways) if way.arm in arms and way.turn in turns}
        straight = {self.ways[i].arm for i in green if self.ways[i].turn == "straight"}
        beside = {(arm + side) % 4 for arm in straight for side in (1, 3)}
        for i, way in enumerate(self.ways):
            if way.turn == "crossing" and way.arm in beside - straight:
                crossed = [j for j in green if self.conflicts[i, j]]
                if all(self.gives_way[j, i] and self.ways[j].turn != "straight" for j in crossed):
                    green.add(i)
        return "".join(
            "r" if i not in green else ("g" if any(self.gives_way[i, j] for j in green) else "G")
            for i in range(len(self.ways))
        )

    def _program(self) -> list[ProgramPhase]:
        phases = []
        for index, stage in enumerate(self.stages):
            after = self.stages[(index + 1) % len(self.stages)].state
            kept = "".join(
                lamp if lamp in GREEN and new in GREEN else "r" for lamp, new in zip(stage.state, after, strict=True)
            )
            yellow = "".join(
                "y" if lamp in GREEN and rest == "r" and way.turn != "crossing" else rest
                for lamp, rest, way in zip(stage.state, kept, self.ways, strict=True)
            )
            phases += [
                ProgramPhase(state=stage.state, duration_s=_GREEN_S),
                ProgramPhase(state=yellow, duration_s=_YELLOW_S),
                ProgramPhase(state=kept, duration_s=_ALL_RED_S),
            ]
        return phases


class _Grid:
    """Builds one network; used once and thrown away."""

    def __init__(
        self,
        rows: int,
        columns: int,
        spacing_m: float,
        lanes: int,
        stages: int,
        left_hand: bool,  # noqa: FBT001
        crossings: bool,  # noqa: FBT001
        speed_mps: float,
    ) -> None:
        self.rows, self.columns, self.spacing_m = rows, columns, spacing_m
        self.n_lanes, self.left_hand, self.speed_mps = lanes, left_hand, speed_mps
        self.template = _Template(lanes, stages, left_hand=left_hand, crossings=crossings)
        self.ends: list[tuple[str, str]] = []
        self.edge_of: dict[tuple[int, int, int, bool], int] = {}

    def build(self) -> Network:
        cells = [(row, column) for row in range(self.rows) for column in range(self.columns)]
        for row, column in cells:
            self._number_edges(row, column)
        links: list[list[Link]] = [[] for _ in range(len(self.ends) * self.n_lanes)]
        movements: list[Movement] = []
        junctions = tuple(self._junction(i, *cell, links, movements) for i, cell in enumerate(cells))
        lanes = tuple(
            Lane(
                index=i,
                id=f"{'>'.join(self.ends[i // self.n_lanes])}_{i % self.n_lanes}",
                edge=i // self.n_lanes,
                length_m=self.spacing_m,
                speed_mps=self.speed_mps,
                links=tuple(own),
            )
            for i, own in enumerate(links)
        )
        edges = tuple(self._edge(i, *ends) for i, ends in enumerate(self.ends))
        return Network(
            source=f"grid {self.rows} x {self.columns}",
            left_hand=self.left_hand,
            edges=edges,
            lanes=lanes,
            movements=tuple(movements),
            junctions=junctions,
            _index=index_by_id(edges, lanes, junctions),
        )

    def _number_edges(self, row: int, column: int) -> None:
        """Give a junction's edges in and out their numbers, unless its neighbour has done so."""
        for arm, (dx, dy) in enumerate(_STEPS):
            here, there = f"{row}-{column}", self._node(row + dy, column + dx)
            back = (row + dy, column + dx, (arm + 2) % 4)
            for inward in (True, False):
                known = self.edge_of.get((*back, not inward))
                if known is None:
                    known = len(self.ends)
                    self.ends.append((there, here) if inward else (here, there))
                self.edge_of[row, column, arm, inward] = known

    def _node(self, row: int, column: int) -> str:
        if row == self.rows:
            return f"north-{column}"
        if row < 0:
            return f"south-{column}"
        if column == self.columns:
            return f"east-{row}"
        return f"west-{row}" if column < 0 else f"{row}-{column}"

    def _place(self, node: str) -> tuple[float, float]:
        side, _, at = node.partition("-")
        row, column = {
            "north": (self.rows, int(at)), "south": (-1, int(at)),
            "east": (int(at), self.columns), "west": (int(at), -1),
        }.get(side) or (int(side), int(at))  # fmt: skip
        return column * self.spacing_m, row * self.spacing_m

    def _edge(self, index: int, origin: str, target: str) -> Edge:
        first = index * self.n_lanes
        return Edge(
            index=index,
            id=f"{origin}>{target}",
            name="",
            from_node=origin,
            to_node=target,
            length_m=self.spacing_m,
            speed_mps=self.speed_mps,
            lanes=tuple(range(first, first + self.n_lanes)),
            shape=(self._place(origin), self._place(target)),
        )

    def _junction(
        self, index: int, row: int, column: int, links: list[list[Link]], movements: list[Movement]
    ) -> Junction:
        first = len(movements)
        for link, way in enumerate(self.template.ways):
            walk = way.turn == "crossing"
            from_lane = -1 if walk else self._lane(row, column, way.arm, way.from_lane, inward=True)
            to_lane = -1 if walk else self._lane(row, column, way.exit_arm, way.to_lane, inward=False)
            path_m = _CROSSING_M if walk else _PATH_M[way.turn]
            if not walk:
                links[from_lane].append(Link(to_lane=to_lane, via_m=path_m, movement=len(movements)))
            movements.append(
                Movement(
                    index=len(movements),
                    junction=index,
                    link=link,
                    turn=way.turn,
                    from_lane=from_lane,
                    to_lane=to_lane,
                    path_m=path_m,
                    speed_mps=1.2 if walk else self.speed_mps,
                )
            )
        return Junction(
            index=index,
            id=f"{row}-{column}",
            name="",
            x_m=column * self.spacing_m,
            y_m=row * self.spacing_m,
            n_links=len(self.template.ways),
            movements=tuple(range(first, len(movements))),
            stages=self.template.stages,
            conflicts=self.template.conflicts,
            gives_way=self.template.gives_way,
            program=self.template.program,
            offset_s=0.0,
        )

    def _lane(self, row: int, column: int, arm: int, lane: int, *, inward: bool) -> int:
        return self.edge_of[row, column, arm, inward] * self.n_lanes + lane
