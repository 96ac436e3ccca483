"""Hill climbing over greens, offsets and sequences against the platoon model; it can stop at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np

from citybrain.signals.retiming.moves import (
    Sequences,
    Setting,
    apply,
    green_moves,
    in_bounds,
    offset_moves,
    refit,
    setting_of,
)
from citybrain.signals.retiming.platoon import PlatoonModel
from citybrain.signals.retiming.timing import Rules, Timing

_LEAST_GAIN = 1e-4
_MOST_PASSES = 12


@dataclass(slots=True)
class Search:
    """The plan that is being worked on, and what judges it.

    Attributes
    ----------
    deadline : float
        ``monotonic()`` time at which every step stops where it is.
    """

    model: PlatoonModel
    rules: Rules
    sequences: Sequences
    timing: Timing
    deadline: float
    report: Callable[[float], None] = lambda _value: None

    def climb(self, junctions: Sequence[int], generator: np.random.Generator, *, passes: int = _MOST_PASSES) -> None:
        """Improve junction after junction until a whole pass gains nothing or time is up."""
        self.model.value(self.timing)
        waiting = set(junctions)
        for _ in range(passes):
            if not waiting:
                break
            order = generator.permutation(sorted(waiting))
            waiting = set()
            for j in order:
                if monotonic() > self.deadline:
                    return
                if self.improve(int(j), self._moves(int(j))):
                    waiting.add(int(j))
                    first, last = self.model.after_first[j], self.model.after_first[j + 1]
                    waiting |= {int(i) for i in self.model.after[first:last]} & set(junctions)
                self.report(self.model.total())
            self.model.value(self.timing)

    def improve(self, junction: int, moves: Callable[[Setting], Iterable[Setting]]) -> bool:
        """Take every move that gains, starting over from the new setting; returns whether any did."""
        gained = False
        now = setting_of(self.timing, junction)
        found = True
        while found and monotonic() <= self.deadline:
            found = False
            for setting in moves(now):
                apply(self.timing, self.rules, junction, setting)
                if self.model.try_junction(self.timing, junction) < -_LEAST_GAIN:
                    self.model.keep(self.timing, junction)
                    now, found, gained = setting, True, True
                    break
            else:
                apply(self.timing, self.rules, junction, now)
        return gained

    def _moves(self, junction: int) -> Callable[[Setting], Iterator[Setting]]:
        def moves(now: Setting) -> Iterator[Setting]:
            cycle = int(self.timing.cycle[junction])
            yield from offset_moves(now)
            yield from (s for s in green_moves(now) if in_bounds(self.rules, junction, s))
            yield from self._sequences(junction, now, cycle)

        return moves

    def _sequences(self, junction: int, now: Setting, cycle: int) -> Iterator[Setting]:
        wish = dict(zip(now.stages, now.greens, strict=True))
        for stages in self.sequences.neighbours(junction, now.stages):
            low = [int(self.rules.low[junction, s]) for s in stages]
            greens = refit(
                self.rules, junction, stages, [wish.get(s, lo) for s, lo in zip(stages, low, strict=True)], cycle
            )
            if greens is not None:
                yield Setting(stages, greens, now.offset)
