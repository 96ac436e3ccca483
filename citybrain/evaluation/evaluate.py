"""``citybrain evaluate``: policies on paired seeds, compared, written down."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from citybrain import __version__
from citybrain.demand.scenario import Scenario
from citybrain.demand.validate import check_demand
from citybrain.errors import InputError
from citybrain.evaluation.compare import by_policy, compare
from citybrain.evaluation.results import Results, RunResult
from citybrain.evaluation.run import RunRecord, RunSpec
from citybrain.evaluation.warm import warm_state
from citybrain.evaluation.workers import Outcome, failed_run, run_all
from citybrain.network import Network, read_network
from citybrain.signals.plan_file import POLICY as RETIMED
from citybrain.signals.plan_file import check_plan_file
from citybrain.signals.policy import find_policy
from citybrain.signals.time_of_day import POLICY as TIME_OF_DAY
from citybrain.signals.time_of_day import read_schedules
from citybrain.simulation.sumo import sumo_version

RESULT_FILES = ("results.json", "trips.parquet", "report.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to evaluate."""

    scenario: Scenario
    policies: tuple[str, ...]
    baseline: str
    seeds: tuple[int, ...]
    sensors: str = "perfect"
    jobs: int = 1
    transport: str = "libsumo"
    remote: tuple[str, int] | None = None
    out: Path
    force: bool = False
    command: str = ""
    plans: Path | None = None
    """Plans for one more policy, see :func:`plans_policy`."""
    trusted: bool = False
    """Run third parties' policies in the process of the simulation."""


def evaluate(request: Request, progress: Callable[[int, float, RunSpec], None] = lambda _i, _s, _r: None) -> Results:
    """Run, compare and write; return the results.

    Parameters
    ----------
    progress : callable
        Called with a run's index, the share of it that is done and its spec;
        first when all input has been checked.

    Raises
    ------
    InputError
        If something asked for does not exist or the output folder holds results.
        Raised before anything is written.
    """
    specs = plan_runs(request)
    network = read_network(request.scenario.net_file, request.scenario.additional_files)
    check_demand(request.scenario)
    if request.plans is not None:
        if plans_policy(request.plans) == RETIMED:
            check_plan_file(request.plans, network)
        else:
            read_schedules(request.plans, network, request.scenario.rules)
    prepare_folder(request.out, force=request.force)
    progress(0, 0.0, specs[0])
    warm = warm_state(request.scenario)
    specs = [spec if warm is None else _warmed(spec, warm) for spec in specs]
    outcomes: dict[int, Outcome] = {}
    interrupted = False
    try:
        for index, outcome in run_all(specs, jobs=request.jobs, progress=lambda i, s: progress(i, s, specs[i])):
            outcomes[index] = outcome
            progress(index, 1.0, specs[index])
    except KeyboardInterrupt:
        interrupted = True
    ordered = [outcomes.get(i) or failed_run(spec, "interrupted") for i, spec in enumerate(specs)]
    records = [outcome for outcome in ordered if isinstance(outcome, RunRecord)]
    results = _results(request, ordered, junctions=len(network.junctions), interrupted=interrupted)
    write_files(request.out, results, records, network)
    return results


def _warmed(spec: RunSpec, warm: Path) -> RunSpec:
    from dataclasses import replace

    return replace(spec, warm_state=warm)


def plan_runs(request: Request) -> list[RunSpec]:
    """Return the runs that a request asks for, the baseline first, seeds innermost."""
    planned = None if request.plans is None else plans_policy(request.plans)
    extra = () if planned is None else (planned,)
    names = tuple(dict.fromkeys((request.baseline, *request.policies, *extra)))
    for name, file in ((RETIMED, "plans.add.xml"), (TIME_OF_DAY, "plans.toml")):
        if name in names and name != planned:
            raise InputError(f"policy {name!r} needs a file of plans; give --plans {file}")
    for name in names:
        find_policy(name)
    if not request.seeds:
        raise InputError("no seeds given; use --seeds 5 or --seeds 1,2,3")
    return [
        RunSpec(
            scenario=request.scenario,
            policy=name,
            seed=seed,
            parameters={"plans": str(request.plans.resolve())} if request.plans and name == planned else {},
            sensors=request.sensors,
            transport=request.transport,  # type: ignore[arg-type]
            remote=request.remote,
            trusted=request.trusted,
        )
        for seed in request.seeds
        for name in names
    ]


def plans_policy(plans: Path) -> str:
    """Return the policy that runs a file of plans: SUMO itself an additional file, ours a ``plans.toml``."""
    return TIME_OF_DAY if plans.suffix == ".toml" else RETIMED


def prepare_folder(out: Path, *, force: bool, files: Sequence[str] = RESULT_FILES) -> None:
    """Make the output folder; refuse one that holds any of ``files``, unless told to replace them."""
    held = [name for name in files if (out / name).exists()]
    if held and not force:
        raise InputError(f"{out}: already holds {held[0]}; give another --out, or --force to replace it")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be made ({error.strerror})") from None
    if not os.access(out, os.W_OK):
        raise InputError(f"{out}: cannot be written to")


def write_files(out: Path, results: Results, records: Sequence[RunRecord], network: Network) -> None:
    """Write all result files, or leave the folder as it was.

    Finished runs are kept even where the report cannot be written.

    Raises
    ------
    InputError
        If the disk is full or the folder has gone.
    """
    from citybrain.evaluation.report import write_report  # takes a second to load, and bad input needs none of it

    try:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=out) as name:
            folder = Path(name)
            write_trips(folder / "trips.parquet", records)
            results.write(folder / "results.json")
            try:
                write_report(folder / "report.html", results, records, network)
            finally:
                (out / "report.html").unlink(missing_ok=True)  # it would belong to other results
                for file in ("trips.parquet", "results.json"):
                    (folder / file).replace(out / file)
            (folder / "report.html").replace(out / "report.html")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(f"{out}: results cannot be written ({reason})") from None


def write_trips(path: Path, records: Sequence[RunRecord]) -> None:
    """Write the trips of all runs in one table, with the run's policy and seed in front."""
    from citybrain.evaluation.metrics import TRIP_SCHEMA

    schema = pa.schema([("policy", pa.string()), ("seed", pa.int64()), *TRIP_SCHEMA])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for record in records:
            n = record.trips.num_rows
            columns = [pa.array([record.result.policy] * n), pa.array([record.result.seed] * n, pa.int64())]
            writer.write_table(pa.table([*columns, *record.trips.columns], schema=schema))


def _results(request: Request, outcomes: Sequence[Outcome], *, junctions: int, interrupted: bool) -> Results:
    runs = [outcome.result if isinstance(outcome, RunRecord) else outcome for outcome in outcomes]
    return Results(
        scenario=request.scenario.name,
        sumo_version=sumo_version(),
        citybrain_version=__version__,
        command=request.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        begin_s=request.scenario.begin_s,
        end_s=request.scenario.end_s,
        sensors=request.sensors,
        junctions=junctions,
        notes=request.scenario.notes,
        interrupted=interrupted,
        runs=runs,
        policies=by_policy(runs),
        comparison=compare(runs, request.baseline),
    )


def failures(results: Results) -> list[RunResult]:
    """Return the runs that failed."""
    return [run for run in results.runs if run.status == "failed"]
