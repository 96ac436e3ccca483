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


def test_a_missing_sumocfg(run, here):
    line = refused(run, here, "gone.sumocfg")
    assert line == "gone.sumocfg: no such scenario; give a .sumocfg file or a name such as 'kuala-lumpur'"


def test_a_broken_sumocfg(run, here):
    (here / "tiny.sumocfg").write_text("<configuration><net-file", encoding="utf-8")
    assert refused(run, here, "tiny.sumocfg").startswith("tiny.sumocfg: broken XML (")


def test_a_sumocfg_without_a_net(run, here):
    (here / "tiny.sumocfg").write_text("<configuration/>", encoding="utf-8")
    assert "tiny.sumocfg: names no net-file (0 found, 1 needed)" in refused(run, here, "tiny.sumocfg")


def test_a_missing_net(run, here):
    (here / "tiny.net.xml").unlink()
    assert refused(run, here, "tiny.sumocfg") == f"{here}/tiny.net.xml: no such network file"


def test_a_broken_net(run, here):
    (here / "tiny.net.xml").write_text(tiny_net()[:2000], encoding="utf-8")
    line = refused(run, here, "tiny.sumocfg")
    assert line.startswith(f"{here}/tiny.net.xml: not a SUMO network (")
    assert line.endswith("rebuild it with netconvert")


def test_a_net_without_signals(run, here):
    (here / "tiny.net.xml").write_text(tiny_net(tl_logic=False), encoding="utf-8")
    line = refused(run, here, "tiny.sumocfg")
    assert line == f"{here}/tiny.net.xml: no traffic signal in this network (0 tlLogic); nothing to control"


def test_a_signal_with_too_few_lamps(run, here):
    (here / "tiny.net.xml").write_text(tiny_net((("GG", 30), ("rr", 9))), encoding="utf-8")
    assert "signal 'C' has phases of 2 lamps, and its connections use lamps 0 to 3" in refused(
        run, here, "tiny.sumocfg"
    )


def test_routes_on_unknown_edges(run, here):
    (here / "tiny.rou.xml").write_text(ROUTES.replace("a b", "a zz"), encoding="utf-8")
    line = refused(run, here, "tiny.sumocfg")
    assert line.startswith(f"{here}/tiny.rou.xml: vehicle 'v' uses edge 'zz', which is not in the network (13 edges)")


@pytest.mark.parametrize("text", ["<routes><vehicle", ""])
def test_broken_routes(run, here, text):
    (here / "tiny.rou.xml").write_text(text, encoding="utf-8")
    assert refused(run, here, "tiny.sumocfg").startswith(f"{here}/tiny.rou.xml: broken XML (")


def test_missing_routes(run, here):
    (here / "tiny.rou.xml").unlink()
    assert refused(run, here, "tiny.sumocfg") == f"{here}/tiny.rou.xml: no such file (named by tiny.sumocfg)"


@pytest.mark.parametrize("option", ["--policies", "--baseline"])
def test_an_unknown_policy(run, here, option):
    line = refused(run, here, "tiny.sumocfg", option, "max-presure")
    assert line == "unknown policy 'max-presure' (did you mean 'max-pressure'?); `citybrain policies` lists them"


def test_an_unknown_scenario(run, here):
    assert refused(run, here, "resco:cologn1") == "unknown scenario 'resco:cologn1' (did you mean 'resco:cologne1'?)"
    assert "did you mean 'kuala-lumpur'?" in refused(run, here, "kualalumpur")


def test_unknown_sensors(run, here):
    assert refused(run, here, "tiny.sumocfg", "--sensors", "perfekt").startswith(
        "unknown sensors 'perfekt' (did you mean 'perfect'?)"
    )
    line = refused(run, here, "tiny.sumocfg", "--sensors", "camera:nigth,dead=0.1")
    assert line == "--sensors camera:nigth,dead=0.1: camera has no option 'nigth' (did you mean 'night'?)"


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


@pytest.mark.parametrize(
    "arguments", [["evaluate"], ["evaluate", "tiny.sumocfg", "--jobs", "0"], ["evaluat"], ["evaluate", "--sed", "3"]]
)
def test_a_wrong_command_line_exits_2_too(run, here, arguments):
    code, _, err = run(*arguments)
    assert code == 2
    assert "Traceback" not in err


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
