"""Changes to a few neighbouring junctions that a simulation may judge by the delay around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Network
from citybrain.signals.retiming.locality import Neighbourhoods
from citybrain.signals.retiming.moves import Sequences, Setting, refit, setting_of, shown_once
from citybrain.signals.retiming.timing import Rules, Timing
from citybrain.signals.retiming.webster import gaps

KINDS = ("greens", "offset", "sequence", "cycle", "other plan")
_GREEN_STEPS_S = (3, 6, 10, 15)
_CYCLE_FACTORS = (0.5, 0.75, 0.85, 1.15, 1.3, 2.0)
_SHORTEST_CYCLE_S, _LONGEST_CYCLE_S = 30, 240
_STEPS = (0, 0, 1, 1, 2)  # how far a change reaches that is not of one junction alone
_AT_RANDOM = 0.25  # of the changes of green, whatever the delay says


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """New settings of some junctions, to be taken or left as a whole."""

    kind: str
    settings: dict[int, Setting]


class Proposals:
    """Draws proposals.

    Parameters
    ----------
    others : sequence of Timing
        Plans that a few junctions may take over, the scenario's own first.
    """

    def __init__(
        self,
        network: Network,
        rules: Rules,
        sequences: Sequences,
        neighbours: Neighbourhoods,
        movable: Sequence[int],
        others: Sequence[Timing],
    ) -> None:
        self.network, self.rules, self.sequences = network, rules, sequences
        self.neighbours, self.movable, self.others = neighbours, frozenset(movable), list(others)
        self._roads = [_roads_by_stage(network, j) for j in range(len(network.junctions))]

    def draw(
        self, kind: str, junction: int, timing: Timing, edge_loss_s: NDArray[np.float64], generator: np.random.Generator
    ) -> Proposal | None:
        """Return a proposal around a junction; None where this kind has none there.

        Parameters
        ----------
        edge_loss_s : ndarray, shape (n_edges,)
            Delay on each road under the plan that is to be changed: green goes to the stages whose
            roads have most of it.
        """
        if kind == "greens":
            changed = {junction: self._greens(junction, timing, edge_loss_s, generator)}
        elif kind == "sequence":
            changed = {junction: self._sequence(junction, timing, generator)}
        else:
            ball = self.neighbours.around([junction], steps=int(generator.choice(_STEPS))) & self.movable
            change = self._change(kind, junction, timing, generator)
            changed = {j: change(j) for j in sorted(ball)}
        kept = {}
        for j, new in changed.items():
            if new is not None and new != setting_of(self.others[0], j):  # what runs there may be no plan of ours
                length = sum(new.greens) + (sum(gaps(self.rules, j, new.stages)) if len(new.stages) > 1 else 0)
                new = shown_once(self.rules, j, new, length)  # noqa: PLW2901
            if new is not None and new != setting_of(timing, j):
                kept[j] = new
        return Proposal(kind=kind, settings=kept) if kept else None

    def _change(
        self, kind: str, junction: int, timing: Timing, generator: np.random.Generator
    ) -> Callable[[int], Setting | None]:
        if kind == "other plan" and self.others:
            other = self.others[int(generator.integers(len(self.others)))]
            return lambda j: setting_of(other, j)
        if kind == "cycle":
            factor = float(generator.choice(_CYCLE_FACTORS))
            return lambda j: self._stretched(j, timing, factor)
        span = max(4, int(timing.cycle[junction]) // 3)
        shift = int(generator.integers(3, span + 1)) * int(generator.choice((-1, 1)))
        return lambda j: setting_of(timing, j)._replace(offset=int(timing.offset[j] + shift) % int(timing.cycle[j]))

    def _greens(
        self, junction: int, timing: Timing, edge_loss_s: NDArray[np.float64], generator: np.random.Generator
    ) -> Setting | None:
        """Move green to a stage, likely one with much delay on its roads, from another."""
        now = setting_of(timing, junction)
        if len(now.stages) < 2:
            return None
        weight = np.array([edge_loss_s[self._roads[junction][s]].sum() for s in now.stages]) + 1.0
        if generator.random() < _AT_RANDOM:
            weight = np.ones(len(weight))
        gets = int(generator.choice(len(weight), p=weight / weight.sum()))
        away = np.delete(1.0 / weight, gets)
        gives = int(np.delete(np.arange(len(weight)), gets)[generator.choice(len(away), p=away / away.sum())])
        greens = list(now.greens)
        step = int(generator.choice(_GREEN_STEPS_S))
        step = min(
            step,
            greens[gives] - int(self.rules.low[junction, now.stages[gives]]),
            int(self.rules.high[junction, now.stages[gets]]) - greens[gets],
        )
        if step <= 0:
            return None
        greens[gives] -= step
        greens[gets] += step
        return now._replace(greens=tuple(greens))

    def _sequence(self, junction: int, timing: Timing, generator: np.random.Generator) -> Setting | None:
        now = setting_of(timing, junction)
        choices = list(self.sequences.neighbours(junction, now.stages))
        if not choices:
            return None
        stages = choices[int(generator.integers(len(choices)))]
        known = dict(zip(now.stages, now.greens, strict=True))
        wish = [known.get(s, int(self.rules.low[junction, s])) for s in stages]
        greens = refit(self.rules, junction, stages, wish, int(timing.cycle[junction]))
        return None if greens is None else Setting(stages, greens, now.offset)

    def _stretched(self, junction: int, timing: Timing, factor: float) -> Setting | None:
        now = setting_of(timing, junction)
        cycle = min(_LONGEST_CYCLE_S, max(_SHORTEST_CYCLE_S, round(factor * int(timing.cycle[junction]))))
        if len(set(now.stages)) != len(now.stages):
            return None
        greens = refit(self.rules, junction, now.stages, now.greens, cycle)
        if greens is None:
            return None
        return Setting(now.stages, greens, round(now.offset * cycle / int(timing.cycle[junction])) % cycle)


def _roads_by_stage(network: Network, junction: int) -> list[list[int]]:
    """Roads whose traffic a stage lets go, by stage."""
    movements = [network.movements[m] for m in network.junctions[junction].movements]
    return [
        sorted({network.lanes[m.from_lane].edge for m in movements if not m.is_crossing and stage.is_green(m.link)})
        for stage in network.junctions[junction].stages
    ]
