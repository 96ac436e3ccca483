"""Bad input to ``emergency``: one line, exit code 2, nothing written."""

from __future__ import annotations

import sys

import pytest

from citybrain.cli import main
from citybrain.cli_emergency import parse_at_once
from citybrain.errors import InputError


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["citybrain", "emergency", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.sumocfg",), "no such scenario"),
        (("resco:colone1",), "did you mean"),
        (("resco:cologne1", "--at-once", "0"), "--at-once '0'"),
        (("resco:cologne1", "--at-once", "4,4"), "--at-once '4,4'"),
        (("resco:cologne1", "--at-once", "few"), "--at-once 'few'"),
        (("resco:cologne1", "--sensors", "eyes"), "unknown sensors"),
        (("resco:cologne1", "--policy", "max-wave"), "--policy max-wave"),
        (("resco:cologne1", "--at-once", "1"), "3 signals"),
    ],
)
def test_bad_input_is_one_line(monkeypatch, capsys, tmp_path, arguments, words):
    out = tmp_path / "out"
    code, error = run(monkeypatch, capsys, *arguments, "--out", out)
    assert code == 2
    assert words in error
    assert error.strip().count("\n") == 0
    assert not out.exists()


def test_numbers_at_once():
    assert parse_at_once("1, 4,12") == (1, 4, 12)
    with pytest.raises(InputError, match="1 to 200"):
        parse_at_once("201")
