"""The page of commands, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from citybrain.cli import app

_INTRODUCTION = """\
Every command has `--help`, ends with 0 where it did its work, with 2 and one line where what it was given cannot be used
([which lines](../bad-input.md)), with 1 where a run failed or a check found errors, and with 130 after Ctrl-C."""


def markdown() -> str:
    """Return the page."""
    lines = [
        "# Commands", "",
        _INTRODUCTION, "",
    ]  # fmt: skip
    for name, command in leaves(typer.main.get_command(app), "citybrain"):
        lines += [f"## {name}", "", *_text(command), ""]
        lines += _table("argument", [p for p in command.params if p.param_type_name == "argument"])
        lines += _table("option", [p for p in command.params if p.param_type_name == "option" and p.name != "help"])
    return "\n".join(lines)


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, by the words that call it."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, below in command.commands.items():
        yield from leaves(below, f"{name} {word}")


def _text(command: Any) -> list[str]:
    help_text = " ".join((command.help or "").split("\f")[0].split("\n"))
    prose, _, example = help_text.partition("Example: ")
    return [prose.strip(), "", *([f"    {example.strip()}", ""] if example else [])]


def _table(kind: str, parameters: list[Any]) -> list[str]:
    if not parameters:
        return []
    lines = [f"| {kind} | | default |", "|---|---|---|"]
    for p in parameters:
        shown = p.name.upper() if kind == "argument" else ", ".join([*p.opts, *p.secondary_opts])
        default = (
            "needed" if p.required else "" if p.default in (None, False) or callable(p.default) else f"`{p.default}`"
        )
        lines.append(f"| `{shown}` | {(p.help or '').replace('|', chr(92) + '|')} | {default} |")
    return [*lines, ""]
