"""``learned``: what train.py learned, as a policy. NumPy only where it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from citybrain.integrations.gym.features import Features
from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.interlock import Interlock
from citybrain.signals.own_plan import OwnPlan


class Learned:
    """The trained junction follows the network, the others their own plans."""

    def __init__(self, *, file: str = "") -> None:
        with np.load(file or Path(__file__).with_name("learned.npz")) as saved:
            self.interval_s = float(saved["interval_s"])
            self._junction, self._kind = str(saved["junction"]), str(saved["features"])
            count = sum(name.startswith("weight") for name in saved.files)
            self._layers = [(saved[f"weight{i}"], saved[f"bias{i}"]) for i in range(count)]

    def start(self, network: Network, rules: SignalRules) -> None:
        """Find the junction."""
        self._plan = OwnPlan()
        self._plan.start(network, rules)
        self._index = network.junction_index(self._junction)
        if self._index >= 0:
            self._features = Features(network, Interlock(network, rules), [self._index], self._kind)

    def decide(self, observation: Observation) -> Decision:
        """Return the best action that the mask allows."""
        stage = self._plan.stages_at(observation.time_s)
        if self._index >= 0:
            self._features.see(observation)
            values = self._features.array(self._index)
            for weight, bias in self._layers[:-1]:
                values = np.tanh(weight @ values + bias)
            weight, bias = self._layers[-1]
            score = np.where(self._features.mask(self._index) > 0, weight @ values + bias, -np.inf)
            stage[self._index] = int(score.argmax())
        return Decision(time_s=observation.time_s, stage=stage)
