"""``report.html`` of a retiming: what changed, why, and the drawings that an engineer checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from citybrain.evaluation.report.figures import inline_svg, own_style
from citybrain.evaluation.report.numbers import number, percent, plural
from citybrain.evaluation.report.templates_of import templates_of
from citybrain.evaluation.report.theme import declarations
from citybrain.evaluation.retiming.accept import CURRENT
from citybrain.evaluation.retiming.retime_results import PeriodRow, RetimeResults
from citybrain.evaluation.retiming.time_space import plot_junction_delays, plot_time_space
from citybrain.network.model import Network
from citybrain.signals.retiming.bands import Direction, directions
from citybrain.signals.retiming.kernel import DEGREE, FLOW, LONGEST
from citybrain.signals.retiming.platoon import Objective, PlatoonModel

if TYPE_CHECKING:
    from citybrain.evaluation.retiming.retime import PeriodOutcome

_CORRIDORS = 6
_JUNCTIONS = 30
_OVER = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorPage:
    """One corridor before and after."""

    title: str
    before: Markup
    after: Markup
    bands: list[tuple[str, str, str]]
    """Direction, band before, band after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadRow:
    """A lane whose flow is near or over what its green can serve, after retiming."""

    junction: str
    lane: str
    turns: str
    vph: float
    degree: float
    queue: float


def write_report(path: Path, results: RetimeResults, outcomes: Sequence[PeriodOutcome], network: Network) -> None:
    """Write the report as one HTML file that works offline."""
    environment = templates_of("citybrain.evaluation.retiming")
    environment.globals["zip"] = zip
    with own_style():
        pages = [_period_page(outcome, network, place) for place, outcome in enumerate(outcomes)]
        text = environment.get_template("retiming.html.jinja").render(
            results=results,
            pages=pages,
            network=network,
            light=declarations(dark=False),
            dark=declarations(dark=True),
        )
    path.write_text(text, encoding="utf-8")


def _period_page(outcome: PeriodOutcome, network: Network, place: int) -> dict[str, Any]:
    row = outcome.row
    moved = [junction for junction in row.junctions if junction.why != "unchanged"]
    shown = row.junctions[:_JUNCTIONS]
    return {
        "row": row,
        "headline": _headline(row),
        "kept": row.chosen == CURRENT,
        "changed": len(moved),
        "delays": inline_svg(
            plot_junction_delays(
                [j.id if len(j.id) < 26 else j.id[:24] + "…" for j in shown],
                [j.before.delay_s for j in shown],
                [j.after.delay_s for j in shown],
            ),
            name=f"delays{place}",
            alternative="Delay of a vehicle at each junction before and after, platoon model",
        ),
        "shown": len(shown),
        "corridors": [
            page
            for k, chain in enumerate(outcome.corridors[:_CORRIDORS])
            if (page := _corridor_page(outcome, network, chain, f"p{place}c{k}")) is not None
        ],
        "overloads": _overloads(outcome, network),
    }


def _headline(row: PeriodRow) -> str:
    """One sentence: what SUMO says of the plan that is written."""
    rows = {candidate.name: candidate for candidate in row.candidates}
    means = {name: candidate.mean_s("acceptance") for name, candidate in rows.items()}
    now, was = means.get(row.chosen), means.get(CURRENT)
    if row.chosen == CURRENT:
        return "The current plan is kept: nothing that was tried is better in SUMO."
    if now is None or was is None:
        model = rows[CURRENT].model_delay_s, rows[row.chosen].model_delay_s
        return (
            f"By the platoon model a vehicle loses {number(model[1])} s instead of {number(model[0])} s. "
            "SUMO has not judged this plan."
        )
    seeds = plural(sum(run.use == "acceptance" for run in rows[row.chosen].runs), "fresh seed")
    return (
        f"In SUMO, on {seeds}, a vehicle loses {number(now)} s instead of {number(was)} s "
        f"({percent(100 * (now / was - 1), 0, signed=True)})."
    )


def _corridor_page(outcome: PeriodOutcome, network: Network, chain: tuple[int, ...], name: str) -> CorridorPage | None:
    ids = [network.junctions[j].id for j in chain]
    short = [text if len(text) < 18 else text[:16] + "…" for text in ids]
    pictures, found = [], []
    for timing, when in ((outcome.before, "before"), (outcome.after, "after")):
        up, down = directions(outcome.problem, timing, chain)
        if up is None and down is None:
            return None
        found.append((up, down))
        pictures.append(
            inline_svg(
                plot_time_space(up, down, short),
                name=f"{name}{when}",
                alternative=f"Time–space diagram {when}: {ids[0]} to {ids[-1]}",
            )
        )
    bands = [
        (f"{a} to {b}", _band(found[0][k]), _band(found[1][k]))
        for k, (a, b) in enumerate(((ids[0], ids[-1]), (ids[-1], ids[0])))
    ]
    return CorridorPage(
        title=f"{ids[0]} to {ids[-1]}, {len(ids)} junctions", before=pictures[0], after=pictures[1], bands=bands
    )


def _band(direction: Direction | None) -> str:
    if direction is None:
        return "no through traffic"
    if len({len(shown) for shown in direction.green}) > 1:
        return "cycles differ"
    return "none" if direction.band is None else f"{direction.band[1]} s of {len(direction.green[0])} s"


def _overloads(outcome: PeriodOutcome, network: Network) -> list[OverloadRow]:
    """Lanes near or over capacity in the busiest quarter, worst first."""
    tables, problem = outcome.problem.tables, outcome.problem
    model = PlatoonModel(tables, Objective())
    model.value(outcome.after)
    written = len(tables.weight) // 2 or 1  # the first half is the demand as it is written, the rest resamples
    worst = model.details[:written, :, DEGREE].argmax(axis=0)
    rows = []
    for row, lane in enumerate(tables.lane_id):
        detail = model.details[worst[row], row]
        if detail[DEGREE] < _OVER:
            continue
        parts = range(int(tables.part_first[row]), int(tables.part_first[row + 1]))
        turns = sorted({problem.streams.streams[tables.part_stream[k]].turn for k in parts})
        junction = int(np.searchsorted(tables.lane_first, row, side="right") - 1)
        rows.append(
            OverloadRow(
                junction=network.junctions[junction].id,
                lane=network.lanes[lane].id,
                turns=", ".join(turns),
                vph=float(detail[FLOW] * 3600),
                degree=float(detail[DEGREE]),
                queue=float(detail[LONGEST]),
            )
        )
    return sorted(rows, key=lambda r: -r.degree)[:25]
