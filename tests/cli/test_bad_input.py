"""Bad input: one line that names the file, the id and the values; exit code 2; nothing written."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nets import tiny_net

from citybrain.cli import main

ROUTES = '<routes><vehicle id="v" depart="1"><route edges="a b"/></vehicle></routes>'


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a good scenario, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "70")  # a message must not be broken over lines
    (tmp_path / "tiny.net.xml").write_text(tiny_net(), encoding="utf-8")
    (tmp_path / "tiny.rou.xml").write_text(ROUTES, encoding="utf-8")
    (tmp_path / "tiny.sumocfg").write_text(
        '<configuration><net-file value="tiny.net.xml"/><route-files value="tiny.rou.xml"/><end value="60"/></configuration>',
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process: exit code, standard output, standard error."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["citybrain", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return command


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"" for p in sorted(folder.rglob("*"))}


def refused(run, folder, *arguments):
    """Run, check the code, the single line and that nothing was written; return the line."""
    before = contents(folder)
    code, out, err = run("evaluate", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("citybrain: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1, err
    assert contents(folder) == before
    return err.removeprefix("citybrain: ").strip()


@pytest.mark.parametrize("seeds", ["one", "1,b", "1.5", "-1,2", "1,1", "0", "-4", "", ",", "²"])
def test_bad_seeds(run, here, seeds):
    assert repr(seeds) in refused(run, here, "tiny.sumocfg", f"--seeds={seeds}")


@pytest.mark.parametrize(("begin", "end"), [("30", "30"), ("50", "20"), ("0", "nan"), ("0", "inf"), ("-5", "20")])
def test_an_empty_window(run, here, begin, end):
    line = refused(run, here, "tiny.sumocfg", f"--begin={begin}", f"--end={end}")
    assert f"begin {begin} s, end {end} s" in line


@pytest.mark.parametrize("name", ["results.json", "trips.parquet", "report.html"])
def test_a_folder_that_holds_results(run, here, name):
    (here / "old").mkdir()
    (here / "old" / name).write_text("precious", encoding="utf-8")
    line = refused(run, here, "tiny.sumocfg", "--out", "old")
    assert line == f"old: already holds {name}; give another --out, or --force to replace it"


@pytest.mark.parametrize("out", ["tiny.sumocfg", "tiny.sumocfg/below", "tiny.sumocfg/far/below"])
def test_an_output_folder_that_is_a_file(run, here, out):
    assert refused(run, here, "tiny.sumocfg", "--out", out).startswith(f"{out}: cannot be made (")


def command(folder, *arguments, **options):
    """The command in a process of its own, without root's right to write everywhere."""

    def give_up_override():
        if os.geteuid() == 0:  # the bounding set; the right itself goes when the program starts
            ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)

    return subprocess.run(
        [sys.executable, "-m", "citybrain.cli", "evaluate", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, preexec_fn=give_up_override, **options,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="rights are given up the Linux way")
@pytest.mark.parametrize(
    ("out", "complaint"),
    [("locked", "locked: cannot be written to"), ("locked/new", "locked/new: cannot be made (Permission denied)")],
)
def test_a_read_only_folder(here, out, complaint):
    (here / "locked").mkdir()
    (here / "locked").chmod(0o555)
    before = contents(here)
    done = command(here, "tiny.sumocfg", "--out", out)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"citybrain: {complaint}\n")
    assert contents(here) == before


def test_help_has_an_example(run, here):
    code, out, _ = run("evaluate", "--help")
    assert code == 0
    assert "Example: citybrain evaluate" in " ".join(out.split())


def test_version_and_policies(run, here):
    from citybrain import __version__

    assert run("--version")[:2] == (0, f"{__version__}\n")
    code, out, _ = run("policies")
    assert code == 0
    assert "max-pressure" in out
