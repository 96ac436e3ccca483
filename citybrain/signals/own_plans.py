"""Every junction left to its own program: fixed-time plans that emergency priority may interrupt."""

from __future__ import annotations

import numpy as np

from citybrain.messages import RELEASE, Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network


class OwnPlans:
    """Asks for nothing: the plant's own programs run as they are.

    Other than ``fixed-time``, which nobody can interrupt, its junctions can be taken
    over and given back, see :class:`citybrain.signals.interlock.Interlock`.

    Parameters
    ----------
    interval_s : float
        How often the sensors look, for those who edit its decisions.
    """

    leaves_programs = True

    def __init__(self, *, interval_s: float = 1.0) -> None:
        self.interval_s = interval_s

    def start(self, network: Network, rules: SignalRules) -> None:  # noqa: ARG002
        """Make the only decision there is."""
        self._stage = np.full(len(network.junctions), RELEASE, dtype=np.int32)

    def decide(self, observation: Observation) -> Decision:
        """Leave every junction to its own program."""
        return Decision(time_s=observation.time_s, stage=self._stage)
