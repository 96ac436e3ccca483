"""One run of a study, on SUMO or on the twin; what it leaves is the same whichever process ran it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.errors import InputError
from citybrain.evaluation.results import RunResult
from citybrain.evaluation.run import RunRecord, RunSpec, execute
from citybrain.evaluation.warm import warm_state
from citybrain.signals.contained import make_policy
from citybrain.studies.edits import edited
from citybrain.studies.grid import StudyRun, files_digest
from citybrain.studies.twin import is_twin, open_twin, run_twin

_TIMINGS = ("wall_s", "simulator_s", "control_s", "decision_p99_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """What a run leaves.

    Attributes
    ----------
    measures : dict
        Its columns of the table; nothing in it depends on when or where it ran.
    timings : dict
        Wall times in seconds, and the p99 of decisions in milliseconds.
    files : mapping of str to bytes
        Parquet files to keep beside the row: ``trips``, ``emissions``, where they were asked for.
    """

    status: str = "ok"
    error: str | None = None
    measures: dict[str, Any]
    timings: dict[str, float]
    files: Mapping[str, bytes] = field(default_factory=dict)


def execute_run(run: StudyRun, progress: Callable[[float], None] = lambda _: None) -> StudyRecord:
    """Run in this process. Raises what the run raises.

    The global random numbers, which a third party's policy may use, follow from
    the run's key: the same on every worker.
    """
    seed = int(run.key, 16)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  it is the global state that a plug-in might use
    if is_twin(run.location):
        twin = open_twin(run.location, run.begin_s, run.end_s)
        policy = make_policy(run.policy, dict(run.parameters))
        measures, timings, _ = run_twin(twin, policy, sensors=run.sensors, seed=run.seed, demand=run.demand)
        replaced = getattr(policy, "failure", None)
        return StudyRecord(
            status="ok" if replaced is None else "failed", error=replaced, measures=measures, timings=timings
        )
    scenario = scenario_of(run)
    record = execute(
        RunSpec(
            scenario=scenario,
            policy=run.policy,
            seed=run.seed,
            parameters=run.parameters,
            sensors=run.sensors,
            emissions=run.keep_emissions,
            warm_state=warm_state(scenario),
        ),
        progress,
    )
    return _record(run, record)


def scenario_of(run: StudyRun) -> Scenario:
    """Open a run's scenario here, with its demand and its changes.

    Raises
    ------
    InputError
        If the files here are not those that the study was planned with.
    """
    scenario = open_scenario(run.location, begin_s=run.begin_s, end_s=run.end_s)
    here = files_digest(scenario)
    if here != run.digest:
        raise InputError(f"{run.scenario}: its files here ({here}) are not those of the study ({run.digest})")
    if run.what_if is not None:
        scenario = edited(scenario, run.what_if, run.digest)
    if run.demand != 1.0:
        scale = run.demand * float(scenario.options.get("scale", "1"))
        scenario = replace(scenario, options={**scenario.options, "scale": f"{scale:g}"})
    return scenario


def _record(run: StudyRun, record: RunRecord) -> StudyRecord:
    row = record.result.model_dump(exclude={"policy", "seed", "status", "error", "vehicles"})
    timings = {name: row.pop(name) for name in _TIMINGS}
    tables = {
        "trips": record.trips if run.keep_trips else None,
        "emissions": record.emissions,
    }
    return StudyRecord(
        status=record.result.status,
        error=record.result.error,
        measures={**record.result.vehicles.model_dump(), **row},
        timings=timings,
        files={name: _parquet(table) for name, table in tables.items() if table is not None},
    )


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def failed_record(failed: RunResult) -> StudyRecord:
    """Return the record of a run that failed."""
    return StudyRecord(status="failed", error=failed.error, measures={}, timings={})
