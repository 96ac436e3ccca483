"""Plans of a whole network in flat arrays of whole seconds, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.network.intergreens import Intergreens, SignalRules
from citybrain.network.model import GREEN, Network
from citybrain.signals.plan import Plan

I32 = NDArray[np.int32]


class Timing(NamedTuple):
    """What every junction runs; positions are places in its sequence of stages.

    ``gap`` is the intergreen after the stage; ``fixed`` junctions run something
    that is not ours to change.
    """

    places: I32  # (junction,)
    stage: I32  # (junction, position)
    green: I32
    gap: I32
    offset: I32  # (junction,)
    cycle: I32  # (junction,): sum of greens and gaps

    def copy(self) -> Timing:
        """Return a copy that can be changed."""
        return Timing(*(array.copy() for array in self))


class Rules(NamedTuple):
    """Bounds and intergreens of every junction, whole seconds, rounded up."""

    low: I32  # (junction, stage)
    high: I32
    gap: I32  # (junction, from stage, to stage)
    stages: I32  # (junction,)


def build_rules(network: Network, rules: SignalRules) -> Rules:
    """Tabulate the scenario's rules."""
    n, most = len(network.junctions), max(len(junction.stages) for junction in network.junctions)
    low, high = np.zeros((n, most), np.int32), np.zeros((n, most), np.int32)
    gap = np.zeros((n, most, most), np.int32)
    for junction in network.junctions:
        table = Intergreens(network, junction, rules)
        for a in range(len(junction.stages)):
            low[junction.index, a] = int(np.ceil(table.min_green_ms(a) / 1000 - 1e-9))
            high[junction.index, a] = max(low[junction.index, a], int(rules.max_green_s))
            for b in range(len(junction.stages)):
                if a != b:
                    gap[junction.index, a, b] = round(table.length_s(a, b))
    stages = np.array([len(junction.stages) for junction in network.junctions], np.int32)
    return Rules(low=low, high=high, gap=gap, stages=stages)


def current_timing(network: Network) -> Timing:
    """Read the scenario's own programs, rounded to whole seconds."""
    rows = []
    for junction in network.junctions:
        states = [stage.state for stage in junction.stages]
        places: list[list[int]] = []
        lead_s = 0.0
        for phase in junction.program:
            stage = _stage_of(states, phase.state)
            if stage < 0 and not places:
                lead_s += phase.duration_s
            elif stage < 0:
                places[-1][2] += round(phase.duration_s)
            elif places and places[-1][0] == stage and places[-1][2] == 0:
                places[-1][1] += round(phase.duration_s)
            else:
                places.append([stage, round(phase.duration_s), 0])
        places[-1][2] += round(lead_s)
        rows.append((places, junction.offset_s + lead_s))
    return _timing([row[0] for row in rows], [row[1] for row in rows])


def _stage_of(states: Sequence[str], shown: str) -> int:
    """The stage that a phase shows: the same greens, whatever is permissive."""
    if set(shown) & set("yYu") or not set(shown) & GREEN:
        return -1
    if shown in states:
        return states.index(shown)
    greens = [lamp in GREEN for lamp in shown]
    for index, state in enumerate(states):
        if [lamp in GREEN for lamp in state] == greens:
            return index
    return -1


def from_plans(network: Network, plans: Mapping[str, Plan], rules: Rules) -> Timing:
    """Put plans in arrays; every junction of the network must have one."""
    rows, offsets = [], []
    for junction in network.junctions:
        plan = plans[junction.id]
        following = (*plan.stages[1:], *plan.stages[:1])
        rows.append(
            [
                [a, round(green), int(rules.gap[junction.index, a, b])]
                for a, b, green in zip(plan.stages, following, plan.greens_s, strict=True)
            ]
        )
        offsets.append(plan.offset_s)
    return _timing(rows, offsets)


def to_plans(network: Network, timing: Timing) -> dict[str, Plan]:
    """Return the plan of every junction, offsets within its cycle."""
    plans = {}
    for j, junction in enumerate(network.junctions):
        n = int(timing.places[j])
        plans[junction.id] = Plan(
            junction_id=junction.id,
            stages=tuple(int(s) for s in timing.stage[j, :n]),
            greens_s=tuple(float(g) for g in timing.green[j, :n]),
            offset_s=float(timing.offset[j] % max(1, timing.cycle[j])),
        )
    return plans


def _timing(rows: Sequence[Sequence[Sequence[int]]], offsets: Sequence[float]) -> Timing:
    most = max(8, *(len(row) for row in rows))
    table = np.zeros((3, len(rows), most), np.int32)
    for j, row in enumerate(rows):
        table[:, j, : len(row)] = np.array(row, np.int32).T
    cycle = (table[1] + table[2]).sum(axis=1).astype(np.int32)
    return Timing(
        places=np.array([len(row) for row in rows], np.int32),
        stage=table[0],
        green=table[1],
        gap=table[2],
        offset=np.array([round(offset) for offset in offsets], np.int32),
        cycle=cycle,
    )
