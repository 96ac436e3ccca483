"""The page of bad input, from the table that the tests type."""

from __future__ import annotations

import shlex
import tomllib
from itertools import groupby
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "tests" / "cli" / "bad_input.toml"
_INTRODUCTION = """# Bad input

What cannot be used is said in one line: what is wrong, both values, what to do. The exit code is 2, and nothing is
written. The tests type each of these {n} lines; the files that they name are made by `tests/cli/bad_input_folder.py`, a
good scenario (`tiny.sumocfg`) among them. `…` stands for what a parser adds.
"""
_GROUPS = ("network", "exchange", "new")


def markdown() -> str:
    """Return the page."""
    cases = tomllib.loads(TABLE.read_text(encoding="utf-8"))["case"]
    parts = [_INTRODUCTION.format(n=len(cases))]
    for command, group in groupby(cases, key=lambda case: _command(case["types"])):
        parts += [f"## {command}", "", "| typed | said |", "|---|---|"]
        parts += [f"| `citybrain {_cell(case['types'])}` | {_cell(case['says'])} |" for case in group]
        parts.append("")
    return "\n".join(parts)


def _command(typed: str) -> str:
    words = shlex.split(typed)
    if len(words) > 1 and words[0] in _GROUPS:
        return f"citybrain {words[0]} {words[1]}"
    return "citybrain" if words[0].startswith("-") or words[0] == "evaluat" else f"citybrain {words[0]}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("[[", "&#91;[")
