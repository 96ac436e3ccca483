"""Why a junction shows what it shows, and how well it sees, in the operator's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from citybrain.operations.console.headline import clock, span
from citybrain.operations.console.shapes import heading_in
from citybrain.operations.console.words import Words
from citybrain.operations.details import EdgeGeometry, JunctionDetail, LaneHealth, Reason
from citybrain.operations.messages import JunctionState

_MOST_CHOICES = 8
_ARROWS = "↑↗→↘↓↙←↖"
"""Where traffic is going, north up."""


def reason_words(say: Words, reason: Reason) -> str:
    """Return one sentence that says why."""
    if reason.source == "operator":
        what, bracket, how = reason.because.partition(" (")
        return say.find(f"kind.{what}", what) + (f" ({say.because(how.removesuffix(')'))})" if bracket else "")
    if reason.chosen < 0:
        return reason.because
    chosen = reason.chosen + 1
    if reason.source == "adaptive" and reason.alternatives:
        costs = {a.stage: a.predicted_delay_veh_s for a in reason.alternatives}
        others = {stage: cost for stage, cost in costs.items() if stage != reason.chosen}
        if reason.chosen in costs and others:
            other = min(others, key=lambda stage: others[stage])
            margin = others[other] - costs[reason.chosen]
            if margin >= 0:
                return say(
                    "why.adaptive_next",
                    chosen=chosen,
                    best=f"{costs[reason.chosen]:.0f}",
                    margin=f"{margin:.0f}",
                    other=other + 1,
                )
        if not others:
            return say("why.adaptive_only", chosen=chosen)
    return say.find(f"why.{reason.source}", reason.because, chosen=chosen, because=reason.because)


def reason_markup(say: Words, detail: JunctionDetail) -> str:
    """Return the latest reason, with what each choice would have cost."""
    reason = detail.reason
    if reason is None:
        return f'<p class="quiet">{escape(say("junction.why_none"))}</p>'
    parts = ['<div class="why">']
    first = who_decides(say, detail.state)
    if first:
        parts.append(f"<p><b>{escape(first)}</b></p>")
        if reason.source == "adaptive":
            word = "why.would" if detail.state.level == "adaptive" else "why.last"
            parts.append(f'<p class="quiet small">{escape(say(word))}</p>')
    parts += [
        f"<p>{escape(reason_words(say, reason))}</p>",
        f'<p class="quiet small">{escape(say("why.when", time=clock(reason.time_s)))}',
    ]
    said = reason.because or reason.note
    if reason.source == "operator":
        parts.append(f" · {escape(reason.note)}" if reason.note else "")
    elif said:
        parts.append(f" · {escape(say('why.said', because=say.because(said)))}")
    parts.append("</p></div>")
    if reason.alternatives:
        parts.append(_choices(say, reason))
    return "".join(parts)


def who_decides(say: Words, state: JunctionState) -> str:
    """Return who decides where it is not the policy; empty where it is."""
    if state.locked:
        return say("why.locked")
    if state.emergency:
        return say("why.held", vehicle=state.emergency)
    if state.level in ("plan", "isolated", "flash"):
        return say(f"why.on_{state.level}", because=say.because(state.because) or say("common.unknown"))
    return ""


def _choices(say: Words, reason: Reason) -> str:
    ranked = sorted(reason.alternatives, key=lambda a: a.predicted_delay_veh_s)[:_MOST_CHOICES]
    most = max([1.0, *(a.predicted_delay_veh_s for a in ranked)])
    horizon = f"{reason.horizon_s:.0f}" if reason.horizon_s is not None else "–"
    rows = [f'<p class="quiet small">{escape(say("junction.costs", horizon=horizon))}</p><div class="choices">']
    for choice in ranked:
        best = " best" if choice.stage == reason.chosen else ""
        wide = max(2.0, 100.0 * choice.predicted_delay_veh_s / most)
        rows.append(
            f"<span>{escape(say('junction.stage', stage=choice.stage + 1))}</span>"
            f'<span class="track{best}"><i style="width:{wide:.0f}%"></i></span>'
            f"<span>{choice.predicted_delay_veh_s:.0f}</span>"
        )
    return "".join([*rows, "</div>"])


def sensor_markup(say: Words, edges: Mapping[str, EdgeGeometry], sensors: Sequence[LaneHealth]) -> str:
    """Return how well each stop line is seen, the worst first."""
    rank = {"dead": 0, "stale": 1, "ok": 2}
    heads = "".join(f"<th>{escape(say(f'junction.{name}'))}</th>" for name in ("lane", "confidence", "age", "waiting"))
    rows = []
    for lane in sorted(sensors, key=lambda s: (rank[s.state], s.lane)):
        edge = edges.get(lane.edge)
        name = (edge.name if edge is not None else "") or lane.edge
        number = lane.lane.rpartition("_")[2]
        arrow = "" if edge is None else _ARROWS[round(heading_in(edge) / 45.0) % 8]
        meter = f'<span class="meter {lane.state}"><i style="width:{100 * min(max(lane.confidence, 0), 1):.0f}%"></i></span>'
        state = "" if lane.state == "ok" else f" {escape(say(f'sensor.{lane.state}'))}"
        age = "–" if lane.state == "dead" else span(lane.age_s)
        rows.append(
            f'<tr><td title="{escape(lane.lane)}">{arrow} {escape(name)} <span class="quiet">{escape(number)}</span></td>'
            f"<td>{meter}{100 * lane.confidence:.0f} %{state}</td><td>{age}</td><td>{lane.queue_veh:.0f}</td></tr>"
        )
    return f'<table class="plain"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
