"""``report.html`` of an incident study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from citybrain.detection import split_sensors
from citybrain.evaluation.incidents.curve_plot import plot_trade_off
from citybrain.evaluation.incidents.lookout import OURS
from citybrain.evaluation.incidents.measures import Truth, alarms_of, match
from citybrain.evaluation.incidents.watch import Watched
from citybrain.evaluation.report.figures import inline_svg, own_style
from citybrain.evaluation.report.numbers import clock_time, number, plural
from citybrain.evaluation.report.theme import declarations

if TYPE_CHECKING:
    from citybrain.evaluation.incidents.study import IncidentStudy


def write_report(path: Path, study: IncidentStudy) -> None:
    """Write the report as one HTML file that works offline."""
    environment = Environment(
        loader=PackageLoader("citybrain.evaluation.incidents", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, plural=plural, clock=clock_time)
    with own_style():
        parts = [
            {
                "name": name,
                "picture": inline_svg(
                    plot_trade_off(
                        {kind: study.curves[name, kind] for key, kind in study.scores if key == name},
                        {kind: study.scores[name, kind] for key, kind in study.scores if key == name},
                    ),
                    name=f"curve{place}",
                    alternative=f"Detection rate against false alarms a day with {name}",
                ),
                "rows": [(kind, study.scores[name, kind]) for key, kind in study.scores if key == name],
                "basis": study.scores[name, OURS],
                "found": sorted(
                    (
                        (hit.recorded.seed, found, after)
                        for hit, truth in study.hits
                        for found, after in zip(truth, _first(study, (name, OURS), hit, truth), strict=True)
                    ),
                    key=lambda row: not row[1].affects,
                ),
            }
            for place, name in enumerate(split_sensors(study.results.sensors))
        ]
        text = environment.get_template("incidents.html.jinja").render(
            results=study.results, parts=parts, light=declarations(dark=False), dark=declarations(dark=True)
        )
    path.write_text(text, encoding="utf-8")


def _first(study: IncidentStudy, key: tuple[str, str], hit: Watched, truth: Sequence[Truth]) -> list[float | None]:
    """Return by incident of a run the seconds from the onset to the first alarm, None where there was none."""
    alarms = alarms_of(hit.scores[key], hit.time_s, hit.link_edge, study.scores[key].threshold)
    found, _ = match(truth, alarms)
    return [found[i].time_s - t.happened_s if i in found else None for i, t in enumerate(truth)]
