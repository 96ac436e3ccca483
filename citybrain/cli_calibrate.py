"""The ``citybrain network calibrate`` command: a demand brought in line with counts and speeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from citybrain.demand.calibration import Calibrated

console = Console()
PICTURE = "counts.svg"


def calibrate(
    scenario: Annotated[str, typer.Argument(help="A scenario (kuala-lumpur:midday) or a .sumocfg.")],
    out: Annotated[Path, typer.Option(help="Folder for the adjusted demand and the report.")],
    counts: Annotated[
        Path | None, typer.Option(help="CSV with edge,begin_s,end_s,vehicles; seconds after midnight.")
    ] = None,
    speeds: Annotated[Path | None, typer.Option(help="CSV with edge,begin_s,end_s,speed_kmh.")] = None,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Adjustments; each costs one simulation.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation and of the trips drawn.")] = 1,
    begin: Annotated[float | None, typer.Option(help="Start, seconds; the scenario's own if not given.")] = None,
    end: Annotated[float | None, typer.Option(help="End, seconds; the scenario's own if not given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a calibration that the folder holds.")] = False,
) -> None:
    """Adjust a demand to traffic counts and measured speeds; say how well it fits before and after.

    A count is of vehicles that pass the end of the edge. A good fit has a GEH below 5 at most places.

    Example: citybrain network calibrate my.sumocfg --counts counts.csv --speeds speeds.csv --out calibrated
    """
    from citybrain.demand.calibration import calibrate as adjust
    from citybrain.demand.calibration_files import CONFIG, REPORT, check_out_folder, read_targets, write_calibration
    from citybrain.demand.scenario import open_scenario
    from citybrain.demand.validate import check_demand
    from citybrain.evaluation.plots import plot_count_fit
    from citybrain.network.picture import save_picture

    opened = open_scenario(scenario, begin_s=begin, end_s=end)
    check_out_folder(out, force=force)
    check_demand(opened)
    counted, driven = read_targets(opened, counts, speeds)
    with console.status(f"Simulating {escape(opened.name)}") as status:
        done = adjust(
            opened, counted, driven, rounds=rounds, seed=seed,
            tell=lambda number, fit: status.update(f"Round {number} of {rounds}: score {fit.score:.2f}"),
        )  # fmt: skip
    write_calibration(opened, done, out, seed=seed)
    written = [out / CONFIG, out / REPORT]
    before, after = done.fits[0].counts, done.fits[done.best].counts
    if after:
        ax = plot_count_fit(
            [fit.count.vph for fit in after],
            [fit.modelled_vph for fit in after],
            before_vph=[fit.modelled_vph for fit in before] if done.best else (),
            title=opened.name,
        )
        save_picture(ax, out / PICTURE)
        written.append(out / PICTURE)
    console.print(_fit_table(done))
    for path in written:
        console.print(f"Written: {path}", soft_wrap=True, markup=False)


def _fit_table(done: Calibrated) -> Table:
    """Return the fit before and after, side by side."""
    table = Table("", "before", f"after {done.best} rounds", title="Fit", title_justify="left")
    before, after = done.fits[0].summary(), done.fits[done.best].summary()
    for key, heading in (
        ("vehicles", "vehicles"), ("mean_geh", "mean GEH of the counts"), ("geh_below_5_pct", "counts with GEH < 5, %"),
        ("mean_speed_error_pct", "mean speed error, %"), ("speed_bias_pct", "speed bias, % (+ is too fast)"),
        ("score", "score (below 1 is good)"),
    ):  # fmt: skip
        if after[key] is not None or before[key] is not None:
            table.add_row(heading, f"{before[key]}", f"{after[key]}")
    return table
