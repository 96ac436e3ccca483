"""``results.parquet``: one row a run, the same bytes wherever and in whatever order the runs were run.

Wall times differ from machine to machine; they are in ``timings.parquet``, joined by ``key``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from citybrain.studies.grid import StudyRun
from citybrain.studies.store import Kept

RUN_COLUMNS = [
    ("key", pa.string()),
    ("scenario", pa.string()),
    ("demand", pa.float64()),
    ("what_if", pa.string()),
    ("policy", pa.string()),
    ("variant", pa.string()),
    ("parameters", pa.string()),
    ("sensors", pa.string()),
    ("seed", pa.int64()),
    ("begin_s", pa.float64()),
    ("end_s", pa.float64()),
    ("status", pa.string()),
    ("error", pa.string()),
]
COUNTS = (
    "loaded", "inserted", "arrived", "unfinished", "never_inserted", "teleported", "emergency_brakes", "collisions",
    "interlock_refusals",
)  # fmt: skip
MEASURES = (
    "mean_delay_s", "mean_travel_time_s", "mean_waiting_s", "stops_per_vehicle", "mean_speed_kmh", "co2_kg",
)  # fmt: skip
SCHEMA = pa.schema(
    [*RUN_COLUMNS, *((name, pa.int64()) for name in COUNTS), *((name, pa.float64()) for name in MEASURES)]
)
"""What a plant does not measure, and everything of a failed run, is null."""
TIMINGS = pa.schema(
    [
        ("key", pa.string()),
        *((name, pa.float64()) for name in ("wall_s", "simulator_s", "control_s", "decision_p99_ms")),
        ("finished", pa.string()),
        ("host", pa.string()),
    ]
)


def results_table(runs: Sequence[StudyRun], kept: Mapping[str, Kept]) -> pa.Table:
    """Return the finished runs in the order of the grid."""
    rows = [
        {
            **run.model_dump(include={"scenario", "demand", "policy", "sensors", "seed", "begin_s", "end_s"}),
            "key": run.key,
            "what_if": None if run.what_if is None else run.what_if.name,
            "variant": run.variant,
            "parameters": json.dumps(run.parameters, sort_keys=True),
            "status": row.status,
            "error": row.error,
            **row.measures,
        }
        for run in runs
        if (row := kept.get(run.key)) is not None
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def timings_table(runs: Sequence[StudyRun], kept: Mapping[str, Kept]) -> pa.Table:
    """Return wall times of the finished runs, with when and where they were run."""
    rows = [
        {"key": run.key, **row.timings, "finished": row.finished, "host": row.host}
        for run in runs
        if (row := kept.get(run.key)) is not None
    ]
    return pa.Table.from_pylist(rows, schema=TIMINGS)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table in one step."""
    temporary = path.with_suffix(".tmp")
    pq.write_table(table, temporary, compression="zstd")
    temporary.replace(path)
