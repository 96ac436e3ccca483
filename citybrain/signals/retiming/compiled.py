"""How the platoon model's loops are compiled and cached: :mod:`.profiles`, :mod:`.kernel` and :mod:`.sweeps`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

_SOURCES = ("kernel.py", "profiles.py", "saturation.py", "sweeps.py")


def _digest() -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in _SOURCES)).hexdigest()[:10]


_DIGEST = _digest()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function; what is cached holds for these very sources.

    numba's cache looks at the function's own file only, but a compiled function contains
    those that it calls: the name under which it is cached carries the digest of all files.
    """
    function.__qualname__ = f"{function.__qualname__}-{_DIGEST}"
    return njit(cache=True, error_model="numpy")(function)
