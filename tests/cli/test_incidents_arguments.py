"""Bad input to ``incidents``: one line, exit code 2, nothing written."""

from __future__ import annotations

import sys

import pytest

from citybrain.cli import main

ARGUMENTS = [
    (("nowhere.sumocfg",), "no such scenario"),
    (("resco:ingolstadt12",), "did you mean"),
    (("nowhere.sumocfg", "--seeds", "many"), "nowhere.sumocfg"),
    (("resco:cologne1", "--history", "nowhere"), "holds no recordings"),
]


@pytest.mark.parametrize(("arguments", "words"), ARGUMENTS)
def test_bad_input_is_one_line(monkeypatch, capsys, tmp_path, arguments, words):
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["citybrain", "incidents", *arguments, "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert words in error
    assert error.strip().count("\n") == 0
    assert not out.exists()
