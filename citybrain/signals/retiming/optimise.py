"""The whole search for one period: cycles, splits, sequences, offsets, polish. It can stop at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

import numpy as np

from citybrain.signals.retiming.bands import set_bands
from citybrain.signals.retiming.model import PHASES, pair_costs, solve_offsets
from citybrain.signals.retiming.moves import Sequences, Setting, apply, setting_of, shown_once
from citybrain.signals.retiming.platoon import Objective, PlatoonModel
from citybrain.signals.retiming.polish import Search
from citybrain.signals.retiming.problem import Problem
from citybrain.signals.retiming.queues import coarsened
from citybrain.signals.retiming.start import Starts
from citybrain.signals.retiming.timing import Timing, current_timing

CYCLES_S = (36, 40, 45, 50, 56, 64, 72, 80, 90, 100, 110, 120)
_MANY_JUNCTIONS = 40
_OWN = 0  # instead of a cycle: every junction's own
_SHARE_OF_CYCLES = 0.6  # of the time, for comparing cycles; the rest polishes
Report = Callable[[str, float, float], None]
"""Called with what is being done, the best value (mean delay a vehicle, s), and how far the offsets may
be from the optimum of their model (share of it; NaN before it has run)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to search.

    Parameters
    ----------
    seconds : float
        Time for the search, all steps together.
    objective : Objective
    free_sequence : bool
        Whether stages may be left out or change places.
    cycles_s : tuple of int
        Common cycles to compare.
    offsets : str
        ``delay``: offsets of least delay; ``bandwidth``: widest green bands along the corridors.
    standing_queues : bool
        Whether the problem was posed with queues that outlive a slice; the search then starts from the
        current plan too, since a network full of queues has few better ones.
    seed : int
        Of the demand samples and of the order of the search.
    """

    seconds: float = 300.0
    objective: Objective = field(default_factory=Objective)
    free_sequence: bool = True
    cycles_s: tuple[int, ...] = CYCLES_S
    offsets: Literal["delay", "bandwidth"] = "delay"
    seed: int = 1
    standing_queues: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A plan for the network, its name and what the platoon model says of it (s a vehicle)."""

    name: str
    timing: Timing
    model_s: float


