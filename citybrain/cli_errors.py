"""What the command line says of a command that cannot be understood: one line, like any other bad input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""The class of all errors in a command line, whichever parser typer brings."""
CLICK_ERROR: type[Exception] = USAGE_ERROR.__mro__[1]


def is_help(error: Exception) -> bool:
    """Return whether a command that needs words was typed without any, which asks for its help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def usage_line(error: Any, words: Sequence[str]) -> str:
    """Return the error as one line with what was typed, what is needed, and where help is.

    Parameters
    ----------
    words : sequence of str
        The command line, in which the refused value is looked up.
    """
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "citybrain"
    option = next((name for name in getattr(getattr(error, "param", None), "opts", ()) if name.startswith("--")), "")
    if option and not type(error).__name__.startswith("Missing"):
        message = f"{option} {given(words, option)!r}: {error.message.replace('Input should be', 'must be')}"
    else:
        message = error.format_message()
    where = command.partition(" ")[2]
    return f"citybrain: {where + ': ' if where else ''}{' '.join(message.split()).rstrip('.')}; see {command} --help"


def given(words: Sequence[str], option: str) -> str:
    """Return the last value that a command line gives to an option, empty where it gives none."""
    found = ""
    for place, word in enumerate(words):
        if word == option:
            found = words[place + 1] if place + 1 < len(words) else ""
        elif word.startswith(f"{option}="):
            found = word.partition("=")[2]
    return found
