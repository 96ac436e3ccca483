"""Standard stages for a signalised junction, from its links and their conflicts.

A stage is a set of links that are green together. The rules are those of a traffic engineer's first
sketch: opposing approaches run together where their far turns have lanes of their own, and those
turns then get a stage; otherwise each approach gets its own stage; at last every stage is filled up
with whatever conflicts with nothing in it. All greens are protected, so no stage holds two links
that conflict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

_OPPOSITE_WITHIN_DEG = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLink:
    """One signalled link as the stage maker sees it.

    Attributes
    ----------
    turn : str
        ``near``, ``straight``, ``far`` or ``crossing``.
    heading_deg : float
        Compass heading of the approach at its stop line; unused for crossings.
    """

    index: int
    approach: str
    lane: str
    turn: str
    heading_deg: float = 0.0
    to_edge: str = ""


class StageMaker:
    """Makes the stages of one junction.

    Parameters
    ----------
    links : iterable of StageLink
        All links of the junction.
    conflicts : set of (int, int)
        Index pairs of links that may not be green together, in either order.
    """

    def __init__(self, links: Iterable[StageLink], conflicts: set[tuple[int, int]]) -> None:
        self._links = {link.index: link for link in links}
        self._conflicts = conflicts | {(b, a) for a, b in conflicts}
        self._by_approach: dict[str, list[StageLink]] = defaultdict(list)
        self._by_lane: dict[str, set[int]] = defaultdict(set)
        for link in self._links.values():
            self._by_approach[link.approach].append(link)
            self._by_lane[link.lane].add(link.index)

    def stages(self) -> list[frozenset[int]]:
        """Return the stages in the order they should run; each link is in at least one."""
        made: list[set[int]] = []
        waiting = sorted(self._by_approach, key=lambda a: (-len(self._by_approach[a]), a))
        while waiting:
            approach = waiting.pop(0)
            partner = next((other for other in waiting if self._can_pair(approach, other)), None)
            if partner is None:
                made += self._split({link.index for link in self._by_approach[approach]})
            else:
                waiting.remove(partner)
                made += self._pair(approach, partner)
        full = [frozenset(self._filled(stage)) for stage in made]
        return [s for i, s in enumerate(full) if not any(s < t or (s == t and j < i) for j, t in enumerate(full))]

    def compatible(self, links: Iterable[int]) -> bool:
        """Whether no two of the links conflict."""
        chosen = sorted(links)
        return not any((a, b) in self._conflicts for a in chosen for b in chosen if a < b)

    def _parts(self, approach: str) -> tuple[set[int], set[int]]:
        """Links of an approach without and with the far turn."""
        links = self._by_approach[approach]
        far = {link.index for link in links if link.turn == "far"}
        return {link.index for link in links} - far, far

    def _can_pair(self, a: str, b: str) -> bool:
        first, second = self._by_approach[a][0], self._by_approach[b][0]
        if "crossing" in (first.turn, second.turn):
            return False
        between = abs((first.heading_deg - second.heading_deg + 180) % 360 - 180)
        if between < 180 - _OPPOSITE_WITHIN_DEG:
            return False
        main, far = self._parts(a), self._parts(b)
        own_lanes = all(self._own_lane(i) for i in main[1] | far[1])
        return bool(main[0] and far[0]) and own_lanes and self.compatible(main[0] | far[0])

    def _own_lane(self, index: int) -> bool:
        """Whether every movement from a far turn's lane is a far turn."""
        return all(self._links[i].turn == "far" for i in self._by_lane[self._links[index].lane])

    def _pair(self, a: str, b: str) -> list[set[int]]:
        (through_a, far_a), (through_b, far_b) = self._parts(a), self._parts(b)
        stages = [through_a | through_b]
        if far_a and far_b and self.compatible(far_a | far_b):
            stages.append(far_a | far_b)
        else:
            stages += [far for far in (far_a, far_b) if far]
        return stages

    def _split(self, links: set[int]) -> list[set[int]]:
        """One stage for an approach; more if its own links conflict, as crossings of one place may."""
        stages: list[set[int]] = []
        for index in sorted(links):
            home = next((stage for stage in stages if self.compatible(stage | {index})), None)
            if home is None:
                stages.append({index})
            else:
                home.add(index)
        return stages

    def _filled(self, stage: set[int]) -> set[int]:
        """Add, lane by lane, whatever conflicts with nothing; the approaches already green come first."""
        green = set(stage)
        approaches = {self._links[i].approach for i in stage}
        lanes = sorted(
            self._by_lane, key=lambda lane: (self._links[min(self._by_lane[lane])].approach not in approaches, lane)
        )
        for lane in lanes:
            if all(self._links[i].turn != "crossing" for i in self._by_lane[lane]) and self.compatible(
                green | self._by_lane[lane]
            ):
                green |= self._by_lane[lane]
        return green
