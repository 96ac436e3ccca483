"""Bad input to ``retime`` and ``evaluate --plans``: one line, exit code 2, nothing written."""

from __future__ import annotations

import sys

import pytest
from nets import tiny_net

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


def test_vehicles_that_pass_no_signal_are_told_apart_from_none(monkeypatch, capsys, tmp_path):
    (tmp_path / "tiny.net.xml").write_text(tiny_net(), encoding="utf-8")
    rows = "".join(f'<vehicle id="v{k}" depart="{k}"><route edges="n m"/></vehicle>' for k in range(3))
    (tmp_path / "tiny.rou.xml").write_text(f"<routes>{rows}</routes>", encoding="utf-8")
    config = tmp_path / "tiny.sumocfg"
    config.write_text(
        '<configuration><net-file value="tiny.net.xml"/><route-files value="tiny.rou.xml"/><end value="60"/></configuration>',
        encoding="utf-8",
    )
    code, error = run(monkeypatch, capsys, "retime", config, "--out", tmp_path / "out")
    assert code == 2
    assert "3 vehicles depart from 0 to 60 s, but 0 of them pass a signal; nothing to retime for" in error
    assert error.strip().count("\n") == 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("policy", "file"), [("time-of-day", "--plans plans.toml"), ("retimed", "--plans plans.add.xml")]
)
def test_a_policy_of_plans_needs_its_file(monkeypatch, capsys, tmp_path, policy, file):
    out = tmp_path / "out"
    code, error = run(monkeypatch, capsys, "evaluate", "resco:cologne1", "--policies", policy, "--out", out)
    assert code == 2
    assert f"policy '{policy}' needs a file of plans; give {file}" in error
    assert not out.exists()
