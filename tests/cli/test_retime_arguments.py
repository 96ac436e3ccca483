"""Bad input to ``retime`` and ``evaluate --plans``: one line, exit code 2, nothing written."""

from __future__ import annotations

import sys

import pytest

from citybrain.cli import main


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["citybrain", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("retime", "nowhere.sumocfg"), "no such scenario"),
        (("retime", "resco:colone1"), "did you mean"),
        (("retime", "nowhere.sumocfg", "--begin", "10", "--end", "5"), "nowhere.sumocfg"),
    ],
)
def test_bad_input_is_one_line(monkeypatch, capsys, tmp_path, arguments, words):
    out = tmp_path / "out"
    code, error = run(monkeypatch, capsys, *arguments, "--out", out)
    assert code == 2
    assert words in error
    assert error.strip().count("\n") == 0
    assert not out.exists()


def test_absurd_options_are_refused(monkeypatch, capsys, tmp_path):
    code, _ = run(monkeypatch, capsys, "retime", "x.sumocfg", "--minutes", "-3", "--out", tmp_path / "out")
    assert code == 2
