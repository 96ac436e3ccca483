"""The four-arm junction that grids are made of, all its copies alike.

Its conflicts follow from geometry: two paths cross when the order of their ends
round the junction interleaves, and merge when they end in the same lane::

    clockwise round one arm, right-hand traffic:  in 0, in 1, out 1, out 0   (0 is the kerb lane)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import GREEN, ProgramPhase, Stage

_GREEN_S, _YELLOW_S, _ALL_RED_S = 27.0, 3.0, 1.0


@dataclass(frozen=True, slots=True)
class Way:
    """One lamp of the template: a turn from an arm, or the crossing over an arm."""

    arm: int
    turn: str
    exit_arm: int
    from_lane: int
    to_lane: int


def conflicting_ways(ways: Sequence[Way], *, left_hand: bool) -> NDArray[np.bool_]:
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


def _ends(way: Way, *, left_hand: bool) -> tuple[int, int]:
    """Positions of a way's two ends, clockwise round the junction."""
    enter, leave = (3 - way.from_lane, way.to_lane) if left_hand else (way.from_lane, 3 - way.to_lane)
    return 4 * way.arm + enter, 4 * way.exit_arm + leave


def _gives_way(ways: Sequence[Way], conflicts: NDArray[np.bool_], *, left_hand: bool) -> NDArray[np.bool_]:
    """Who waits for a gap: turns for crossings, far turns for near ones, near ones for straight ones."""
    rank = {"crossing": 0, "straight": 1, "left" if left_hand else "right": 2}
    gives_way = np.zeros_like(conflicts)
    for i, j in np.argwhere(conflicts):
        mine, other = rank.get(ways[i].turn, 3), rank.get(ways[j].turn, 3)
        from_right = ways[j].arm == (ways[i].arm + 3) % 4
        gives_way[i, j] = mine > other or (mine == other and from_right)
    return gives_way


class FourArms:
    """What all junctions of a grid have in common; link ``i`` of a junction is way ``i``."""

    def __init__(self, lanes: int, stages: int, *, left_hand: bool, crossings: bool) -> None:
        near, far = ("left", "right") if left_hand else ("right", "left")
        exits = {"left": 1, "straight": 2, "right": 3}  # arms on, clockwise
        self.ways = [
            Way(arm, turn, (arm + exits[turn]) % 4, *((lanes - 1,) * 2 if turn == far else (0, 0)))
            for arm in range(4)
            for turn in (near, "straight", far)
        ]
        if crossings:
            self.ways += [Way(arm, "crossing", arm, -1, -1) for arm in range(4)]
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
