"""What a junction's own program shows at any time: needed to take a junction over from it and to give it back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from citybrain.network.intergreens import Intergreens
from citybrain.network.model import GREEN, Junction

_LIT = GREEN | frozenset("yY")


class Shown(NamedTuple):
    """A phase of a program at one moment.

    Attributes
    ----------
    stage : int
        The junction's stage with exactly these lamps; -1 within an intergreen.
    elapsed_ms, remaining_ms : int
        Since the phase began, and until it ends.
    """

    state: str
    stage: int
    elapsed_ms: int
    remaining_ms: int


class OwnProgram:
    """A static program on the common clock: its place at ``t`` is ``(t - offset) mod cycle``.

    Attributes
    ----------
    cycle_ms : int
        0 where the junction has no program.
    order : tuple of int
        Stages in the order that the program shows them.
    """

    def __init__(self, junction: Junction) -> None:
        lengths_ms: list[int] = []
        states: list[str] = []
        offset_ms = round(junction.offset_s * 1000)
        for phase in junction.program:
            if states and states[-1] == phase.state:  # the end of an intergreen may look like the stage that follows
                lengths_ms[-1] += round(phase.duration_s * 1000)
                continue
            lengths_ms.append(round(phase.duration_s * 1000))
            states.append(phase.state)
        if len(states) > 1 and states[0] == states[-1]:  # and the last one like the first of the next cycle
            states.pop()
            offset_ms -= lengths_ms[-1]
            lengths_ms[0] += lengths_ms.pop()
        self._ends, self.cycle_ms = list(accumulate(lengths_ms)), sum(lengths_ms)
        self._offset_ms = offset_ms
        self._states = tuple(states)
        self._stages = tuple(_stage_of(junction, state) for state in self._states)
        self.order = tuple(dict.fromkeys(stage for stage in self._stages if stage >= 0))

    def at(self, time_ms: int) -> Shown:
        """Return what the program shows from ``time_ms`` on.

        Raises
        ------
        ValueError
            If there is no program.
        """
        if not self.cycle_ms:
            raise ValueError("a junction without a program shows nothing of its own")
        place = (time_ms - self._offset_ms) % self.cycle_ms
        k = bisect_right(self._ends, place)
        begin = self._ends[k - 1] if k else 0
        return Shown(self._states[k], self._stages[k], place - begin, self._ends[k] - place)

    def dark_ms(self, time_ms: int, lit: Collection[str] = GREEN) -> list[int]:
        """Return how long each link's lamp has been none of ``lit``: -1 where it is one, 0 where it was until now.

        At most a cycle.
        """
        place = (time_ms - self._offset_ms) % self.cycle_ms
        now = bisect_right(self._ends, place)
        lengths_ms = [end - begin for begin, end in pairwise((0, *self._ends))]
        dark = []
        for link in range(len(self._states[now])):
            if self._states[now][link] in lit:
                dark.append(-1)
                continue
            back_ms = place - (self._ends[now] - lengths_ms[now])
            for k in range(now - 1, now - len(self._states), -1):  # negative: the cycle before
                if self._states[k][link] in lit:
                    break
                back_ms += lengths_ms[k]
            else:
                back_ms = self.cycle_ms
            dark.append(back_ms)
        return dark

    def greens(self, time_ms: int, within_ms: int) -> Iterator[tuple[int, int, int]]:
        """Yield the stages shown in the time to come: stage, and from when until when, counted from ``time_ms``.

        The first may have begun before: then its beginning is negative.
        """
        shown = self.at(time_ms)
        begin_ms, end_ms = -shown.elapsed_ms, shown.remaining_ms
        while begin_ms <= within_ms:
            if shown.stage >= 0:
                yield shown.stage, begin_ms, end_ms
            shown = self.at(time_ms + end_ms)
            begin_ms, end_ms = end_ms, end_ms + shown.remaining_ms

    def next_stage(self, time_ms: int) -> tuple[int, int]:
        """Return the stage that is shown or comes next, and the milliseconds until it is."""
        wait_ms = 0
        for _ in self._states:
            shown = self.at(time_ms + wait_ms)
            if shown.stage >= 0:
                return shown.stage, wait_ms
            wait_ms += shown.remaining_ms
        return -1, 0


def _stage_of(junction: Junction, state: str) -> int:
    if set(state) & set("yYu"):
        return -1
    for stage in junction.stages:
        if state == stage.state:
            return stage.index
    return -1


def why_not_taken(program: OwnProgram, intergreens: Intergreens, lamps: str | None, time_ms: int) -> str | None:
    """Return why a junction cannot be taken from its own program now, or None if it can.

    It must show a stage, the very one that the program has, and whoever lost green
    before must have left: the interlock only looks out for those whom it stopped itself.
    """
    own = program.at(time_ms)
    if own.stage < 0:
        return "its own program is changing stages"
    if lamps != own.state:
        return f"it shows {lamps}, where its own program has {own.state}"
    # the program's yellow may be longer than ours: what has to pass after it is looked at by itself
    since_ms = zip(program.dark_ms(time_ms), program.dark_ms(time_ms, _LIT), strict=True)
    for link, (dark_ms, red_ms) in enumerate(since_ms):
        if dark_ms >= 0 and (
            dark_ms < intergreens.clearing_ms(link) or red_ms < intergreens.clearing_ms(link, red=True)
        ):
            return f"link {link} of its own program is still clearing"
    return None


def why_not_given_back(
    program: OwnProgram | None, stage: int, since_ms: int, time_ms: int, bounds_ms: tuple[int, int]
) -> str | None:
    """Return why a junction cannot be given back to its own program now, or None if it can.

    Parameters
    ----------
    stage : int
        That the junction shows since ``since_ms``; -1 within an intergreen.
    bounds_ms : (int, int)
        Shortest and longest green of that stage.
    """
    if program is None or not program.cycle_ms:
        return "there is no program of its own to give it back to"
    own = program.at(time_ms)
    if stage < 0 or own.stage != stage:
        return f"its own program shows {own.state}, not stage {stage}"
    green_ms = time_ms - since_ms + own.remaining_ms
    if green_ms < bounds_ms[0]:
        return f"its own program would end stage {stage} before its minimum green"
    if green_ms > bounds_ms[1]:
        return f"its own program would hold stage {stage} beyond its maximum green"
    return None
