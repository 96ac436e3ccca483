"""``report.html`` of a study: who is better, beyond chance, and what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from citybrain.errors import InputError
from citybrain.evaluation.report.templates_of import templates_of
from citybrain.evaluation.report.theme import declarations
from citybrain.evaluation.statistics import Correction
from citybrain.studies.league import League, league, scores

METRIC = "mean_delay_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The league over everything, where there is more than one cell, and that of every cell."""

    overall: League | None
    cells: tuple[League, ...]
    means: Mapping[tuple[str, float, str], Mapping[str, float]]


def tables(
    rows: Sequence[Mapping[str, Any]], *, baseline: str, metric: str = METRIC, correction: Correction = "holm"
) -> Tables:
    """Return the leagues of a study's rows.

    Parameters
    ----------
    baseline : str
        A policy or a variant of it; of a policy with several variants, the first.

    Raises
    ------
    InputError
        If nothing measured the metric, or the baseline has no run.
    """
    table = scores(rows, metric)
    named = [row["variant"] for row in rows if baseline in (row["variant"], row["policy"])]
    if not named:
        raise InputError(f"no run of the baseline {baseline!r}")
    failed: dict[str, int] = {}
    for row in rows:
        if row["status"] == "failed":
            failed[row["variant"]] = failed.get(row["variant"], 0) + 1
    whole = league(table, baseline=named[0], metric=metric, correction=correction, failed=failed)
    cells = tuple(
        league({cell: policies}, baseline=named[0], metric=metric, correction=correction)
        for cell, policies in table.items()
        if named[0] in policies
    )
    means = {
        cell: {name: sum(seeds.values()) / len(seeds) for name, seeds in policies.items()}
        for cell, policies in table.items()
    }
    return Tables(overall=whole if len(cells) > 1 else None, cells=cells, means=means)


def write_report(path: Path, name: str, table: pa.Table, *, baseline: str, planned: int) -> None:
    """Write the report as one HTML file that works offline."""
    rows = table.to_pylist()
    problem, found = None, None
    try:
        found = tables(rows, baseline=baseline)
    except InputError as error:  # every run failed: the report says so
        problem = str(error)
    environment = templates_of("citybrain.studies")
    text = environment.get_template("study.html.jinja").render(
        name=name,
        rows=rows,
        planned=planned,
        failed=[row for row in rows if row["status"] == "failed"],
        found=found,
        problem=problem,
        light=declarations(dark=False),
        dark=declarations(dark=True),
    )
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
