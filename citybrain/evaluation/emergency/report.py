"""``report.html`` of an emergency study: what was saved, what it cost, and a call drawn through time and space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from citybrain.evaluation.emergency.emergency_results import EmergencyResults, TripRow
from citybrain.evaluation.emergency.measures import Batch, trip_rows
from citybrain.evaluation.emergency.time_space import plot_call, plot_times, signal_bars
from citybrain.evaluation.emergency.watched import Driven
from citybrain.evaluation.report.figures import inline_svg, own_style
from citybrain.evaluation.report.numbers import percent
from citybrain.evaluation.report.templates_of import templates_of
from citybrain.evaluation.report.theme import declarations
from citybrain.network.model import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One call drawn, and why it was chosen."""

    row: TripRow
    why: str
    without: Markup
    with_priority: Markup


def write_report(path: Path, results: EmergencyResults, batches: Sequence[Batch], network: Network) -> None:
    """Write the report as one HTML file that works offline."""
    environment = templates_of("citybrain.evaluation.emergency")
    known = [(r.baseline_s, r.priority_s, r.ceiling_s, _name(r, results)) for r in results.calls]
    whole = [(a, b, c, name) for a, b, c, name in known if a is not None and b is not None and c is not None]
    with own_style():
        text = environment.get_template("emergency.html.jinja").render(
            results=results,
            headline=headline(results),
            calls=call_pages(batches, network),
            times=inline_svg(plot_times(whole), name="times", alternative="Travel time of every call") if whole else "",
            light=declarations(dark=False),
            dark=declarations(dark=True),
        )
    path.write_text(text, encoding="utf-8")


def _name(row: TripRow, results: EmergencyResults) -> str:
    """A call's name; with how many there were at a time where it was driven among several numbers."""
    return row.vehicle if len(results.loads) < 2 else f"{row.vehicle}, {row.at_once} at a time"


def headline(results: EmergencyResults) -> str:
    """One sentence: saving, ceiling, cost."""
    e = results.emergency
    if e.travel_time_saved_pct is None:
        return "No call arrived in all of its twins: there is nothing to compare."
    others = (
        ""
        if e.others_delay_pct is None
        else (
            f" The delay of all other vehicles over the same time changes by {percent(e.others_delay_pct, signed=True)}."
        )
    )
    numbers = " and ".join(str(load.at_once) for load in results.loads)
    mixed = "" if len(results.loads) < 2 else f", {numbers} at a time together"
    return (
        f"Vehicles on a call save {percent(e.travel_time_saved_pct)} of their travel time{mixed}; empty roads without signals "
        f"would save {percent(e.ceiling_pct)}.{others}"
    )


def call_pages(batches: Sequence[Batch], network: Network) -> list[CallPage]:
    """Draw three calls: the one in the middle of what was saved, the best, and the farthest from empty roads."""
    found: list[tuple[TripRow, Batch]] = []
    for batch in batches:
        if {"baseline", "priority"} <= batch.twins.keys():
            found += [(row, batch) for row in trip_rows(batch) if row.baseline_s and row.priority_s and row.signals]
    pages = []
    for number_of, (why, (row, batch)) in enumerate(_chosen(found)):
        until_s = 1.05 * max(row.baseline_s or 0.0, row.priority_s or 0.0)
        ways = {kind: _way(batch.twins[kind].driven[row.vehicle]) for kind in ("baseline", "priority")}
        pictures = {}
        for kind, other in (("baseline", "priority"), ("priority", "baseline")):
            bars = signal_bars(batch.twins[kind], row.vehicle, network, until_s=until_s)
            axes = plot_call(ways[kind], ways[other], bars, names=(_NAMES[kind], _NAMES[other]), until_s=until_s)
            pictures[kind] = inline_svg(
                axes, name=f"call{number_of}{kind}", alternative=f"Time and space of {row.vehicle}, {_NAMES[kind]}"
            )
        pages.append(CallPage(row=row, why=why, without=pictures["baseline"], with_priority=pictures["priority"]))
    return pages


def _chosen(found: Sequence[tuple[TripRow, Batch]]) -> list[tuple[str, tuple[TripRow, Batch]]]:
    """Return the calls worth drawing and why, each once."""
    if not found:
        return []
    saved = sorted(found, key=lambda pair: ((pair[0].priority_s or 0.0) / (pair[0].baseline_s or 1.0), pair[0].vehicle))
    farthest = max(found, key=lambda pair: (pair[0].priority_s or 0.0) / (pair[0].ceiling_s or math.inf))
    choice = (
        ("half of the calls save a larger share", saved[len(saved) // 2]),
        ("the largest share saved", saved[0]),
        ("the farthest from empty roads", farthest),
    )
    once = {(pair[1].index, pair[0].vehicle): (why, pair) for why, pair in reversed(choice)}
    return list(once.values())[::-1]


_NAMES = {"baseline": "without priority", "priority": "with priority"}


def _way(driven: Driven) -> tuple[list[float], list[float]]:
    return [t - driven.call.depart_s for t in driven.time_s], driven.distance_m
