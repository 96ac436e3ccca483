"""How loops that call each other across files are compiled and cached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numba import njit

Compile = Callable[[Callable[..., Any]], Any]


def compiler(folder: Path, sources: Sequence[str], **options: Any) -> Compile:
    """Return a decorator that compiles a function; what is cached holds for these very sources.

    numba's cache looks at the function's own file only, but a compiled function contains
    those that it calls: the name under which it is cached carries the digest of all files.

    Parameters
    ----------
    folder : Path
    sources : sequence of str
        Names of the files in it that are compiled together.
    **options
        Of :func:`numba.njit`.
    """
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in sources)).hexdigest()[:10]

    def compiled(function: Callable[..., Any]) -> Any:
        function.__qualname__ = f"{function.__qualname__}-{digest}"
        return njit(cache=True, **options)(function)

    return compiled
