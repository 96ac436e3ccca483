"""The ``citybrain emergency`` command: what priority for emergency vehicles saves, and what it costs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from citybrain.cli_progress import PERCENT, progress_bar
from citybrain.errors import InputError

if TYPE_CHECKING:
    from citybrain.evaluation.emergency.emergency_results import EmergencyResults

_MOST_AT_ONCE = 200
console = Console()
errors = Console(stderr=True)


def parse_at_once(text: str) -> tuple[int, ...]:
    """Read ``1,4,12``."""
    try:
        numbers = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1 or max(numbers) > _MOST_AT_ONCE or len(set(numbers)) != len(numbers):
        raise InputError(f"--at-once {text!r}: needs different numbers of 1 to {_MOST_AT_ONCE}, such as 1,4,12")
    return numbers


def emergency(
    scenario: Annotated[str, typer.Argument(help="A name such as kuala-lumpur, or a path to a .sumocfg.")],
    calls: Annotated[int, typer.Option(min=1, max=10_000, help="Calls for each number at a time, made up to whole groups.")] = 12,
    at_once: Annotated[str, typer.Option(help="Vehicles on a call at the same time, separated by commas.")] = "1,4",
    together: Annotated[
        int, typer.Option(min=0, max=200, help="Calls that share the run without priority; 0: the most at a time.")
    ] = 0,
    policy: Annotated[
        str, typer.Option(help="What runs the signals otherwise: fixed-time or adaptive.")
    ] = "fixed-time",
    sensors: Annotated[str, typer.Option(help="What the signals see, as for evaluate.")] = "camera",
    starts: Annotated[int, typer.Option(min=1, max=50, help="Saved states that calls start from.")] = 3,
    siren: Annotated[
        int, typer.Option(min=0, help="Batches of each number that are also driven with a siren only (slow).")
    ] = 0,
    placebo: Annotated[
        int, typer.Option(min=0, help="Groups also run with another seed, to show what chance alone does.")
    ] = 0,
    noise: Annotated[float, typer.Option(min=0, max=200, help="Error of positions, m.")] = 3.0,
    latency: Annotated[float, typer.Option(min=0, max=60, help="Delay of messages, s.")] = 0.5,
    loss: Annotated[float, typer.Option(min=0, max=0.95, help="Share of messages lost.")] = 0.0,
    strays: Annotated[float, typer.Option(min=0, max=1, help="Share of drivers who leave the advised route.")] = 0.0,
    longest: Annotated[float, typer.Option(min=60, max=86_400, help="A call that takes longer is stuck, s.")] = 2400.0,
    begin: Annotated[float | None, typer.Option(help="Start of the window, seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="End of the window, seconds.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=10_000, help="Seed of the calls and of SUMO.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Simulations at a time.")] = 2,
    out: Annotated[Path, typer.Option(help="Folder for results.json and report.html.")] = Path("emergency"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace results that the folder holds; twins it has kept are not run again.")
    ] = False,
    reuse: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A study whose twins are used where nothing differs.")
    ] = None,
) -> None:
    """Study priority for emergency vehicles: time saved, ceiling, side effects, recovery.

    The same calls start from the same saved states, with and without priority.

    Example: citybrain emergency resco:cologne8 --calls 20 --at-once 1,4 --out cologne8-emergency
    """
    from citybrain.demand.scenario import open_scenario
    from citybrain.detection import check_sensors
    from citybrain.detection.onboard import RadioParameters
    from citybrain.evaluation.emergency.request import EmergencyRequest
    from citybrain.evaluation.emergency.study import study

    check_sensors(sensors)
    request = EmergencyRequest(
        scenario=open_scenario(scenario, begin_s=begin, end_s=end),
        calls=calls,
        at_once=parse_at_once(at_once),
        together=together,
        policy=policy,
        sensors=sensors,
        starts=starts,
        siren=siren,
        placebo=placebo,
        strays=strays,
        radio=RadioParameters(noise_m=noise, latency_s=latency, loss=loss),
        longest_s=longest,
        seed=seed,
        jobs=jobs,
        out=out,
        force=force,
        reuse=reuse,
        command=shlex.join(["citybrain", *sys.argv[1:]]),
    )
    with progress_bar(request.scenario.name, PERCENT, "{task.fields[what]}", total=1.0, what="") as step:
        results = study(request, lambda what, share: step(what=what, completed=share))
    console.print(summary_table(results))
    for failure in results.failures:
        errors.print(f"failed: {failure}", style="red", markup=False, soft_wrap=True)
    console.print(f"Report: {out / 'report.html'}", soft_wrap=True)
    if results.interrupted:
        raise typer.Exit(130)
    if results.failures:
        raise typer.Exit(1)


def summary_table(results: EmergencyResults) -> Table:
    """Return the figures as a table for the terminal."""
    table = Table(title=f"{results.scenario}: emergency vehicles", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in (
        "at once",
        "calls",
        "saved",
        "ceiling",
        "closed",
        "p95/free",
        "others",
        "wait p99",
        "cycles",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for load in results.loads:
        e = load.emergency
        shown = [
            (e.travel_time_saved_pct, "{:.1f} %"),
            (e.ceiling_pct, "{:.1f} %"),
            (e.removable_delay_closed_pct, "{:.0f} %"),
            (e.p95_over_free_flow, "{:.2f}"),
            (e.others_delay_pct, "{:+.2f} %"),
            (e.max_added_wait_s, "{:.0f} s"),
            (e.recovery_cycles, "{:.2f}"),
        ]
        cells = ["-" if value is None else form.format(value) for value, form in shown]
        table.add_row(str(load.at_once), str(e.trips), *cells)
    return table
