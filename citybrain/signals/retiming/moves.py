"""Small changes to one junction's plan: everything that the polish may try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from citybrain.network.model import Network
from citybrain.signals.retiming.timing import Rules, Timing
from citybrain.signals.retiming.webster import gaps, rounded

GREEN_STEPS_S = (8, 3, 1)
OFFSET_STEPS_S = (-13, -5, -2, -1, 1, 2, 5, 13)


class Setting(NamedTuple):
    """What one junction runs."""

    stages: tuple[int, ...]
    greens: tuple[int, ...]
    offset: int


def setting_of(timing: Timing, junction: int) -> Setting:
    """Read a junction's setting."""
    n = int(timing.places[junction])
    return Setting(
        tuple(int(s) for s in timing.stage[junction, :n]),
        tuple(int(g) for g in timing.green[junction, :n]),
        int(timing.offset[junction]),
    )


def apply(timing: Timing, rules: Rules, junction: int, setting: Setting) -> None:
    """Write a setting into the arrays; gaps follow from the rules."""
    n = len(setting.stages)
    timing.places[junction] = n
    timing.stage[junction, :n] = setting.stages
    timing.green[junction, :n] = setting.greens
    timing.gap[junction, :n] = gaps(rules, junction, setting.stages) if n > 1 else 0
    timing.cycle[junction] = int((timing.green[junction, :n] + timing.gap[junction, :n]).sum())
    timing.offset[junction] = setting.offset % max(1, int(timing.cycle[junction]))


class Sequences:
    """Which sequences of stages serve everyone at a junction."""

    def __init__(self, network: Network, *, free: bool = True) -> None:
        self.free = free
        self.served: list[list[frozenset[int]]] = []
        for junction in network.junctions:
            links = {network.movements[m].link for m in junction.movements}
            self.served.append([frozenset(i for i in links if s.is_green(i)) for s in junction.stages])

    def serves_all(self, junction: int, stages: Sequence[int]) -> bool:
        """Whether every movement that any stage serves is served by these."""
        every = self.served[junction]
        return frozenset().union(*every) == frozenset().union(*(every[s] for s in stages))

    def neighbours(self, junction: int, stages: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Sequences with one stage less, one more, or two changed over; none where the sequence is given."""
        if not self.free:
            return
        n = len(stages)
        for p in range(n):
            fewer = stages[:p] + stages[p + 1 :]
            if len(fewer) > 1 and self.serves_all(junction, fewer):
                yield fewer
        for s in range(len(self.served[junction])):
            if s not in stages and self.served[junction][s]:
                for p in range(1, n + 1):
                    yield (*stages[:p], s, *stages[p:])
        if n > 2:
            for p in range(n):
                for q in range(p + 1, n):
                    swapped = list(stages)
                    swapped[p], swapped[q] = swapped[q], swapped[p]
                    yield tuple(swapped)


def refit(
    rules: Rules, junction: int, stages: Sequence[int], wish: Sequence[float], cycle: int
) -> tuple[int, ...] | None:
    """Return whole greens as near to a wish as the cycle and the bounds allow; None where nothing fits."""
    room = cycle - (sum(gaps(rules, junction, stages)) if len(stages) > 1 else 0)
    low = [int(rules.low[junction, s]) for s in stages]
    high = [int(rules.high[junction, s]) for s in stages]
    if not sum(low) <= room <= sum(high):
        return None
    total = max(1e-9, float(sum(wish)))
    scaled = np.array([w * room / total for w in wish])
    for _ in range(len(stages)):  # what bounds take away, the others share
        clipped = np.clip(scaled, low, high)
        free = (scaled > low) & (scaled < high)
        rest = room - clipped.sum()
        if abs(rest) < 1e-9 or not free.any():
            break
        scaled = np.where(free, scaled + rest / free.sum(), clipped)
    return tuple(rounded(list(np.clip(scaled, low, high)), low, high, room))


def shown_once(rules: Rules, junction: int, setting: Setting, cycle: int) -> Setting | None:
    """Return a setting as a plan may be: each stage once and as long, within its bounds; None where nothing fits."""
    wish = dict.fromkeys(setting.stages, 0)
    for stage, green in zip(setting.stages, setting.greens, strict=True):
        wish[stage] += green
    greens = refit(rules, junction, tuple(wish), tuple(wish.values()), cycle)
    return None if greens is None else Setting(tuple(wish), greens, setting.offset)


def green_moves(setting: Setting) -> Iterator[Setting]:
    """Give some green of one stage to another, keeping the others' starts where it helps."""
    n = len(setting.greens)
    for step in GREEN_STEPS_S:
        for p in range(n):
            for q in range(n):
                if p == q:
                    continue
                greens = list(setting.greens)
                greens[p] -= step
                greens[q] += step
                yield setting._replace(greens=tuple(greens))
                if q == n - 1:  # the first stage may start earlier instead
                    yield setting._replace(greens=tuple(greens), offset=setting.offset - step)


def offset_moves(setting: Setting) -> Iterator[Setting]:
    """Shift the whole plan."""
    for step in OFFSET_STEPS_S:
        yield setting._replace(offset=setting.offset + step)


def in_bounds(rules: Rules, junction: int, setting: Setting) -> bool:
    """Whether all greens are within their bounds."""
    return all(
        rules.low[junction, s] <= g <= rules.high[junction, s]
        for s, g in zip(setting.stages, setting.greens, strict=True)
    )
