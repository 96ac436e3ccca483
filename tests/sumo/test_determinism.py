"""The same seed gives the same trips, to the bit."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.sumo
ARGUMENTS = ("--policies", "greedy", "--baseline", "max-pressure", "--seeds", "1,2", "--end", "240")


def trips(cli, config, out, *options):
    done = cli("evaluate", config, *ARGUMENTS, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    return cli.folder / out / "trips.parquet"


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
