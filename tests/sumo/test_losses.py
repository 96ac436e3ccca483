"""What goes wrong in a run is a row of the results; what goes wrong around it loses no run."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from citybrain.evaluation.results import Results

pytestmark = [pytest.mark.sumo, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")]


TRUST = "--trust-plugins"  # in the simulation's own process, where they do most harm


def results(cli, out="o"):
    return Results.read(cli.folder / out / "results.json")


def rows(cli):
    return {(run.policy, run.seed): (run.status, run.error) for run in results(cli).runs}


def test_a_killed_simulator_loses_one_run(cli, case):
    done = cli(
        "evaluate", case.config, "--policies", "kills-itself", "--seeds", "2", "--jobs", "2", "--out", "o", TRUST
    )
    assert done.returncode == 1
    table = rows(cli)
    lost = [key for key, (status, _) in table.items() if status == "failed"]
    assert len(table) == 4
    assert [policy for policy, _ in lost] == ["kills-itself"]
    assert table[lost[0]][1] == "the simulator's process died (killed by SIGKILL)"
    assert f"failed: kills-itself seed {lost[0][1]}: the simulator's process died (killed by SIGKILL)" in done.stderr
    assert results(cli).comparison[0].seeds == 1
    assert (cli.folder / "o" / "report.html").exists()


def test_a_simulator_lost_over_the_socket_is_one_row(cli, case):
    done = cli("evaluate", case.config, "--policies", "kills-sumo", "--seeds", "1", "--socket", "--out", "o", TRUST)
    assert done.returncode == 1
    status, error = rows(cli)["kills-sumo", 1]
    assert status == "failed"
    assert error.startswith("SUMO was lost at 60 s")
    assert rows(cli)["fixed-time", 1] == ("ok", None)


def test_a_plug_in_that_raises_is_one_row_of_one_line(cli, case):
    done = cli("evaluate", case.config, "--policies", "raises,nonsense", "--seeds", "1", "--out", "o", TRUST)
    assert done.returncode == 1
    assert rows(cli)["raises", 1] == ("failed", "ZeroDivisionError: three lines of reasons")
    assert "Traceback" not in done.stderr
    # one that asks for stages that do not exist only gets what the interlock allows
    (nonsense,) = [run for run in results(cli).runs if run.policy == "nonsense"]
    assert nonsense.status == "ok"
    assert nonsense.interlock_refusals > 100
    assert nonsense.collisions == 0


def test_a_plug_in_in_its_own_process_is_replaced_and_the_run_goes_on(cli, case):
    done = cli("evaluate", case.config, "--policies", "raises,kills-itself,nonsense", "--seeds", "1", "--out", "o")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    why = {policy: error for (policy, _), (status, error) in rows(cli).items() if status == "failed"}
    assert why == {
        "raises": "replaced by the fixed plan at 60 s: ZeroDivisionError: three lines of reasons",
        "kills-itself": "replaced by the fixed plan at 60 s: its process died (killed by SIGKILL)",
        "nonsense": "replaced by the fixed plan at 1 s: asked junction A for stage 99, it has 0 to 1",
    }
    for run in results(cli).runs:  # all of them were driven to the end
        assert run.vehicles.loaded == case.vehicles
        assert run.mean_delay_s > 0


def interrupt(cli, case, *, group, policies="sleeps", baseline="fixed-time", jobs="1"):
    process = cli.start(
        "evaluate", case.config, "--policies", policies, "--baseline", baseline, "--seeds", "2", "--jobs", jobs,
        "--out", "o", TRUST, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (cli.marker.exists() and cli.marker.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int(cli.marker.read_text())
    if group:  # as a terminal does
        os.killpg(process.pid, signal.SIGINT)
    else:
        os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)  # nobody is left behind
    return process.returncode, out, err


@pytest.mark.parametrize("group", [True, False])
def test_ctrl_c_keeps_the_runs_that_are_finished(cli, case, group):
    code, _, err = interrupt(cli, case, group=group)
    assert code == 130
    assert "Traceback" not in err
    table = rows(cli)
    assert table["fixed-time", 1] == ("ok", None)
    assert table["sleeps", 1] == ("failed", "interrupted")
    assert table["sleeps", 2] == ("failed", "interrupted")
    written = results(cli)
    assert written.interrupted
    assert written.policies["fixed-time"]["mean_delay_s"].mean > 0
    assert (cli.folder / "o" / "report.html").exists()
    assert (cli.folder / "o" / "trips.parquet").exists()


def test_ctrl_c_before_any_run_is_finished(cli, case):
    code, _, err = interrupt(cli, case, group=True, policies="", baseline="sleeps")
    assert code == 130
    assert "Traceback" not in err
    assert set(rows(cli).values()) == {("failed", "interrupted")}
    assert results(cli).interrupted


def limited(n_bytes):
    """No file may grow beyond ``n_bytes``: what a full disk looks like from inside."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))


def with_full_disk(cli, case, n_bytes):
    done = cli(
        "evaluate", case.config, "--policies", "", "--seeds", "1", "--end", "150", "--out", "o",
        preexec_fn=limited(n_bytes),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1] == "citybrain: o: results cannot be written (File too large)"
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in (cli.folder / "o").iterdir()) == ["results.json", "trips.parquet"]
    return rows(cli)["fixed-time", 1]


def test_a_disk_that_is_full_for_the_report_keeps_the_runs(cli, case):
    assert with_full_disk(cli, case, 55_000) == ("ok", None)


def test_a_disk_that_is_full_for_the_simulator_fails_its_run(cli, case):
    status, error = with_full_disk(cli, case, 10_000)
    assert status == "failed"
    assert error.startswith("tripinfo.xml is not complete")
    assert error.endswith("is the disk full?")


def test_a_disk_that_is_full_loses_no_older_results(cli, case):
    first = cli("evaluate", case.config, "--policies", "", "--seeds", "1", "--out", "o")
    assert first.returncode == 0
    before = {p.name: p.read_bytes() for p in (cli.folder / "o").iterdir()}
    script = (
        "import sys; from pathlib import Path\n"
        "from citybrain.errors import InputError\n"
        "from citybrain.evaluation.evaluate import write_files\n"
        "from citybrain.evaluation.results import Results\n"
        "from citybrain.network import read_network\n"
        "out = Path('o')\n"
        "try:\n"
        "    write_files(out, Results.read(out / 'results.json'), [], read_network(sys.argv[1]))\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, case.net], cwd=cli.folder, capture_output=True, text=True, check=True,
        preexec_fn=limited(700),
    )  # fmt: skip
    assert done.stdout == "o: results cannot be written (File too large)\n"
    assert {p.name: p.read_bytes() for p in (cli.folder / "o").iterdir()} == before
