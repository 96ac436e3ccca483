"""The ``citybrain league`` command: who is better, and where there is no difference."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from citybrain.errors import InputError, nearest_hint

if TYPE_CHECKING:
    from citybrain.studies.league import League

console = Console()


def league(
    study: Annotated[Path, typer.Argument(help="Folder of a study, or a results.parquet.")],
    baseline: Annotated[str | None, typer.Option(help="What policies are compared with; the study's own else.")] = None,
    metric: Annotated[str, typer.Option(help="A column of the table, such as mean_delay_s.")] = "mean_delay_s",
    correction: Annotated[
        str, typer.Option(help="For many comparisons: holm (no false claim), bh (few of them), none.")
    ] = "holm",
) -> None:
    """Rank the policies of a study; equal ranks where its seeds show no difference.

    Example: citybrain league study
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from citybrain.evaluation.statistics import CORRECTIONS
    from citybrain.studies.report import tables

    if correction not in CORRECTIONS:
        raise InputError(f"--correction {correction!r} is unknown{nearest_hint(correction, CORRECTIONS)}")
    path = study / "results.parquet" if study.is_dir() else study
    if not path.is_file():
        raise InputError(f"{path}: no table of a study; `citybrain sweep` writes one")
    try:
        rows = pq.read_table(path).to_pylist()
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: not a Parquet file ({' '.join(str(error).split())})") from None
    needed = {"scenario", "demand", "sensors", "variant", "policy", "seed", "status", metric}
    missing = needed - set(rows[0] if rows else ())
    if missing:
        raise InputError(f"{path}: has no column {min(missing)!r} ({len(rows)} rows); is it the table of a study?")
    found = tables(rows, baseline=baseline or _baseline(path), metric=metric, correction=correction)
    for part in found.cells:
        console.print(standings_table(part, found.means[part.cells[0]]))
        _warn(part)
    if found.overall is not None:
        console.print(standings_table(found.overall, None))
        _warn(found.overall)


def _baseline(path: Path) -> str:
    spec = path.parent / "study.json"
    return str(json.loads(spec.read_text(encoding="utf-8"))["baseline"]) if spec.is_file() else "fixed-time"


def _warn(part: League) -> None:
    if part.warning is not None:
        console.print(f"Careful: {part.warning}.\n", soft_wrap=True, markup=False, highlight=False)


def standings_table(part: League, means: Mapping[str, float] | None) -> Table:
    """Return a league as a table for the terminal."""
    scenario, demand, sensors = part.cells[0]
    title = f"all {len(part.cells)} together" if means is None else f"{scenario} x{demand:g} {sensors}"
    table = Table(title=f"{title}: {part.metric}", box=box.SIMPLE_HEAD, pad_edge=False)
    headings = [
        "rank",
        "policy",
        *([] if means is None else ["mean"]),
        "of baseline [95 %]",
        "p",
        "effect",
        "pairs",
        "verdict",
    ]
    for heading in headings:
        words = heading in ("policy", "verdict")
        table.add_column(
            heading, justify="left" if words else "right", overflow="fold", no_wrap=heading in ("policy", "verdict")
        )
    for row in part.standings:
        mean = [] if means is None else [f"{means[row.policy]:.1f}"]
        name = f"{row.policy} ({row.failed} failed)" if row.failed else row.policy
        if row.against is None:
            table.add_row(str(row.rank), name, *mean, "1", "", "", "", row.verdict)
            continue
        effect = row.against
        low, high = effect.ci95
        interval = f" [{low:.3f}, {high:.3f}]" if high < math.inf else ""
        table.add_row(
            str(row.rank), name, *mean, f"{effect.ratio:.3f}{interval}", "" if math.isnan(row.p) else f"{row.p:.2g}",
            "" if math.isnan(effect.size) else f"{effect.size:.1f}", str(effect.pairs), row.verdict,
        )  # fmt: skip
    return table
