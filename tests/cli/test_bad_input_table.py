"""The table of bad input: exit code 2, one line as the table says, nothing on standard output, nothing written."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from bad_input_folder import make

from citybrain import cli

CASES = tomllib.loads((Path(__file__).parent / "bad_input.toml").read_text(encoding="utf-8"))["case"]
LEAST_CASES = 100
COMMAND = typer.main.get_command(cli.app)  # what every call would build anew


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    found = {str(path): path.stat() for path in folder.rglob("*")}
    return {name: (status.st_size, status.st_mtime_ns) for name, status in found.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Nothing is written by any case, so all share one folder."""
    folder = tmp_path_factory.mktemp("bad")
    make(folder)
    return folder


@pytest.fixture(scope="module")
def before(folder):
    return contents(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["types"])
def test_bad_input_is_one_line(case, folder, before, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "70")  # a message must not be broken over lines
    monkeypatch.setattr(sys, "argv", ["citybrain", *shlex.split(case["types"])])
    monkeypatch.setattr(cli, "app", COMMAND)
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr()
    assert (left.value.code, printed.out) == (2, "")
    said = printed.err.replace(str(folder), ".")
    assert re.fullmatch(re.escape(f"citybrain: {case['says']}\n").replace("…", ".*"), said), said
    assert contents(folder) == before


def test_the_table_is_long_and_says_nothing_twice():
    assert len(CASES) >= LEAST_CASES
    assert len({case["types"] for case in CASES}) == len(CASES)
