"""Bring everything together and fill the template."""

from __future__ import annotations

from typing import Any

from citybrain.evaluation.plots.style import policy_colours
from citybrain.evaluation.report.aggregate import PERCENTILES, Study, mean_edge_delay_s
from citybrain.evaluation.report.decisions import explanations
from citybrain.evaluation.report.definitions import ALL_MEASURES
from citybrain.evaluation.report.figures import own_style
from citybrain.evaluation.report.headline import headline
from citybrain.evaluation.report.health import checks
from citybrain.evaluation.report.junctions import (
    REACH_M,
    JunctionChange,
    approach_hours,
    gained_and_lost,
    junction_changes,
)
from citybrain.evaluation.report.numbers import clock_time
from citybrain.evaluation.report.pictures import delay_pictures, map_rows, savings_pictures, series_pictures
from citybrain.evaluation.report.tables import (
    LOSSES,
    columns,
    comparison_table,
    computing_table,
    losses_table,
    percentile_table,
    seed_table,
)
from citybrain.evaluation.report.templates_of import templates_of
from citybrain.evaluation.report.theme import declarations, variable
from citybrain.network.model import Network


def render(study: Study, network: Network) -> str:
    """Return the whole page."""
    environment = templates_of("citybrain.evaluation.report")
    with own_style():
        return environment.get_template("report.html.jinja").render(_context(study, network))


def _context(study: Study, network: Network) -> dict[str, Any]:
    changes = {p: junction_changes(network, study.pairs(p)) for p in columns(study) if p != study.baseline}
    extremes = {policy: gained_and_lost(rows) for policy, rows in changes.items() if rows}
    marked: dict[str, list[JunctionChange]] = {p: [*gained, *lost] for p, (gained, lost) in extremes.items()}
    approach_s, roads_s = _losses(study, network)
    results = study.results
    colours = policy_colours(study.policies, study.baseline)
    ranking = study.ranking()
    return {
        "results": results,
        "study": study,
        "best": ranking[0] if ranking else "",
        "window": f"{clock_time(results.begin_s)} to {clock_time(results.end_s)}",
        "seeds": sorted({run.seed for run in results.runs}),
        "headline": headline(study),
        "checks": checks(study),
        "failures": _failures(study),
        "columns": columns(study),
        "colours": {policy: variable(colour) for policy, colour in colours.items()},
        "comparison": comparison_table(study),
        "computing": computing_table(study),
        "savings": savings_pictures(study),
        "maps": map_rows(study, network, marked),
        "delays": delay_pictures(study),
        "percentiles": PERCENTILES,
        "percentile_rows": percentile_table(study),
        "series": series_pictures(study),
        "losses": losses_table(study, approach_s, roads_s),
        "losses_columns": LOSSES,
        "extremes": extremes,
        "seed_rows": seed_table(study),
        "explanations": explanations(study, network, _busiest(changes, study, network)),
        "measures": ALL_MEASURES,
        "reach_m": REACH_M,
        "network": network,
        "light": declarations(dark=False),
        "dark": declarations(dark=True),
    }


def _failures(study: Study) -> list[tuple[str, str, list[int]]]:
    """Return policy, error and seeds of the failed runs; the same error of a policy once."""
    found: dict[tuple[str, str], list[int]] = {}
    for run in study.failed_runs():
        found.setdefault((run.policy, run.error or "no error was recorded"), []).append(run.seed)
    return [(policy, error, sorted(seeds)) for (policy, error), seeds in found.items()]


def _losses(study: Study, network: Network) -> tuple[dict[str, float], dict[str, float]]:
    """Return by policy the vehicle-seconds lost on approaches and on all roads, mean of the runs."""
    approach_s, roads_s = {}, {}
    for policy in study.policies:
        records = study.records_of(policy)
        if records:
            delay_s = mean_edge_delay_s(records)
            approach_s[policy] = float(approach_hours(network, delay_s).sum() * 3600)
            roads_s[policy] = float(delay_s.sum())
    return approach_s, roads_s


def _busiest(changes: dict[str, list[JunctionChange]], study: Study, network: Network) -> list[int]:
    """Return junctions whose decisions are most worth reading: the greatest change, else the most time lost."""
    for policy in study.ranking():
        if changes.get(policy):
            return [c.index for c in sorted(changes[policy], key=lambda c: -abs(c.change_h))]
    if not study.records:
        return []
    hours = approach_hours(network, mean_edge_delay_s(study.records))
    return [int(index) for index in hours.argsort()[::-1]]
