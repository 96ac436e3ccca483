"""Emergency priority: edits decisions so that vehicles on a call meet green, and pays the others back.

It never makes a command. See docs/emergency.md.
"""

from __future__ import annotations

from citybrain.signals.priority.parameters import PriorityParameters
from citybrain.signals.priority.service import PriorityService

__all__ = ["PriorityParameters", "PriorityService"]
