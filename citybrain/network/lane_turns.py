"""Which lane of an approach goes where: turn lanes at a stop line, lanes of a merge.

Everything is written kerb side first, so it holds for either side of driving: the *near* turn is
the one that crosses nobody (left in Malaysia), the *far* turn crosses opposing traffic.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of an approach: its turn (``near``, ``straight``, ``far``) and the lanes beyond."""

    turn: str
    lanes: int


@dataclass(frozen=True, slots=True, order=True)
class LaneTurn:
    """One connection: lane of the approach, index of the exit, lane of the exit."""

    lane: int
    exit: int
    to_lane: int


def allot_lanes(n_lanes: int, exits: list[Exit], *, far_alone: bool = True) -> list[LaneTurn]:
    """Give each lane of an approach its ways out.

    Parameters
    ----------
    n_lanes : int
        Lanes at the stop line, numbered from the kerb.
    exits : list of Exit
        Kerb side first, as their order round the node.
    far_alone : bool
        Whether the far turn has a lane to itself; if not, it may share with the straight movement.

    Notes
    -----
    No two connections cross. With lanes enough, every exit has lanes of its own and the straight
    movement has most of them; it shares the kerb lane with the near turn. A far turn that has to wait
    for a stage of its own needs a lane of its own too, or it blocks the others.
    """
    if not exits:
        return []
    blocks = _blocks(n_lanes, exits, far_alone=far_alone)
    turns: list[LaneTurn] = []
    for index, (first, last) in enumerate(blocks):
        width = last - first + 1
        to_first = _first_target_lane(exits, index, width, shifted=first > 0)
        for k in range(width):
            to_lane = min(to_first + k, exits[index].lanes - 1)
            turns.append(LaneTurn(first + k, index, max(to_lane, 0)))
    return sorted(turns)


def _blocks(n_lanes: int, exits: list[Exit], *, far_alone: bool) -> list[tuple[int, int]]:
    """First and last lane of each exit."""
    n_exits = len(exits)
    if n_lanes < n_exits:
        # fewer lanes than exits: neighbours share, the far side keeps a lane to itself where it can
        lanes = [max(0, n_lanes - n_exits + i) for i in range(n_exits)]
        blocks = [(lane, lane) for lane in lanes]
    else:
        width = [1] * n_exits
        for _ in range(n_lanes - n_exits):
            width[_most_in_need(width, exits)] += 1
        ends = [sum(width[: i + 1]) for i in range(n_exits)]
        blocks = [(end - w, end - 1) for end, w in zip(ends, width, strict=True)]
    for i, item in enumerate(exits):
        if item.turn != "straight":
            continue
        if i > 0 and exits[i - 1].turn == "near" and _width(blocks[i]) < item.lanes:
            blocks[i] = (blocks[i - 1][1], blocks[i][1])
        if not far_alone and i + 1 < n_exits and exits[i + 1].turn == "far" and _width(blocks[i]) < item.lanes:
            blocks[i] = (blocks[i][0], blocks[i + 1][0])
    return blocks


def _width(block: tuple[int, int]) -> int:
    return block[1] - block[0] + 1


def _most_in_need(width: list[int], exits: list[Exit]) -> int:
    """The exit that should get the next lane: straight ones first, then the widest road, then anything."""

    def need(i: int) -> tuple[bool, bool, float, int]:
        room = exits[i].lanes - width[i]
        return (room > 0, exits[i].turn == "straight", room / exits[i].lanes, i)

    return max(range(len(exits)), key=need)


def _first_target_lane(exits: list[Exit], index: int, width: int, *, shifted: bool) -> int:
    item = exits[index]
    spare = max(item.lanes - width, 0)
    if item.turn == "near":
        return 0
    if item.turn == "far":
        return spare
    return min(1, spare) if shifted and index > 0 and exits[index - 1].turn == "near" else 0


def merge_lanes(n_lanes: list[int], to_lanes: int) -> list[list[tuple[int, int]]]:
    """Lead the lanes of several roads into one, kerb side first.

    Returns
    -------
    list of list of (lane, to_lane)
        For each road its connections. The kerb-side road enters on the kerb lanes, the last one on
        the lanes furthest from the kerb; where there are too few lanes the middle is shared.
    """
    joined: list[list[tuple[int, int]]] = []
    before, after = 0, sum(n_lanes)
    for lanes in n_lanes:
        after -= lanes
        first = min(before, max(to_lanes - lanes, 0))
        if before + lanes + after <= to_lanes and after == 0:
            first = to_lanes - lanes
        first = max(first, 0)
        joined.append([(lane, min(first + lane, to_lanes - 1)) for lane in range(lanes)])
        before += lanes
    return joined
