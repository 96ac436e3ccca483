"""``adaptive``: predictive, coordinated control. See docs/adaptive.md for the mathematics."""

from citybrain.signals.adaptive.policy import Adaptive

__all__ = ["Adaptive"]
