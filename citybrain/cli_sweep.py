"""The ``citybrain sweep`` command: grids of runs on one machine or a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from citybrain.cli_progress import PERCENT, RUNS, progress_bar

console = Console()
errors = Console(stderr=True)


def sweep(
    spec: Annotated[Path, typer.Argument(help="The study: a TOML file, see docs/studies.md.")],
    backend: Annotated[str, typer.Option(help="Where runs run: processes, dask or ray.")] = "processes",
    scheduler: Annotated[
        str | None, typer.Option(help="Address of the Dask scheduler or Ray cluster; one is made here where not given.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time on this machine.")] = 2,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in a folder that holds runs; finished ones are not run again.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="With --resume, run failed runs again.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for runs, results.parquet and report.html.")] = Path("study"),
) -> None:
    """Run a grid of scenarios, demands, policies, parameters, sensors and seeds.

    Example: citybrain sweep experiments/resco.toml --jobs 2 --out resco
    """
    from citybrain.studies.sweep import SweepRequest
    from citybrain.studies.sweep import sweep as run_sweep

    request = SweepRequest(
        spec=spec,
        out=out,
        backend=backend,
        scheduler=scheduler,
        jobs=jobs,
        resume=resume,
        retry_failed=retry_failed,
    )
    shares: dict[int, float] = {}
    with progress_bar(spec.stem, PERCENT, RUNS, total=None, done=0, runs=0) as step:

        def progress(total: int, index: int, share: float) -> None:
            if total > 0:  # else everything had been run before
                shares[index] = share
                done = sum(s >= 1 for s in shares.values())
                step(total=total, runs=total, completed=sum(shares.values()), done=done)

        swept = run_sweep(request, progress)
    for run, error in swept.failed:
        where = f"{run.scenario} x{run.demand:g} {run.sensors} {run.variant} seed {run.seed}"
        errors.print(f"failed: {where}: {error}", style="red", markup=False, soft_wrap=True)
    console.print(
        f"{len(swept.kept)} of {len(swept.runs)} runs finished, {swept.reused} of them before, "
        f"{len(swept.failed)} failed\nTable: {out / 'results.parquet'}",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
    if swept.interrupted:
        raise typer.Exit(130)
    if swept.failed:
        raise typer.Exit(1)
