"""How the platoon model's loops are compiled: :mod:`.profiles`, :mod:`.kernel` and :mod:`.sweeps`."""

from __future__ import annotations

from pathlib import Path

from citybrain.signals.compiled import compiler

compiled = compiler(
    Path(__file__).parent, ("kernel.py", "profiles.py", "saturation.py", "sweeps.py"), error_model="numpy"
)
