"""Every command that the documentation shows can be typed, every piece of Python runs, every piece of TOML and JSON parses."""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
import xml.etree.ElementTree as ET

import pytest
import typer
from blocks import ROOT, Block, blocks, commands, pages

from citybrain.cli import app

USAGE_ERROR = typer.BadParameter.__mro__[1]
ALL = [block for page in pages() for block in blocks(page)]
PYTHON_PAGES = sorted({b.page for b in ALL if b.language == "python" and not b.skip})
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def parsed(words: list[str]) -> None:
    """Parse a command line as ``citybrain`` would, without running it."""
    command, context = typer.main.get_command(app), None
    while True:
        # what a page leaves out stands for any value
        context = command.make_context(words[0], [w for w in words[1:] if w not in ("…", "...")], parent=context)
        if not hasattr(command, "resolve_command"):
            return
        left = [*context._protected_args, *context.args]
        if not left:
            return
        _, command, rest = command.resolve_command(context, left)
        words = [left[0], *rest]


def check(words: list[str]) -> None:
    program = words[0]
    if program == "citybrain":
        with contextlib.suppress(typer.Exit):  # --help and --version
            parsed(words)
    elif program == "pip":
        for extra in re.findall(r"citybrain\[(\w+)\]", " ".join(words)):
            assert extra in EXTRAS
    elif program == "python" and words[1].endswith(".py"):
        assert "$" in words[1] or (ROOT / words[1]).is_file(), f"{words[1]} does not exist"
    elif program == "pytest":
        for word in words[1:]:
            assert "/" not in word or (ROOT / word).exists(), f"{word} does not exist"
    elif program.startswith("scripts/"):
        assert (ROOT / program).is_file()


@pytest.mark.parametrize("page", sorted({b.page for b in ALL}))
def test_commands_can_be_typed(page):
    for block in (b for b in ALL if b.page == page and not b.skip):
        for words in commands(block):
            try:
                check(words)
            except (USAGE_ERROR, AssertionError) as error:
                pytest.fail(f"{block.id}: {' '.join(words)}: {getattr(error, 'message', error)}")


@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python_runs(page, tmp_path, monkeypatch):
    """The blocks of a page share their names, as a reader's session would."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in ALL:
        if block.page == page and block.language == "python" and not block.skip and not run_elsewhere(block):
            exec(compile(block.text, block.id, "exec"), names)


def run_elsewhere(block: Block) -> bool:
    return (ROOT / block.page).read_text(encoding="utf-8").startswith("<!-- test: run -->")


@pytest.mark.parametrize("block", [b for b in ALL if b.language in ("toml", "json", "xml")], ids=lambda b: b.id)
def test_data_parses(block):
    {"toml": tomllib.loads, "json": json.loads, "xml": ET.fromstring}[block.language](block.text)


def test_what_is_skipped_says_why():
    assert all(len(block.skip) > 10 for block in ALL if block.skip)
