"""``emissions.html`` of a study: CO2, NOx and particles by street, means over seeds, one scale for all that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from markupsafe import Markup
from numpy.typing import NDArray

from citybrain.evaluation.plots.emission_map import emission_classes, plot_emission_map
from citybrain.evaluation.report.figures import inline_svg, own_style
from citybrain.evaluation.report.templates_of import templates_of
from citybrain.evaluation.report.theme import declarations
from citybrain.network import Network, read_network
from citybrain.studies.execute import scenario_of
from citybrain.studies.grid import StudyRun
from citybrain.studies.store import RUNS, Kept

POLLUTANTS = {"co2_g": "CO2", "nox_g": "NOx", "pmx_g": "particles"}
_SHORTEST_KM = 0.02  # pieces of a few metres would shout over whole streets


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A policy or what-if: grams in the window, and a map for each pollutant."""

    variant: str
    seeds: int
    totals_g: dict[str, float]
    maps: list[Markup]


def write_emission_maps(out: Path, runs: Sequence[StudyRun], kept: Mapping[str, Kept]) -> None:
    """Write the page; every scenario (with demand and sensors) is a section, every variant a row of maps."""
    cells: dict[tuple[str, float, str], dict[str, list[StudyRun]]] = {}
    for run in runs:
        row = kept.get(run.key)
        if row is not None and row.status == "ok" and (out / RUNS / run.key / "emissions.parquet").is_file():
            variants = cells.setdefault((run.scenario, run.demand, run.sensors), {})
            variants.setdefault(run.variant, []).append(run)
    environment = templates_of("citybrain.studies")
    with own_style():
        sections = [
            {"title": f"{name}, demand × {demand:g}, {sensors}", **_section(out, variants, f"s{k}")}
            for k, ((name, demand, sensors), variants) in enumerate(cells.items())
        ]
        text = environment.get_template("emissions.html.jinja").render(
            sections=sections,
            pollutants=POLLUTANTS,
            light=declarations(dark=False),
            dark=declarations(dark=True),
        )
    (out / "emissions.html").write_text(text, encoding="utf-8")


def _section(out: Path, variants: Mapping[str, Sequence[StudyRun]], name: str) -> dict[str, object]:
    scenario = scenario_of(next(iter(variants.values()))[0])
    hours = (scenario.end_s - scenario.begin_s) / 3600
    network = read_network(scenario.net_file, scenario.additional_files)
    means = {variant: _mean(out, network, runs) for variant, runs in variants.items()}
    km = np.maximum([edge.length_m / 1000 for edge in network.edges], _SHORTEST_KM)
    rates = {
        variant: {p: np.where(values[p] > 0, values[p] / km / hours, np.nan) for p in POLLUTANTS}
        for variant, values in means.items()
    }
    classes = {p: emission_classes([rate[p] for rate in rates.values()]) for p in POLLUTANTS}
    rows = [
        Row(
            variant=variant,
            seeds=len(variants[variant]),
            totals_g={p: float(values[p].sum()) for p in POLLUTANTS},
            maps=[
                inline_svg(
                    plot_emission_map(network, rates[variant][p], classes=classes[p]),
                    name=f"{name}v{k}{p}",
                    alternative=f"{POLLUTANTS[p]} by street, {variant}",
                )
                for p in POLLUTANTS
            ],
        )
        for k, (variant, values) in enumerate(means.items())
    ]
    legends = {
        p: list(zip(found.colours, found.labels(), strict=True)) for p, found in classes.items()
    }
    return {"rows": rows, "legends": legends}


def _mean(out: Path, network: Network, runs: Sequence[StudyRun]) -> dict[str, NDArray[np.float64]]:
    """Return grams by edge of the network, the mean over a variant's runs."""
    sums = {p: np.zeros(len(network.edges)) for p in POLLUTANTS}
    for run in runs:
        table = pq.read_table(out / RUNS / run.key / "emissions.parquet").to_pydict()
        index = np.array([network.edge_index(edge) for edge in table["edge"]], dtype=np.int64)
        for p in POLLUTANTS:
            np.add.at(sums[p], index[index >= 0], np.array(table[p])[index >= 0])
    return {p: total / len(runs) for p, total in sums.items()}