class Optimiser:
    """Searches, and keeps every plan worth a run in SUMO in ``candidates``, so that it may be interrupted."""

    def __init__(self, problem: Problem, settings: Settings, report: Report = lambda _t, _v, _b: None) -> None:
        self.problem, self.settings, self.report = problem, settings, report
        self.model = PlatoonModel(problem.tables, settings.objective)
        self.sequences = Sequences(problem.network, free=settings.free_sequence)
        self.starts = Starts(problem.network, problem.tables, problem.rules)
        self.current = current_timing(problem.network)
        self.webster = self.starts.webster_timing(self.current)
        self.generator = np.random.default_rng(settings.seed)
        used = {int(j) for j in problem.tables.stream_junction[problem.samples.mean_vps > 0]}
        self.movable = [
            j for j, junction in enumerate(problem.network.junctions) if len(junction.stages) > 1 and j in used
        ]
        self.fine, self.coarse = self.model, self.model
        if len(self.movable) > _MANY_JUNCTIONS:
            self.coarse = PlatoonModel(coarsened(problem.tables), settings.objective)
        self.candidates: list[Candidate] = []
        self.best_s = problem.per_vehicle(self.model.value(self.current))
        self.offset_gap = float("nan")

    def run(self) -> None:
        """Compare common cycles, mix them by group, polish the best."""
        begun = monotonic()
        if not self.movable:
            return
        deadline = begun + self.settings.seconds
        by_group: dict[int, list[tuple[float, int, Timing]]] = {}
        self.model = self.coarse
        cycles = self._feasible_cycles()
        if self.settings.standing_queues:
            cycles = [*cycles, _OWN]
        for place, cycle_s in enumerate(cycles):
            now = monotonic()
            left = begun + _SHARE_OF_CYCLES * self.settings.seconds - now
            until = now + max(1.0, left / (len(cycles) - place))
            timing = self._improved(until) if cycle_s == _OWN else self._at_cycle(cycle_s, until)
            if timing is None:
                continue
            self._add("current plan, improved" if cycle_s == _OWN else f"common cycle {cycle_s} s", timing)
            cost = self.fine.tables.weight @ self.fine.cost
            for g, group in enumerate(self.problem.groups):
                by_group.setdefault(g, []).append((float(cost[group].sum()), cycle_s, timing))
            if monotonic() > deadline:
                break
        self.model = self.fine
        if self.settings.offsets == "bandwidth":
            return  # hill climbing on delay would undo the bands
        if len(self.problem.groups) > 1 and by_group:
            self._mix(by_group, deadline)
        self._polish_best(deadline)

    def _feasible_cycles(self) -> list[int]:
        shortest = max(
            (min(self._shortest(j, stages) for stages in self._sequences(j)) for j in self.movable), default=0
        )
        cycles = [c for c in self.settings.cycles_s if c >= shortest]
        if len(self.movable) > _MANY_JUNCTIONS:  # each needs time; the bends between them are flat
            cycles = cycles[::2]
        return cycles or [shortest]

    def _sequences(self, junction: int) -> list[tuple[int, ...]]:
        timing = self.current
        stages = tuple(dict.fromkeys(int(s) for s in timing.stage[junction, : timing.places[junction]]))
        found = [stages]
        while True:  # leave out the longest stage that can be left out
            fewer = [s for s in self.sequences.neighbours(junction, found[-1]) if len(s) < len(found[-1])]
            if not fewer:
                return found
            found.append(min(fewer, key=lambda s: self._shortest(junction, s)))

    def _shortest(self, junction: int, stages: tuple[int, ...]) -> int:
        rules = self.problem.rules
        following = (*stages[1:], *stages[:1])
        return int(
            sum(rules.low[junction, a] + rules.gap[junction, a, b] for a, b in zip(stages, following, strict=True))
        )

    def _at_cycle(self, cycle_s: int, deadline: float) -> Timing | None:
        """Return a plan of one common cycle: splits and sequences, offsets, and both again."""
        timing = self.current.copy()
        if not self.starts.at_cycle(timing, cycle_s, self.movable, self.sequences):
            return None
        span = deadline - monotonic()
        search = self._search(timing, monotonic() + 0.5 * span, f"cycle {cycle_s} s")
        search.climb(self.movable, self.generator, passes=2)
        if self.settings.offsets == "bandwidth":
            set_bands(self.problem, timing, seconds=min(20.0, 0.2 * span))
            return timing
        self._offsets(timing, self.movable, min(20.0, 0.2 * span))
        search.deadline = deadline
        search.climb(self.movable, self.generator, passes=2)
        self.model.value(timing)
        return timing

    def _improved(self, deadline: float) -> Timing | None:
        """Return the current plan after hill climbing from it, each junction in the cycle that it has."""
        if self.settings.offsets == "bandwidth":
            return None
        timing = self.current.copy()
        for j in self.movable:
            setting = shown_once(self.problem.rules, j, setting_of(timing, j), int(timing.cycle[j]))
            if setting is not None:
                apply(timing, self.problem.rules, j, setting)
        search = self._search(timing, deadline, "current plan")
        search.climb(self.movable, self.generator, passes=2)
        return timing

    def _search(self, timing: Timing, deadline: float, what: str) -> Search:
        def report(value: float) -> None:
            self.report(what, min(self.best_s, self.problem.per_vehicle(value)), self.offset_gap)

        return Search(self.model, self.problem.rules, self.sequences, timing, deadline, report)

    def _offsets(self, timing: Timing, junctions: list[int], seconds: float) -> None:
        """Set the offsets that the mathematical model finds, if the platoon model agrees that they are better."""
        before = self.model.value(timing)
        kept = timing.offset.copy()
        costs = pair_costs(self.model, timing, junctions)
        if not costs or seconds <= 0.2:
            return
        hint = {j: round(timing.offset[j] * PHASES / timing.cycle[j]) % PHASES for j in junctions}
        solution = solve_offsets(
            costs, seconds=seconds, hint=hint, seed=self.settings.seed,
            report=lambda v, b: self.report("offsets", self.best_s, (v - b) / max(v, 1e-9)),
        )  # fmt: skip
        self.offset_gap = (solution.value - solution.bound) / max(solution.value, 1e-9)
        for j, step in solution.steps.items():
            timing.offset[j] = round(step * timing.cycle[j] / PHASES)
        if self.model.value(timing) > before:
            timing.offset[:] = kept

    def _mix(self, by_group: dict[int, list[tuple[float, int, Timing]]], deadline: float) -> None:
        """Give each group the cycle that is best for it; groups see each other's traffic evenly or in step."""
        timing = self.current.copy()
        for g, group in enumerate(self.problem.groups):
            _, _, best = min(by_group[g], key=lambda row: (row[0], row[1]))
            for j in group:
                if j in self.movable:
                    apply(timing, self.problem.rules, j, setting_of(best, j))
        self._search(timing, deadline, "groups").climb(self.movable, self.generator, passes=2)
        self._add("a cycle for each group", timing)

    def _polish_best(self, deadline: float) -> None:
        """Polish the two best plans: half cycles, then hill climbing until nothing gains."""
        for candidate in sorted(self.candidates, key=lambda c: c.model_s)[:2]:
            if monotonic() > deadline:
                return
            timing = candidate.timing.copy()
            search = self._search(timing, deadline, "polish")
            self._half_cycles(search)
            search.climb(self.movable, self.generator)
            self.candidates.remove(candidate)
            self._add(candidate.name, timing)

    def _half_cycles(self, search: Search) -> None:
        """Let junctions run half the common cycle where that is better."""
        self.model.value(search.timing)
        for j in self.movable:
            now = setting_of(search.timing, j)
            cycle = int(search.timing.cycle[j])
            if cycle % 2:
                continue
            greens = self.starts.splits_at(j, now.stages, cycle // 2)
            if greens is not None:
                search.improve(j, lambda s, g=greens, n=now: [Setting(s.stages, g, s.offset)] if s == n else [])  # type: ignore[misc]

    def _add(self, name: str, timing: Timing) -> None:
        value_s = self.problem.per_vehicle(self.fine.value(timing))
        self.candidates.append(Candidate(name=name, timing=timing.copy(), model_s=value_s))
        self.best_s = min(self.best_s, value_s)
        self.report(name, self.best_s, self.offset_gap)
