"""Networks made in plain Python, without SUMO: grids of signalised four-arm junctions.

For tests, benchmarks and examples.
"""

from __future__ import annotations

from typing import Literal

from citybrain.network.four_arms import FourArms
from citybrain.network.model import Edge, Junction, Lane, Link, Movement, Network, index_by_id

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""From a junction along its arms, clockwise from north; an arm is named after where it lies, not after where its traffic goes."""
_PATH_M = {"left": 16.0, "straight": 20.0, "right": 12.0}
_CROSSING_M = 9.0


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
        self.template = FourArms(lanes, stages, left_hand=left_hand, crossings=crossings)
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
