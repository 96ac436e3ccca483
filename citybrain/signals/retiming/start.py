"""Start plans at a given cycle: Webster's splits for the sequence that suits each junction."""

from __future__ import annotations

import numpy as np

from citybrain.network.model import Network
from citybrain.signals.retiming.moves import Sequences, Setting, apply
from citybrain.signals.retiming.profiles import END_GAIN_S, START_LOST_S
from citybrain.signals.retiming.queues import Tables
from citybrain.signals.retiming.timing import Rules, Timing
from citybrain.signals.retiming.webster import (
    LaneLoads,
    gaps,
    lane_loads,
    load,
    splits,
    webster_cycle_s,
)


class Starts:
    """Loads of every junction, and the plans that follow from them."""

    def __init__(self, network: Network, tables: Tables, rules: Rules) -> None:
        self.network, self.tables, self.rules = network, tables, rules
        self.loads: list[LaneLoads] = [
            lane_loads(tables, j, len(junction.stages), self._busiest(j))
            for j, junction in enumerate(network.junctions)
        ]

    def _busiest(self, junction: int) -> np.ndarray:
        """Flows of the sample in which most vehicles pass the junction: designers plan for the busiest quarter."""
        own = self.tables.stream_vps * (self.tables.stream_junction == junction)
        return np.asarray(own[int(own.sum(axis=1).argmax())])

    def webster_timing(self, timing: Timing) -> Timing:
        """The pure Webster plan: every stage of the scenario's plan in its order, its own cycle, no offsets.

        Junctions with one stage, or whose stages do not fit any cycle, keep what they run.
        """
        found = timing.copy()
        for j in range(len(self.network.junctions)):
            stages = tuple(dict.fromkeys(int(s) for s in timing.stage[j, : timing.places[j]]))
            if len(stages) < 2 or not self.loads[j].ratio.any():
                continue
            cycle_s = self.webster_cycle(j, stages)
            greens = splits(self.loads[j], self.rules, j, stages, cycle_s)
            if greens is not None:
                apply(found, self.rules, j, Setting(stages, tuple(greens), 0))
        return found

    def webster_cycle(self, junction: int, stages: tuple[int, ...]) -> int:
        """Webster's cycle of one junction, long enough for its minimum greens."""
        between_s = sum(gaps(self.rules, junction, stages))
        lost_s = between_s + len(stages) * (START_LOST_S - END_GAIN_S)
        cycle_s = webster_cycle_s(load(self.loads[junction], stages), lost_s)
        low = sum(int(self.rules.low[junction, s]) for s in stages)
        return round(max(cycle_s, between_s + low))

    def at_cycle(self, timing: Timing, cycle_s: int, junctions: list[int], sequences: Sequences) -> bool:
        """Give junctions Webster's splits at a cycle, leaving out stages until it fits; False where it does not."""
        for j in junctions:
            if len(self.network.junctions[j].stages) < 2:
                continue
            stages = tuple(dict.fromkeys(int(s) for s in timing.stage[j, : timing.places[j]]))
            greens = splits(self.loads[j], self.rules, j, stages, cycle_s)
            while greens is None:
                fewer = [s for s in sequences.neighbours(j, stages) if len(s) < len(stages)]
                if not fewer:
                    return False
                stages = min(fewer, key=lambda s: load(self.loads[j], s))
                greens = splits(self.loads[j], self.rules, j, stages, cycle_s)
            apply(timing, self.rules, j, Setting(stages, tuple(greens), int(timing.offset[j])))
        return True

    def splits_at(self, junction: int, stages: tuple[int, ...], cycle_s: int) -> tuple[int, ...] | None:
        """Return Webster's splits at a cycle, None where they do not fit."""
        greens = splits(self.loads[junction], self.rules, junction, stages, cycle_s)
        return None if greens is None else tuple(greens)
