"""The ``citybrain`` command."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from citybrain import __version__
from citybrain.cli_emergency import emergency
from citybrain.cli_errors import CLICK_ERROR, is_help, usage_line
from citybrain.cli_exchange import exchange
from citybrain.cli_incidents import incidents
from citybrain.cli_league import league
from citybrain.cli_network import network
from citybrain.cli_new import new
from citybrain.cli_performance import performance
from citybrain.cli_progress import PERCENT, RUNS, progress_bar
from citybrain.cli_retime import retime
from citybrain.cli_seeds import parse_seeds
from citybrain.cli_serve import replay, serve, token
from citybrain.cli_sweep import sweep
from citybrain.cli_train_detector import train_detector
from citybrain.errors import CitybrainError, InputError

if TYPE_CHECKING:
    from citybrain.evaluation.results import Results

app = typer.Typer(
    name="citybrain",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="City traffic signals, measured in SUMO. Start with: citybrain evaluate resco:cologne1 --out first",
)
console = Console()
errors = Console(stderr=True)
app.add_typer(network)
app.add_typer(exchange)
app.add_typer(new)
app.command()(retime)
app.command()(incidents)
app.command()(train_detector)
app.command()(sweep)
app.command()(league)
app.command()(emergency)
app.command()(performance)
app.command()(serve)
app.command()(replay)
app.add_typer(token)


def main() -> None:
    """Run the command; bad input is one line and exit code 2, a failed run 1, Ctrl-C 130."""
    try:
        sys.exit(app(prog_name="citybrain", standalone_mode=False) or 0)
    except CLICK_ERROR as error:
        text = str(error) if is_help(error) else usage_line(error, sys.argv)
        errors.print(text, style=None if is_help(error) else "red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except InputError as error:
        errors.print(f"citybrain: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except CitybrainError as error:
        errors.print(f"citybrain: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
    except OSError as error:
        reason = error.strerror or str(error)
        errors.print(f"citybrain: {error.filename or 'output'}: {reason}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("citybrain: interrupted")
        sys.exit(130)


def _version(*, value: bool) -> None:
    if value:
        console.print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda value: _version(value=value), is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    pass


def parse_address(text: str | None) -> tuple[str, int] | None:
    """Read ``HOST:PORT``."""
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise InputError(f"--remote {text!r}: needs HOST:PORT, such as localhost:8813")
    return host, int(port)


@app.command()
def evaluate(
    scenario: Annotated[str, typer.Argument(help="A name such as resco:cologne1, or a path to a .sumocfg.")],
    policies: Annotated[str, typer.Option(help="Policies to compare, separated by commas.")] = "max-pressure,greedy",
    baseline: Annotated[str, typer.Option(help="The policy that the others are compared with.")] = "fixed-time",
    seeds: Annotated[str, typer.Option(help="How many seeds (5), or which (1,2,3).")] = "3",
    begin: Annotated[float | None, typer.Option(help="Start of the measured window, seconds.")] = None,
    end: Annotated[float | None, typer.Option(help="End of the measured window, seconds.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each in its own process.")] = 2,
    sensors: Annotated[
        str,
        typer.Option(help="What policies see: camera, camera:night, loops, probes:0.1, any with dead=0.1; or perfect."),
    ] = "camera",
    gui: Annotated[bool, typer.Option("--gui", help="Show the runs in sumo-gui.")] = False,
    socket: Annotated[bool, typer.Option("--socket", help="Talk to SUMO over a socket instead of in process.")] = False,
    remote: Annotated[
        str | None, typer.Option(help="HOST:PORT of a SUMO that waits for clients and sees the same files.")
    ] = None,
    trust_plugins: Annotated[
        bool, typer.Option("--trust-plugins", help="Run third parties' policies in the simulation's own process.")
    ] = False,
    plans: Annotated[
        Path | None,
        typer.Option(help="Plans to run as one more policy: plans.add.xml `retimed`, plans.toml `time-of-day`."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for results.json, trips.parquet and report.html.")] = Path("out"),
    force: Annotated[bool, typer.Option("--force", help="Replace results that the folder holds.")] = False,
) -> None:
    """Run policies in SUMO on paired seeds and compare their travel times.

    Example: citybrain evaluate resco:cologne1 --policies actuated,greedy --seeds 5 --out cologne1
    """
    from citybrain.demand.scenario import open_scenario
    from citybrain.detection import check_sensors
    from citybrain.evaluation.evaluate import Request, failures, plans_policy
    from citybrain.evaluation.evaluate import evaluate as run_evaluation
    from citybrain.evaluation.run import RunSpec

    names = tuple(name.strip() for name in policies.split(",") if name.strip())
    check_sensors(sensors)
    request = Request(
        scenario=open_scenario(scenario, begin_s=begin, end_s=end),
        policies=names,
        baseline=baseline,
        seeds=parse_seeds(seeds),
        sensors=sensors,
        jobs=1 if gui or remote else jobs,
        transport="gui" if gui else ("traci" if socket or remote else "libsumo"),
        remote=parse_address(remote),
        out=out,
        force=force,
        command=shlex.join(["citybrain", *sys.argv[1:]]),
        plans=plans,
        trusted=trust_plugins,
    )
    total = len(dict.fromkeys((baseline, *names, *([plans_policy(plans)] if plans else [])))) * len(request.seeds)
    shares: dict[int, float] = {}
    with progress_bar(request.scenario.name, PERCENT, RUNS, total=total, done=0, runs=total) as step:

        def progress(index: int, share: float, _spec: RunSpec) -> None:
            shares[index] = share
            step(completed=sum(shares.values()), done=sum(s >= 1 for s in shares.values()))

        results = run_evaluation(request, progress)
    console.print(summary_table(results))
    for run in failures(results):
        errors.print(f"failed: {run.policy} seed {run.seed}: {run.error}", style="red", markup=False, soft_wrap=True)
    console.print(f"Report: {out / 'report.html'}", soft_wrap=True)
    if results.interrupted:
        raise typer.Exit(130)
    if failures(results):
        raise typer.Exit(1)


def summary_table(results: Results) -> Table:
    """Return the comparison as a table for the terminal."""
    table = Table(title=f"{results.scenario}: mean over all loaded vehicles", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("policy", "delay s", "travel time", "delay [95 %]", "verdict"):
        words = heading in ("policy", "verdict")
        table.add_column(heading, justify="left" if words else "right", no_wrap=heading != "verdict")
    against = {row.policy: row for row in results.comparison}
    for policy, metrics in results.policies.items():
        delay, row = metrics["mean_delay_s"], against.get(policy)
        half = (delay.ci95[1] - delay.ci95[0]) / 2
        compared = ("", "", "baseline") if row is None else (
            f"{-row.travel_time_saved_pct:+.1f} %",
            f"{-row.delay_saved_pct:+.1f} % [{-row.ci95_pct[1]:+.1f}, {-row.ci95_pct[0]:+.1f}]",
            row.verdict,
        )  # fmt: skip
        table.add_row(policy, f"{delay.mean:.1f} ± {half:.1f}" if half else f"{delay.mean:.1f}", *compared)
    return table


@app.command()
def policies() -> None:
    """List the installed policies, third-party ones included.

    Example: citybrain policies
    """
    from citybrain.signals.policy import policies as installed

    table = Table("policy", "what it is", "from")
    for name, entry in installed().items():
        table.add_row(name, entry.summary, entry.origin)
    console.print(table)


if __name__ == "__main__":
    main()
