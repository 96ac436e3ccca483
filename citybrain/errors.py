"""The one tree of errors.

::

    CitybrainError
    ├── InputError        the user's input is wrong: one line, exit code 2
    ├── PlantError        the simulator failed or was lost
    ├── PolicyError       a third party's policy failed
    └── UnsafeCommandError  somebody tried to go round the interlock
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CitybrainError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(CitybrainError):
    """Input that cannot be used; the message is one line that says what to do."""


class PlantError(CitybrainError):
    """The simulator failed, was lost or refused a command."""


class PolicyError(CitybrainError):
    """A third party's policy cannot be made or failed."""


class UnsafeCommandError(CitybrainError):
    """A command that the interlock did not make, or a stage it would never show."""


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the closest known name, or what is known."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(known)})" if known else ""
