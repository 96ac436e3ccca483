"""All junctions through their plans of the day, each on its own way from plan to plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.plan import Plan
from citybrain.signals.plan_runner import CHEAPEST, PlanRunner

_MEMORY_S = 900.0


class OwnStages(Protocol):
    """The scenario's own programs."""

    def stages_at(self, time_s: float) -> NDArray[np.int32]:
        """Return the stage of every junction at a time."""


class PlanDay:
    """Asks for the stages of plans by the clock.

    Parameters
    ----------
    schedules : mapping
        Plans by junction id, each with the time that it runs from; a junction without follows ``own``.
    own : OwnStages
        Already started.
    way : str
        From plan to plan, see :class:`~citybrain.signals.plan_runner.PlanRunner`.
    """

    def __init__(
        self,
        network: Network,
        rules: SignalRules,
        schedules: Mapping[str, Sequence[tuple[float, Plan]]],
        own: OwnStages,
        *,
        way: str = CHEAPEST,
    ) -> None:
        self.runners = tuple(
            PlanRunner(network, rules, schedules[junction.id], way=way) if junction.id in schedules else None
            for junction in network.junctions
        )
        self._own = own
        self._passed = np.zeros(len(network.movements))
        self._since_s = 0.0

    def stages(self, observation: Observation, interval_s: float) -> NDArray[np.int32]:
        """Return the stage of every junction; to be asked every ``interval_s``, so that it knows the traffic."""
        keep = np.exp(-interval_s / _MEMORY_S)
        self._passed = keep * self._passed + observation.passed
        self._since_s = keep * self._since_s + interval_s
        rates_vps = self._passed / self._since_s
        now_ms = round(observation.time_s * 1000)
        stages = self._own.stages_at(observation.time_s)
        for j, runner in enumerate(self.runners):
            if runner is not None:
                stages[j] = runner.stage(now_ms, rates_vps)
        return stages
