"""Small things that many tests build: a junction from its lamps, an observation, a dark view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from citybrain.messages import Observation, SignalView, Vehicles
from citybrain.network.model import Edge, Junction, Lane, Link, Movement, Network, ProgramPhase, Stage, index_by_id


def one_junction(
    stages: Sequence[str],
    conflicts: Iterable[tuple[int, int]] = (),
    *,
    gives_way: Iterable[tuple[int, int]] = (),
    crossings: Sequence[int] = (),
    nobody: Sequence[int] = (),
    speed_mps: float | Sequence[float] = 14.0,
    path_m: float | Sequence[float] = 15.0,
    turns: Sequence[str] | None = None,
    program: Sequence[ProgramPhase] = (),
    length_m: float = 200.0,
    junction_id: str = "J",
) -> Network:
    """A network of one junction; link ``i`` leads from edge ``in-i`` to edge ``out-i``, one lane each.

    ``crossings`` are links that pedestrians use; they have no edges of their own. Lamps of ``nobody``
    belong to no movement, like those of trams.
    """
    n = len(stages[0]) if stages else len(program[0].state)
    speeds = [float(speed_mps)] * n if isinstance(speed_mps, (int, float)) else list(speed_mps)
    paths = [float(path_m)] * n if isinstance(path_m, (int, float)) else list(path_m)
    edges: list[Edge] = []
    lanes: list[Lane] = []
    movements: list[Movement] = []

    def road(edge_id: str, origin: str, target: str, speed: float, links: tuple[Link, ...]) -> int:
        i = len(edges)
        lanes.append(Lane(index=i, id=f"{edge_id}_0", edge=i, length_m=length_m, speed_mps=speed, links=links))
        edges.append(
            Edge(
                index=i,
                id=edge_id,
                name="",
                from_node=origin,
                to_node=target,
                length_m=length_m,
                speed_mps=speed,
                lanes=(i,),
                shape=((0.0, float(i)), (length_m, float(i))),
            )
        )
        return i

    for link in range(n):
        if link in nobody:
            continue
        from_lane = to_lane = -1
        if link not in crossings:
            to_lane = road(f"out-{link}", junction_id, f"sink-{link}", speeds[link], ())
            onward = (Link(to_lane=to_lane, via_m=paths[link], movement=len(movements)),)
            from_lane = road(f"in-{link}", f"source-{link}", junction_id, speeds[link], onward)
        movements.append(
            Movement(
                index=len(movements),
                junction=0,
                link=link,
                from_lane=from_lane,
                to_lane=to_lane,
                path_m=paths[link],
                turn="crossing" if link in crossings else (turns[link] if turns else "straight"),
                speed_mps=1.2 if link in crossings else speeds[link],
            )
        )
    junction = Junction(
        index=0,
        id=junction_id,
        name="",
        x_m=0.0,
        y_m=0.0,
        n_links=n,
        movements=tuple(range(len(movements))),
        stages=tuple(Stage(index=i, state=s) for i, s in enumerate(stages)),
        conflicts=matrix(n, [*conflicts, *((j, i) for i, j in conflicts)]),
        gives_way=matrix(n, gives_way),
        program=tuple(program),
        offset_s=0.0,
    )
    return Network(
        source="test",
        left_hand=False,
        edges=tuple(edges),
        lanes=tuple(lanes),
        movements=tuple(movements),
        junctions=(junction,),
        _index=index_by_id(tuple(edges), tuple(lanes), (junction,)),
    )


def matrix(n: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    table = np.zeros((n, n), dtype=np.bool_)
    for i, j in pairs:
        table[i, j] = True
    return table


def signal_view(
    stage: Sequence[int], *, switching: Sequence[bool] | None = None, elapsed_s: float = 60.0
) -> SignalView:
    n = len(stage)
    return SignalView(
        stage=np.array(stage, dtype=np.int32),
        switching=np.array([False] * n if switching is None else switching, dtype=np.bool_),
        elapsed_s=np.full(n, elapsed_s),
        remaining_s=np.zeros(n),
    )


def observation(
    network: Network,
    vehicles: Iterable[tuple[int, int, float, float]] = (),
    *,
    time_s: float = 0.0,
    stage: Sequence[int] | None = None,
    switching: Sequence[bool] | None = None,
    tail_m: dict[int, float] | None = None,
    weight: float = 1.0,
) -> Observation:
    """What a policy sees; ``vehicles`` are (lane, movement, distance_m, speed_mps), ``tail_m`` full exits by lane."""
    rows = list(vehicles)
    n = len(network.lanes)
    free_m = np.array([lane.length_m for lane in network.lanes])
    free_mps = np.array([lane.speed_mps for lane in network.lanes])
    for lane, room in (tail_m or {}).items():
        free_m[lane], free_mps[lane] = room, 0.0
    count = np.bincount([row[0] for row in rows], minlength=n).astype(float) if rows else np.zeros(n)
    return Observation(
        time_s=time_s,
        vehicles=Vehicles(
            lane=np.array([row[0] for row in rows], dtype=np.int32),
            movement=np.array([row[1] for row in rows], dtype=np.int32),
            distance_m=np.array([row[2] for row in rows], dtype=np.float64),
            speed_mps=np.array([row[3] for row in rows], dtype=np.float64),
            weight=np.full(len(rows), weight),
            road_lane=np.array([row[0] for row in rows], dtype=np.int32),
        ),
        lane_vehicles=count,
        lane_halted=count,
        lane_tail_m=free_m,
        lane_tail_speed_mps=free_mps,
        passed=np.zeros(len(network.movements)),
        inside=np.zeros(len(network.movements)),
        confidence=np.ones(n),
        age_s=np.zeros(n),
        signals=signal_view([0] * len(network.junctions) if stage is None else stage, switching=switching),
    )
