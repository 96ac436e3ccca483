"""The ``citybrain performance`` command: the signal measures by their known names, and the event log behind them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from citybrain.cli_progress import PERCENT, progress_bar
from citybrain.errors import InputError

_MOST_SECTIONS = 20
console = Console()


def parse_day(text: str) -> dt.date:
    """Read ``2026-01-05``."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--day {text!r}: needs YEAR-MONTH-DAY, such as 2026-01-05") from None


def performance(
    scenario: Annotated[str, typer.Argument(help="A name such as resco:cologne1, or a path to a .sumocfg.")],
    policy: Annotated[str, typer.Option(help="What runs the signals.")] = "fixed-time",
    junctions: Annotated[str, typer.Option(help="Ids separated by commas; all signals where empty.")] = "",
    sensors: Annotated[str, typer.Option(help="What the policy sees, as for evaluate.")] = "camera",
    seed: Annotated[int, typer.Option(min=0, max=10_000, help="Seed of SUMO and of the sensors.")] = 1,
    begin: Annotated[float | None, typer.Option(help="Start of the window, seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="End of the window, seconds.")] = None,
    day: Annotated[str, typer.Option(help="Date that the events are put on.")] = "2026-01-05",
    out: Annotated[Path, typer.Option(help="Folder for events, detectors and performance.html.")] = Path("performance"),
    force: Annotated[bool, typer.Option("--force", help="Replace what the folder holds.")] = False,
) -> None:
    """Log controller events, and report coordination, split failures, arrivals on green and phase terminations.

    Example: citybrain performance resco:cologne1 --policy adaptive --out cologne1-performance
    """
    import citybrain
    from citybrain.demand.scenario import open_scenario
    from citybrain.detection import check_sensors
    from citybrain.evaluation.performance.record import LogRequest, record
    from citybrain.evaluation.performance.report import write_report

    date = parse_day(day)
    check_sensors(sensors)
    if (out / "events.parquet").exists() and not force:
        raise InputError(f"{out}: holds an event log already; name another folder, or add --force")
    request = LogRequest(
        scenario=open_scenario(scenario, begin_s=begin, end_s=end),
        policy=policy,
        sensors=sensors,
        seed=seed,
        junctions=tuple(name.strip() for name in junctions.split(",") if name.strip()),
    )
    with progress_bar(request.scenario.name, PERCENT, total=1.0) as step:
        log, phases = record(request, lambda share: step(completed=share))
    paths = log.write(out, date)
    shown = dict(list(phases.items())[:_MOST_SECTIONS])
    facts = [request.scenario.name, f"policy {policy}", f"sensors {sensors}", f"seed {seed}",
             f"citybrain {citybrain.__version__}"]  # fmt: skip
    if len(shown) < len(phases):
        facts.append(f"{len(shown)} of {len(phases)} signals shown; name others with --junctions")
    page = out / "performance.html"
    write_report(page, log, shown, title=f"Signal performance of {request.scenario.name}", facts=facts)
    console.print(f"{len(log)} events: {paths[0]}, {paths[1]}; detectors: {paths[2]}", soft_wrap=True)
    console.print(f"Report: {page}", soft_wrap=True)
