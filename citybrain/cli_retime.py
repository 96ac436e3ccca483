"""The ``citybrain retime`` command: better fixed plans for a scenario, as files."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from citybrain.cli_progress import progress_bar

if TYPE_CHECKING:
    from citybrain.evaluation.retiming.retime_results import PeriodRow

console = Console()


def retime(
    scenario: Annotated[str, typer.Argument(help="A name such as resco:cologne1, or a path to a .sumocfg.")],
    periods: Annotated[
        str | None,
        typer.Option(
            help="Windows in seconds (25200-27000,27000-28800), auto:N to find them, or scenarios of a city "
            "(am-peak,pm-peak); the scenario's window where not given."
        ),
    ] = None,
    begin: Annotated[float | None, typer.Option(help="Start of the window, seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="End of the window, seconds.")] = None,
    minutes: Annotated[float, typer.Option(min=0.05, max=1440, help="Time for the search of each period.")] = 5.0,
    keep_sequence: Annotated[
        bool, typer.Option("--keep-sequence", help="Keep every stage of the current plan, in its order.")
    ] = False,
    bandwidth: Annotated[
        bool, typer.Option("--bandwidth", help="Offsets for the widest green bands instead of the least delay.")
    ] = False,
    stop_weight: Annotated[
        float, typer.Option(min=0, max=300, help="Seconds of delay that a stop counts (emissions: 10 to 20).")
    ] = 3.0,
    bus_weight: Annotated[float, typer.Option(min=0, max=200, help="How many cars a bus counts.")] = 1.0,
    queue_weight: Annotated[
        float, typer.Option(min=0, max=1000, help="Weight of vehicles that have no room on their road.")
    ] = 4.0,
    standing_queues: Annotated[
        bool,
        typer.Option(
            "--standing-queues",
            help="Oversaturated: queues outlive a slice, and the search starts from the current plan too.",
        ),
    ] = False,
    spillback: Annotated[
        bool,
        typer.Option(
            "--spillback",
            help="Oversaturated: most of the search runs in SUMO's mesoscopic simulation, where queues block junctions.",
        ),
    ] = False,
    no_sumo: Annotated[
        bool, typer.Option("--no-sumo", help="Let the search have the last word; no run of SUMO judges.")
    ] = False,
    candidates: Annotated[int, typer.Option(min=1, max=50, help="Plans that SUMO chooses from.")] = 9,
    jobs: Annotated[int, typer.Option(min=1, help="Runs of SUMO at a time.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the demand samples and of the search.")] = 1,
    out: Annotated[
        Path, typer.Option(help="Folder for plans.add.xml, plans.toml, report.html and results.json.")
    ] = Path("retimed"),
    force: Annotated[bool, typer.Option("--force", help="Replace plans that the folder holds.")] = False,
) -> None:
    """Optimise fixed plans (cycle, splits, offsets, sequence) and write them as files.

    Ctrl-C ends the search and keeps the best plan so far.

    Example: citybrain retime resco:cologne8 --minutes 2 --out cologne8-plans
    """
    from citybrain.demand.scenario import open_scenario
    from citybrain.evaluation.retiming.period import parse_periods
    from citybrain.evaluation.retiming.retime import RetimeRequest
    from citybrain.evaluation.retiming.retime import retime as run_retiming
    from citybrain.signals.retiming.optimise import Settings
    from citybrain.signals.retiming.platoon import Objective

    opened = open_scenario(scenario, begin_s=begin, end_s=end)
    request = RetimeRequest(
        scenario=opened,
        periods=parse_periods(scenario, opened, periods),
        settings=Settings(
            seconds=60.0 * minutes,
            objective=Objective(stop_s=stop_weight, bus=bus_weight, queue=queue_weight),
            free_sequence=not keep_sequence,
            offsets="bandwidth" if bandwidth else "delay",
            seed=seed,
            standing_queues=standing_queues,
        ),
        out=out,
        force=force,
        accept=not no_sumo,
        spillback=spillback,
        candidates=candidates,
        jobs=jobs,
        command=shlex.join(["citybrain", *sys.argv[1:]]),
    )
    columns = "{task.fields[what]}", "{task.fields[best]}"
    with progress_bar(opened.name, *columns, total=None, time_left=False, what="reading the demand", best="") as step:

        def progress(period: str, what: str, best_s: float, share: float) -> None:
            known = "" if math.isnan(share) else f", offsets within {share:.1%} of their optimum"
            if what.startswith("SUMO"):
                known = f", {share:.0%} of the runs"
            step(description=period, what=what, best=f"best {best_s:.1f} s a vehicle{known}")

        results = run_retiming(request, progress)
    for row in results.periods:
        console.print(period_table(row))
        console.print(f"{row.name}: {row.chosen}: {row.reason}", soft_wrap=True, markup=False)
    console.print(f"Plans: {out / 'plans.add.xml'}\nReport: {out / 'report.html'}", soft_wrap=True, markup=False)
    if any(row.interrupted for row in results.periods):
        raise typer.Exit(130)


def period_table(row: PeriodRow) -> Table:
    """Return the plans that were tried as a table for the terminal."""
    table = Table(title=f"{row.name}: mean delay of a vehicle, s", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("plan", "platoon model", "SUMO, choice", "SUMO, fresh seeds"):
        table.add_column(heading, justify="left" if heading == "plan" else "right")
    for candidate in row.candidates:
        runs = [candidate.mean_s(use) for use in ("choice", "acceptance")]
        shown = ["" if mean is None else f"{mean:.1f}" for mean in runs]
        name = f"[bold]{candidate.name}[/bold]" if candidate.name == row.chosen else candidate.name
        table.add_row(name, f"{candidate.model_delay_s:.1f}", *shown)
    return table
