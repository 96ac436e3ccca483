"""From movements and stages to the phases and overlaps that event logs speak of.

A *phase* is what the vehicles of one approach that always have green together share.
Numbers follow NEMA TS 2 as far as a junction has that shape: through phases are even, the
approach with most lanes first and then clockwise (2, 4, 6, 8, so that 2 faces 6); the far
turn that crosses oncoming traffic is odd (1 conflicts with 2, 5 with 6, 3 with 4, 7 with 8).
What has no such number takes 9 and up. A near turn whose green is that of several other
phases together is an *overlap*. Crossings are walks of the phase they run beside.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from citybrain.network.model import Edge, Junction, Movement, Network

_THROUGH = (2, 4, 6, 8)
_FAR_TURN_OF = {2: 5, 4: 7, 6: 1, 8: 3}
_FIRST_FREE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Lamps that a controller's log knows by one number.

    Attributes
    ----------
    kind : str
        ``phase``, ``overlap`` or ``walk``; numbers are unique within a kind.
    links : tuple of int
        Positions of its lamps in the junction's state string.
    edge : int
        Edge that its traffic comes from; -1 for a walk.
    turns : tuple of str
        What its traffic does.
    """

    number: int
    kind: str
    links: tuple[int, ...]
    edge: int
    turns: tuple[str, ...]
    stages: frozenset[int]
    movements: tuple[int, ...]


def junction_phases(network: Network, junction: Junction) -> tuple[Phase, ...]:
    """Return the phases, overlaps and walks of a junction, each in the order of its numbers."""
    groups = _groups(network, junction)
    vehicles = [g for g in groups if not g[0].is_crossing]
    greens = [_stages(junction, group) for group in vehicles]
    far = "right" if network.left_hand else "left"
    overlaps = [i for i, group in enumerate(vehicles) if _is_overlap(i, group, greens, far)]
    numbers = _numbers(network, [g for i, g in enumerate(vehicles) if i not in overlaps], far)
    found = [
        _phase(network, junction, numbers[id(group)], "phase", group)
        for i, group in enumerate(vehicles)
        if i not in overlaps
    ]
    found += [_phase(network, junction, n, "overlap", vehicles[i]) for n, i in enumerate(sorted(overlaps), start=1)]
    known = {phase.stages: phase.number for phase in sorted(found, key=lambda p: -p.number) if phase.kind == "phase"}
    free = max((phase.number for phase in found), default=0)
    taken: set[int] = set()
    for group in groups:
        if group[0].is_crossing:
            number = known.get(_stages(junction, group), 0)
            if number == 0 or number in taken:
                free = max(free + 1, _FIRST_FREE)
                number = free
            taken.add(number)
            found.append(_phase(network, junction, number, "walk", group))
    order = {"phase": 0, "overlap": 1, "walk": 2}
    return tuple(sorted(found, key=lambda phase: (order[phase.kind], phase.number)))


def _groups(network: Network, junction: Junction) -> list[list[Movement]]:
    """Movements from one edge that are green in the same stages; crossings by their stages alone."""
    groups: dict[tuple[int, frozenset[int]], list[Movement]] = {}
    for movement in (network.movements[m] for m in junction.movements):
        stages = _stages(junction, [movement])
        if stages:
            edge = -1 if movement.is_crossing else network.lanes[movement.from_lane].edge
            groups.setdefault((edge, stages), []).append(movement)
    return list(groups.values())


def _stages(junction: Junction, group: Iterable[Movement]) -> frozenset[int]:
    return frozenset(s.index for s in junction.stages for m in group if s.is_green(m.link))


def _is_overlap(place: int, group: list[Movement], greens: list[frozenset[int]], far: str) -> bool:
    """Whether a near turn is green exactly when any of several others is."""
    if any(m.turn in ("straight", far) for m in group):
        return False
    parts = {green for i, green in enumerate(greens) if i != place and green < greens[place]}
    return len(parts) > 1 and frozenset().union(*parts) == greens[place]


def _numbers(network: Network, groups: list[list[Movement]], far: str) -> dict[int, int]:
    edges = {network.lanes[g[0].from_lane].edge for g in groups}
    main = max(edges, key=lambda e: (len(network.edges[e].lanes), -e), default=-1)
    if main < 0:
        return {}
    first = _heading(network.edges[main])
    clockwise = sorted(edges, key=lambda e: ((_heading(network.edges[e]) - first) % 360.0, e))
    slot = dict(zip(_seats(network, clockwise, first), clockwise, strict=False))
    through = {edge: number for number, edge in slot.items()}
    numbers: dict[int, int] = {}
    used: set[int] = set()
    ranked = sorted(groups, key=lambda g: (all(m.turn != "straight" for m in g), g[0].link))
    for group in ranked:
        number = through.get(network.lanes[group[0].from_lane].edge, 0)
        if number and all(m.turn in (far, "uturn") for m in group):
            number = _FAR_TURN_OF[number]
        if number == 0 or number in used:
            number = max([_FIRST_FREE - 1, *used]) + 1
        used.add(number)
        numbers[id(group)] = number
    return numbers


def _seats(network: Network, clockwise: list[int], first: float) -> list[int]:
    """Even numbers for approaches in clockwise order; with three arms the one missing stays free."""
    if len(clockwise) >= len(_THROUGH):
        return list(_THROUGH)
    seats: list[int] = []
    for edge in clockwise:
        quarter = round(((_heading(network.edges[edge]) - first) % 360.0) / 90.0) % 4
        number = _THROUGH[quarter]
        seats.append(number if number not in seats else next(n for n in _THROUGH if n not in seats))
    return seats


def _heading(edge: Edge) -> float:
    """Compass heading of an edge at its end, degrees."""
    (x0, y0), (x1, y1) = edge.shape[-2:]
    return math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0


def _phase(network: Network, junction: Junction, number: int, kind: str, group: list[Movement]) -> Phase:
    return Phase(
        number=number,
        kind=kind,
        links=tuple(m.link for m in group),
        edge=-1 if kind == "walk" else network.lanes[group[0].from_lane].edge,
        turns=tuple(dict.fromkeys(m.turn for m in group)),
        stages=_stages(junction, group),
        movements=tuple(m.index for m in group),
    )
