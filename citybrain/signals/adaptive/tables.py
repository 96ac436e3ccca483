"""The network as flat arrays, for compiled code.

Junction ``j`` owns lanes ``lane_at[j]:lane_at[j+1]`` (its stop lines), movements
``move_at[j]:move_at[j+1]`` and stages ``stage_at[j]:stage_at[j+1]``. Everything a
kernel touches is an array in :class:`Tables`, a named tuple that numba takes whole.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import Junction, Network

VEHICLE_SPACE_M = 7.5
"""Length of road that a standing vehicle takes."""
RED, PERMISSIVE, PROTECTED, ON_RED = 0, 1, 2, 3
"""Lamps of a movement; ``ON_RED``: turn on red, after a stop and giving way to all."""
_START_MPS = 6.0


class Tables(NamedTuple):
    """Static arrays of a network.

    Attributes
    ----------
    lane_at, move_at, stage_at : ndarray of int32, shape (n_junctions + 1,)
        Where each junction's rows begin.
    lane : ndarray of int32
        Network lane of each stop line.
    lane_row : ndarray of int32, shape (n_lanes,)
        Row of a network lane among the stop lines, or -1.
    move_lane : ndarray of int32
        Stop-line row that a movement leaves from.
    move_exit : ndarray of int32
        Network lane that it enters.
    move_row : ndarray of int32, shape (n_movements,)
        Row of a network movement, or -1 for a crossing.
    pocket : ndarray of float64
        Vehicles of a movement that can wait for a gap inside the junction.
    lamp : ndarray of int8, shape (n_stages, widest junction)
        RED, PERMISSIVE, PROTECTED or ON_RED for each movement of the stage's junction.
    foe_at, foe : ndarray of int32
        Movements that a permissive movement gives way to, in rows.
    change_s : ndarray of float64, shape (n_stages, most stages)
        Intergreen to each stage of the same junction.
    yellow_s : ndarray of float64, shape (n_stages, most stages)
        Yellow at the start of it.
    min_green_s : ndarray of float64, shape (n_stages,)
    walks : ndarray of bool, shape (n_stages,)
        Whether pedestrians walk in the stage.
    storage : ndarray of int64
        Vehicles that fit into the lane of each stop line, at least one.
    storage_s : ndarray of float64
        Time that a queue starting behind that lane takes to reach the stop line.
    """

    lane_at: NDArray[np.int32]
    move_at: NDArray[np.int32]
    stage_at: NDArray[np.int32]
    lane: NDArray[np.int32]
    lane_row: NDArray[np.int32]
    move_lane: NDArray[np.int32]
    move_exit: NDArray[np.int32]
    move_row: NDArray[np.int32]
    pocket: NDArray[np.float64]
    lamp: NDArray[np.int8]
    foe_at: NDArray[np.int32]
    foe: NDArray[np.int32]
    change_s: NDArray[np.float64]
    yellow_s: NDArray[np.float64]
    min_green_s: NDArray[np.float64]
    walks: NDArray[np.bool_]
    storage: NDArray[np.int64]
    storage_s: NDArray[np.float64]


def make_tables(network: Network, rules: SignalRules) -> Tables:
    """Flatten a network."""
    lane_at, move_at, stage_at = [0], [0], [0]
    lanes: list[int] = []
    moves: list[int] = []
    lane_row = np.full(len(network.lanes), -1, dtype=np.int32)
    move_row = np.full(max(len(network.movements), 1), -1, dtype=np.int32)
    for junction in network.junctions:
        for index in junction.movements:
            movement = network.movements[index]
            if movement.is_crossing:
                continue
            move_row[index] = len(moves)
            moves.append(index)
            if lane_row[movement.from_lane] < 0:
                lane_row[movement.from_lane] = len(lanes)
                lanes.append(movement.from_lane)
        lane_at.append(len(lanes))
        move_at.append(len(moves))
        stage_at.append(stage_at[-1] + len(junction.stages))
    widest = max((b - a for a, b in pairwise(move_at)), default=1)
    most = max((len(j.stages) for j in network.junctions), default=1)
    lamp = np.zeros((stage_at[-1], max(widest, 1)), dtype=np.int8)
    change_s, yellow_s = np.zeros((stage_at[-1], most)), np.zeros((stage_at[-1], most))
    min_green_s, walks = np.zeros(stage_at[-1]), np.zeros(stage_at[-1], dtype=np.bool_)
    foe_at, foes = [0], []
    for junction in network.junctions:
        rows = moves[move_at[junction.index] : move_at[junction.index + 1]]
        _fill_stages(network, junction, rules, rows, stage_at, lamp, change_s, yellow_s, min_green_s, walks)
        for index in rows:
            link = network.movements[index].link
            foes += [int(move_row[o]) for o in rows if junction.gives_way[link, network.movements[o].link]]
            foe_at.append(len(foes))
    return Tables(
        lane_at=np.array(lane_at, np.int32),
        move_at=np.array(move_at, np.int32),
        stage_at=np.array(stage_at, np.int32),
        lane=np.array(lanes, np.int32),
        lane_row=lane_row,
        move_lane=np.array([lane_row[network.movements[m].from_lane] for m in moves], np.int32),
        move_exit=np.array([network.movements[m].to_lane for m in moves], np.int32),
        move_row=move_row,
        pocket=np.array([_pocket(network.movements[m].wait_m) for m in moves], np.float64),
        lamp=lamp,
        foe_at=np.array(foe_at, np.int32),
        foe=np.array(foes, np.int32),
        change_s=change_s,
        yellow_s=yellow_s,
        min_green_s=min_green_s,
        walks=walks,
        storage=np.maximum([network.lanes[i].length_m // VEHICLE_SPACE_M for i in lanes], 1).astype(np.int64),
        storage_s=np.array([network.lanes[i].length_m / _START_MPS for i in lanes], np.float64),
    )


def _pocket(wait_m: float) -> float:
    return 0.0 if wait_m <= 0 else max(1.0, float(wait_m // VEHICLE_SPACE_M))


def _fill_stages(
    network: Network,
    junction: Junction,
    rules: SignalRules,
    rows: list[int],
    stage_at: list[int],
    lamp: NDArray[np.int8],
    change_s: NDArray[np.float64],
    yellow_s: NDArray[np.float64],
    min_green_s: NDArray[np.float64],
    walks: NDArray[np.bool_],
) -> None:
    intergreens = Intergreens(network, junction, rules)
    crossings = {network.movements[m].link for m in junction.movements if network.movements[m].is_crossing}
    for stage in junction.stages:
        row = stage_at[junction.index] + stage.index
        min_green_s[row] = intergreens.min_green_ms(stage.index) / 1000
        walks[row] = any(stage.is_green(link) for link in crossings)
        for local, index in enumerate(rows):
            character = stage.state[network.movements[index].link]
            lamp[row, local] = {"G": PROTECTED, "g": PERMISSIVE, "s": ON_RED}.get(character, RED)
        for other in junction.stages:
            change_s[row, other.index] = intergreens.length_s(stage.index, other.index)
            steps = intergreens.steps(stage.index, other.index)
            yellow_s[row, other.index] = steps[0][1] / 1000 if steps and "y" in steps[0][0] else 0.0
