"""Hill climbing in a simulation of the whole network: many changes in one run, each judged by the delay around it.

One run of a large network is dear, but two runs with different seeds differ by a few per cent at a
junction. So a run tries a change at every place that is far enough from the others; those that lower the
delay around them by more than chance does are kept, the others are taken back, and the next run tries
others. Now and then the plan is run without anything to try, and kept only if it is better as a whole.

Each change is compared with what the junctions around it had in the runs before (compare J. C. Spall,
Multivariate stochastic approximation using a simultaneous perturbation gradient approximation, IEEE Trans.
Automatic Control 37, 1992, where one number has to judge all changes of a run).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.signals.retiming.locality import Neighbourhoods
from citybrain.signals.retiming.moves import apply, setting_of
from citybrain.signals.retiming.proposals import KINDS, Proposal, Proposals
from citybrain.signals.retiming.timing import Rules, Timing

_CHANCE = 0.08  # share by which the delay around a junction differs from run to run
_LEAST_SHARE = 0.0003  # of the network's delay; below it, a gain is not worth the change
_ROUNDS = 5  # of changes, before the plan is run as it is
_AT_ONCE = 25  # changes in one run: what most of them make worse reaches further than the junctions beside
_EXPLORED = 0.3  # of the changes are drawn evenly among their kinds, the others by what a kind has gained


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What a run of the network says of a plan.

    Attributes
    ----------
    mean_s : float
        Mean delay of all vehicles.
    edge_s : ndarray, shape (n_edges,)
        Delay of all vehicles on each road, and of those that wait to enter there.
    junction_s : ndarray, shape (n_junctions,)
        The same by the junction that the road leads to.
    """

    mean_s: float
    edge_s: NDArray[np.float64]
    junction_s: NDArray[np.float64]


class Simulation(Protocol):
    """Anything that can run a plan of the whole network."""

    def measure(self, timings: Sequence[Timing], seed: int) -> list[Losses]:
        """Run plans, each with the same seed."""


def mixed(
    timings: Sequence[Timing],
    losses: Sequence[Losses],
    neighbours: Neighbourhoods,
    rules: Rules,
    movable: Sequence[int],
) -> Timing:
    """Return the first plan, where each junction takes over what it has in the plan with the least delay around it."""
    found = timings[0].copy()
    for j in movable:
        around = sorted(neighbours.around([j]))
        best = min(range(len(timings)), key=lambda k: float(losses[k].junction_s[around].sum()))
        if best:
            apply(found, rules, j, setting_of(timings[best], j))
    return found


@dataclass(slots=True)
class Trials:
    """The plan that is being worked on, and what tries it.

    Attributes
    ----------
    at_once : int
        Runs that the simulation does at a time; each tries other changes.
    best, losses : Timing, Losses
        The best plan that has been run as it is, and that run.
    """

    simulation: Simulation
    proposals: Proposals
    neighbours: Neighbourhoods
    rules: Rules
    generator: np.random.Generator
    best: Timing
    losses: Losses
    at_once: int = 1
    first_seed: int = 1000
    report: Callable[[str, float], None] = lambda _what, _mean_s: None
    gained: dict[str, list[float]] = field(default_factory=lambda: {kind: [1.0, 1.0] for kind in KINDS})
    _timing: Timing = field(init=False)
    _known_s: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self._go_back()

    def climb(self, deadline: float) -> None:
        """Try, keep and try again until ``monotonic()`` passes the deadline."""
        seed, longest_s = self.first_seed, 0.0
        while True:
            for _ in range(_ROUNDS):
                begun = monotonic()
                if begun + 2 * longest_s > deadline:  # the last run is of the plan as it is
                    break
                seed += 1
                self._round(seed)
                longest_s = max(longest_s, monotonic() - begun)
            else:
                self._confirm(seed)
                continue
            self._confirm(seed)
            return

    def _round(self, seed: int) -> None:
        drawn = self._draw_apart()
        runs = self.simulation.measure([self._with(proposals) for proposals in drawn], seed)
        kept = 0
        for proposals, run in zip(drawn, runs, strict=True):
            better = self._better(proposals, run)
            touched = self.neighbours.around(j for p in proposals for j in p.settings)
            alone = [j for j in range(len(self._known_s)) if j not in touched]
            self._known_s[alone] += 0.5 * (run.junction_s[alone] - self._known_s[alone])
            for proposal in better:
                around = sorted(self.neighbours.around(proposal.settings))
                self._known_s[around] = run.junction_s[around]
                self._apply(self._timing, proposal)
            kept += len(better)
        self.report(f"{kept} of {sum(map(len, drawn))} changes kept", min(run.mean_s for run in runs))

    def _confirm(self, seed: int) -> None:
        """Run the plan as it is; go back to the best one where it is no better."""
        (run,) = self.simulation.measure([self._timing], seed)
        self.report("the plan as it is", run.mean_s)
        if run.mean_s < self.losses.mean_s:
            self.best, self.losses = self._timing.copy(), run
        self._go_back()

    def _go_back(self) -> None:
        self._timing, self._known_s = self.best.copy(), self.losses.junction_s.copy()

    def _draw_apart(self) -> list[list[Proposal]]:
        """Draw proposals for each run; those of one run do not touch what is beside them, none is drawn twice."""
        odds = np.array([gain / tries for gain, tries in self.gained.values()])
        odds = _EXPLORED / len(odds) + (1 - _EXPLORED) * odds / odds.sum()
        movable = sorted(self.proposals.movable)
        weight = self._known_s[movable] + 0.1 * self._known_s[movable].mean() + 1e-9
        # draws without replacement, by weight: Efraimidis and Spirakis, Inf. Process. Lett. 97, 2006
        keys = self.generator.random(len(movable)) ** (weight.mean() / weight)
        runs: list[list[Proposal]] = [[] for _ in range(self.at_once)]
        taken: list[set[int]] = [set() for _ in range(self.at_once)]
        changed: set[int] = set()
        for place, k in enumerate(np.argsort(-keys)):
            run = place % self.at_once
            if len(runs[run]) >= _AT_ONCE:
                continue
            kind = str(self.generator.choice(KINDS, p=odds))
            drawn = self.proposals.draw(kind, movable[k], self._timing, self.losses.edge_s, self.generator)
            if drawn is None or taken[run] & set(drawn.settings) or changed & set(drawn.settings):
                continue
            taken[run] |= self.neighbours.around(drawn.settings)
            changed |= set(drawn.settings)
            runs[run].append(drawn)
        return runs

    def _with(self, proposals: Sequence[Proposal]) -> Timing:
        timing = self._timing.copy()
        for proposal in proposals:
            self._apply(timing, proposal)
        return timing

    def _apply(self, timing: Timing, proposal: Proposal) -> None:
        for junction, setting in proposal.settings.items():
            apply(timing, self.rules, junction, setting)

    def _better(self, proposals: Sequence[Proposal], run: Losses) -> list[Proposal]:
        """Return the proposals that lower the delay around them by more than chance."""
        total = self._known_s.sum()
        found = []
        for proposal in proposals:
            around = sorted(self.neighbours.around(proposal.settings))
            before, after = self._known_s[around], run.junction_s[around]
            gain = float((before - after).sum())
            chance = _CHANCE * float(np.sqrt((before**2).sum()))
            row = self.gained[proposal.kind]
            row[1] += 1
            if gain > max(chance, _LEAST_SHARE * total):
                row[0] += 100.0 * gain / total
                found.append(proposal)
        return found
