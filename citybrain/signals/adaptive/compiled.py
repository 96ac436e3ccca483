"""How the queue model and the search over plans are compiled: :mod:`.queue_rules`, :mod:`.queue_model` and :mod:`.kernel`."""

from __future__ import annotations

from pathlib import Path

from citybrain.signals.compiled import compiler

compiled = compiler(
    Path(__file__).parent, ("kernel.py", "queue_model.py", "queue_rules.py", "tables.py"), fastmath=True
)
