"""``performance.html``: the measures of some junctions on one page that works offline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from citybrain.evaluation.performance import measures, plots
from citybrain.evaluation.performance.channels import ADVANCE, PRESENCE
from citybrain.evaluation.performance.log import EventLog
from citybrain.evaluation.performance.phases import Phase
from citybrain.evaluation.report.figures import inline_svg, own_style
from citybrain.evaluation.report.templates_of import templates_of
from citybrain.evaluation.report.theme import declarations


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRow:
    """One phase in the table of a junction; None where the log has nothing to say of it."""

    number: int
    street: str
    turns: str
    greens: int
    arrivals: measures.Arrivals | None
    failures: int
    splits: int
    ended: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JunctionPage:
    """A junction: its phases and its pictures."""

    id: str
    name: str
    rows: tuple[PhaseRow, ...]
    pictures: tuple[tuple[str, Markup], ...]


def write_report(
    path: Path, log: EventLog, phases: dict[int, tuple[Phase, ...]], *, title: str, facts: Sequence[str]
) -> None:
    """Write the page.

    Parameters
    ----------
    phases : mapping of int to phases
        By junction index: those that get a section.
    facts : sequence of str
        Scenario, policy, versions: what the figures rest on.
    """
    template = templates_of("citybrain.evaluation.performance").get_template("performance.html.jinja")
    with own_style():
        pages = [junction_page(log, j, own) for j, own in phases.items()]
        text = template.render(
            title=title,
            facts=facts,
            pages=pages,
            events=len(log),
            light=declarations(dark=False),
            dark=declarations(dark=True),
        )
    path.write_text(text, encoding="utf-8")


def junction_page(log: EventLog, junction: int, phases: tuple[Phase, ...]) -> JunctionPage:
    """Measure one junction and draw it; the coordination diagram and splits are of its busiest phase."""
    events = log.device(junction)
    own = [phase for phase in phases if phase.kind == "phase"]
    channels = {
        (function, p.number): [
            c.number for c in log.channels if c.junction == junction and c.phase == p.number and c.function == function
        ]
        for p in own
        for function in (PRESENCE, ADVANCE)
    }
    arrivals = {
        p.number: measures.arrivals_on_green(events, p.number, channels[ADVANCE, p.number])
        for p in own
        if channels[ADVANCE, p.number]
    }
    uses = {p.number: measures.split_failures(events, p.number, channels[PRESENCE, p.number]) for p in own}
    ended = {p.number: measures.terminations(events, p.number) for p in own}
    rows = tuple(
        PhaseRow(
            number=p.number,
            street=_street(log, p),
            turns=", ".join(p.turns),
            greens=len(ended[p.number]),
            arrivals=arrivals.get(p.number),
            failures=sum(use.failed for use in uses[p.number]),
            splits=len(uses[p.number]),
            ended={how: sum(h == how for _, h in ended[p.number]) for how in ("gap-out", "max-out", "force-off")},
        )
        for p in own
    )
    pictures: list[tuple[str, Markup]] = []
    name = f"j{junction}"
    if any(a.total for a in arrivals.values()):
        busiest = max(arrivals, key=lambda n: arrivals[n].total)
        diagram = measures.coordination_diagram(events, busiest, channels[ADVANCE, busiest])
        caption = f"Purdue coordination diagram, phase {busiest}"
        pictures.append((caption, inline_svg(plots.plot_coordination(diagram), name=f"{name}c", alternative=caption)))
        caption = "Arrivals on green"
        pictures.append(
            (caption, inline_svg(plots.plot_arrivals_on_green(arrivals), name=f"{name}a", alternative=caption))
        )
    if any(uses.values()):
        worst = max(uses, key=lambda n: (sum(u.failed for u in uses[n]), sum(u.green_occupancy for u in uses[n])))
        caption = f"Split failures, phase {worst}"
        pictures.append(
            (caption, inline_svg(plots.plot_split_failures(uses[worst]), name=f"{name}s", alternative=caption))
        )
    if any(ended.values()):
        caption = "Phase termination"
        pictures.append((caption, inline_svg(plots.plot_terminations(ended), name=f"{name}t", alternative=caption)))
    calls = measures.preemptions(events)
    if calls:
        caption = "Pre-emption details"
        pictures.append((caption, inline_svg(plots.plot_preemptions(calls), name=f"{name}p", alternative=caption)))
    place = log.network.junctions[junction]
    return JunctionPage(id=place.id, name=place.name or place.id, rows=rows, pictures=tuple(pictures))


def _street(log: EventLog, phase: Phase) -> str:
    edge = log.network.edges[phase.edge]
    return edge.name or edge.id
