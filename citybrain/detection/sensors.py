"""From the plant's readings to what a policy may see."""

from __future__ import annotations

from typing import Protocol

from citybrain.messages import Observation, SignalView
from citybrain.simulation.plant import Plant


class Sensors(Protocol):
    """What a city can see.

    ``continuous`` says whether the sensors must look at every step (loops count
    passages) or only when a policy asks.
    """

    continuous: bool

    def observe(self, plant: Plant, signals: SignalView) -> Observation:
        """Read the plant and return what can be known."""
