"""The scenario's own plans as decisions: what takes over where a policy is lost.

``fixed-time`` lets SUMO run the plans and needs a plant that has them; this follows
the same clock through the interlock, on any plant and from any moment of a run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import HOLD, Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import GREEN, Junction, Network


class OwnPlan:
    """Asks each junction for the stage that its own program shows, or leads to.

    A junction without a program keeps its stage until the longest green is over. The
    intergreens are the interlock's, so that a stage may turn green a second
    or two before or after the program's own.
    """

    interval_s = 1.0

    def start(self, network: Network, rules: SignalRules) -> None:  # noqa: ARG002
        """Find the stages of every program."""
        self._plans = [_Clock(junction) for junction in network.junctions]

    def decide(self, observation: Observation) -> Decision:
        """Return the stages that the clock asks for."""
        return Decision(time_s=observation.time_s, stage=self.stages_at(observation.time_s))

    def stages_at(self, time_s: float) -> NDArray[np.int32]:
        """Return the stage of every junction at a time."""
        time_ms = round(time_s * 1000)
        return np.array([plan.stage(time_ms) for plan in self._plans], dtype=np.int32)


class _Clock:
    """One junction's program: when each stage is asked for; a positive offset starts it later."""

    def __init__(self, junction: Junction) -> None:
        self._offset_ms = round(junction.offset_s * 1000)
        lengths = [round(phase.duration_s * 1000) for phase in junction.program]
        shown = [_stage_of(junction, phase.state) for phase in junction.program]
        self._cycle_ms = sum(lengths)
        self._ends_ms = np.cumsum(lengths)
        # in an intergreen the stage that follows is asked for
        self._stage = [next((s for s in (*shown[k:], *shown[:k]) if s != HOLD), HOLD) for k in range(len(shown))]

    def stage(self, time_ms: int) -> int:
        if not self._cycle_ms:
            return HOLD
        place_ms = (time_ms - self._offset_ms) % self._cycle_ms
        return self._stage[int(np.searchsorted(self._ends_ms, place_ms, side="right"))]


def _stage_of(junction: Junction, state: str) -> int:
    """Return the stage that a phase shows, or HOLD for an intergreen."""
    if set(state) & set("yY"):
        return HOLD
    green = [lamp in GREEN for lamp in state]
    for stage in junction.stages:
        if green == [stage.is_green(link) for link in range(len(state))]:
            return stage.index
    return HOLD
