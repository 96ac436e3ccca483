"""The ``citybrain incidents`` command: how well incidents are detected on a scenario."""

from __future__ import annotations

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
    from citybrain.evaluation.incidents.study import IncidentStudy

console = Console()


def incidents(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A name such as resco:ingolstadt21, a path to a .sumocfg, or a folder of recordings to judge."
        ),
    ],
    sensors: Annotated[
        str,
        typer.Option(help="Sensor sets to compare: loops, loops:entry,dead=0.1, camera, camera+loops (both at once) …"),
    ] = "loops,camera",
    seeds: Annotated[str, typer.Option(help="How many seeds (5), or which (1,2,3); two runs each.")] = "3",
    count: Annotated[
        int,
        typer.Option(
            min=0, max=200, help="Incidents a run, far apart; fewer on small maps; 0 for incident-free runs alone."
        ),
    ] = 6,
    spec: Annotated[
        Path | None, typer.Option(help="TOML file with [[incident]] tables, instead of drawing them by the seed.")
    ] = None,
    detectors: Annotated[
        str, typer.Option(help="Detectors to judge, such as discharge,snd; all that are installed if not given.")
    ] = "",
    policy: Annotated[str, typer.Option(help="Policy that runs the signals.")] = "fixed-time",
    disturbances: Annotated[
        str,
        typer.Option(
            help="What else happens in the runs: surge (of demand), plans (change), emergency (vehicles with priority)."
        ),
    ] = "",
    response: Annotated[
        str,
        typer.Option(help="Sensors by which incidents are answered (advice, held-back greens) in one more run a seed."),
    ] = "",
    begin: Annotated[float | None, typer.Option(help="Start of the window, seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="End of the window, seconds.")] = None,
    recordings: Annotated[
        Path | None, typer.Option(help="Folder that keeps the recorded runs; those it holds are not run again.")
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(help="Folder of recordings of other days (--count 0), which sensors and detectors watch first."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each in its own process.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder for results.json and report.html.")] = Path("incidents"),
    force: Annotated[bool, typer.Option("--force", help="Replace results that the folder holds.")] = False,
) -> None:
    """Let incidents happen, and measure how many are detected, how soon, and with how many false alarms.

    Example: citybrain incidents resco:ingolstadt21 --sensors loops,camera --seeds 3 --out incidents

    Runs are recorded once and then watched: with --recordings runs the same ones can be judged again with other
    sensors, and citybrain incidents runs judges all that the folder holds.
    """
    from citybrain.cli_seeds import parse_seeds
    from citybrain.demand.scenario import open_scenario
    from citybrain.detection import split_sensors
    from citybrain.evaluation.incidents.study import IncidentRequest, study

    recorded = Path(scenario) if Path(scenario).is_dir() else None
    request = IncidentRequest(
        scenario=None if recorded else open_scenario(scenario, begin_s=begin, end_s=end),
        sensors=split_sensors(sensors),
        detectors=tuple(dict.fromkeys(name.strip() for name in detectors.split(",") if name.strip())),
        seeds=parse_seeds(seeds),
        count=count,
        spec=spec,
        policy=policy,
        disturbances=tuple(dict.fromkeys(name.strip() for name in disturbances.split(",") if name.strip())),
        response=response,
        recordings=recorded or recordings,
        history=history,
        jobs=jobs,
        out=out,
        force=force,
        command=shlex.join(["citybrain", *sys.argv[1:]]),
    )
    with progress_bar(scenario, "{task.completed:.0f} of {task.total:.0f} steps", total=1, time_left=False) as step:
        found = study(request, lambda done, total: step(completed=done, total=total))
    console.print(summary_table(found))
    console.print(f"Report: {out / 'report.html'}", soft_wrap=True, markup=False)


def summary_table(study: IncidentStudy) -> Table:
    """Return what all detectors reached as a table for the terminal."""
    table = Table(title=f"{study.results.scenario}: incident detection", box=box.SIMPLE_HEAD, pad_edge=False)
    figures = ("found", "of affecting", "false a day", "precision", "MTTD s", "in sight s", "right link")
    for heading in ("sensors", "detector", *figures):
        table.add_column(heading, justify="left" if heading in ("sensors", "detector") else "right")
    for (sensors, kind), row in study.scores.items():
        table.add_row(
            sensors,
            kind,
            f"{row.detected}/{row.incidents}",
            f"{row.detected_affecting}/{row.affecting}",
            f"{row.false_per_day:.1f}",
            *(
                "" if x is None else f"{x:.0f}"
                for x in (row.precision_pct, row.mttd_s, row.mttd_in_sight_s, row.right_pct)
            ),
        )
    return table
