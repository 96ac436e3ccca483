"""The same seed gives the same trips, to the bit."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import contextmanager

import pyarrow.parquet as pq
import pytest

from citybrain.simulation.sumo import sumo_binary

pytestmark = pytest.mark.sumo
ARGUMENTS = ("--policies", "greedy", "--baseline", "max-pressure", "--seeds", "1,2", "--end", "240")


def trips(cli, config, out, *options):
    done = cli("evaluate", config, *ARGUMENTS, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    return cli.folder / out / "trips.parquet"


@contextmanager
def waiting_sumo(case, runs):
    """A SUMO somewhere that waits for a client with nothing loaded but a net, run after run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sumo_binary(), "--net-file", str(case.folder / "net.net.xml"), "--remote-port", str(port)]

    def serve():
        for _ in range(runs):
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{port}"
    thread.join(timeout=120)
    assert not thread.is_alive()


def test_trips_are_the_same_from_a_sumo_elsewhere(cli, case):
    here = trips(cli, case.config, "here", "--jobs", "1")
    with waiting_sumo(case, runs=4) as address:
        there = trips(cli, case.config, "there", "--remote", address)
    assert here.read_bytes() == there.read_bytes()


def test_trips_are_bit_identical_in_process_over_the_socket_and_in_parallel(cli, case):
    alone = trips(cli, case.config, "alone", "--jobs", "1")
    together = trips(cli, case.config, "together", "--jobs", "2")
    over_socket = trips(cli, case.config, "socket", "--jobs", "2", "--socket")
    assert alone.read_bytes() == together.read_bytes()
    assert alone.read_bytes() == over_socket.read_bytes()
    table = pq.read_table(alone)
    by_run = {}
    for row in table.to_pylist():
        by_run.setdefault((row["policy"], row["seed"]), []).append(row["time_loss_s"])
    assert len(by_run) == 4
    assert len({tuple(losses) for losses in by_run.values()}) == 4  # no two runs are alike
