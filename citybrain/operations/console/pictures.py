"""Small pictures of a junction as SVG: its stages, the history of its lamps, its corridor through time and space.

Every text that comes from a network or a person is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from citybrain.network.model import GREEN
from citybrain.operations.console.headline import clock
from citybrain.operations.console.shapes import heading_in, heading_out
from citybrain.operations.details import CorridorHistory, EdgeGeometry, JunctionGeometry, LampSpan

_SIZE = 64.0
_WALKER = "M0 -3.6a1.7 1.7 0 1 1 .1 0M0 -2.6L-.6 2.6L-3 8.4M-.6 2.6L2.2 4.6L2.8 8.4M-3.4 2L0 -1.6L3.4 1.6"
"""Somebody who walks, in lines: not every computer has a font with one."""


def stage_picture(
    state: str, junction: JunctionGeometry, edges: Mapping[str, EdgeGeometry], *, label: str, shown: bool = False
) -> str:
    """Draw the ways that a stage lets go, seen from above with north up: full lines protected, dashed permissive."""
    ways: dict[tuple[str, str], str] = {}
    walks = 0
    for lamp, start, end in zip(state, junction.approaches, junction.exits, strict=False):
        if lamp not in GREEN:
            continue
        if start in edges and end in edges:
            ways[start, end] = "G" if lamp == "G" or ways.get((start, end)) == "G" else "g"
        elif not start:
            walks += 1
    middle = _SIZE / 2
    arms = {*_arm_ends(junction, edges)}
    parts = [f'<line class="arm" x1="{middle:g}" y1="{middle:g}" x2="{x:.1f}" y2="{y:.1f}"/>' for x, y in sorted(arms)]
    for (start, end), lamp in sorted(ways.items()):
        came, goes = math.radians(heading_in(edges[start])), math.radians(heading_out(edges[end]))
        x0, y0 = middle - 27 * math.sin(came), middle + 27 * math.cos(came)
        x1, y1 = middle + 25 * math.sin(goes), middle - 25 * math.cos(goes)
        bend_x, bend_y = middle - 4 * math.sin(came), middle + 4 * math.cos(came)
        kind = "way" if lamp == "G" else "way permissive"
        parts.append(
            f'<path class="{kind}" d="M{x0:.1f} {y0:.1f}Q{bend_x:.1f} {bend_y:.1f} {x1:.1f} {y1:.1f}"/>'
            f'<path class="head" transform="translate({x1:.1f} {y1:.1f}) rotate({math.degrees(goes):.0f})" '
            'd="M0 -5 L3.6 2.5 L-3.6 2.5 Z"/>'
        )
    if walks:
        parts.append(f'<path class="walk" transform="translate({_SIZE - 9:g} {_SIZE - 14:g})" d="{_WALKER}"/>')
    mark = " shown" if shown else ""
    return (
        f'<svg class="stage{mark}" viewBox="0 0 {_SIZE:g} {_SIZE:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _arm_ends(junction: JunctionGeometry, edges: Mapping[str, EdgeGeometry]) -> list[tuple[float, float]]:
    found = []
    for edge in {e for e in junction.approaches if e in edges}:
        angle = math.radians(heading_in(edges[edge]))
        found.append((_SIZE / 2 - 30 * math.sin(angle), _SIZE / 2 + 30 * math.cos(angle)))
    for edge in {e for e in junction.exits if e in edges}:
        angle = math.radians(heading_out(edges[edge]))
        found.append((_SIZE / 2 + 30 * math.sin(angle), _SIZE / 2 - 30 * math.cos(angle)))
    return [(round(x), round(y)) for x, y in found]


def history_picture(
    spans: Sequence[LampSpan], stages: int, now_s: float, *, label: str, window_s: float = 600.0
) -> str:
    """Draw what a junction showed: a row a stage, time from left to right until now; hatched in flash."""
    row, left, width = 15.0, 22.0, 380.0
    height = row * max(stages, 1)
    begin_s = now_s - window_s

    def x(time_s: float) -> float:
        return left + width * (max(time_s, begin_s) - begin_s) / window_s

    parts = []
    for stage in range(stages):
        y = row * stage
        parts.append(f'<text class="axis" x="{left - 6:g}" y="{y + 11:g}" text-anchor="end">{stage + 1}</text>')
        parts.append(f'<rect class="lane" x="{left:g}" y="{y + 2:g}" width="{width:g}" height="{row - 4:g}"/>')
    for span in spans:
        until_s = now_s if span.end_s is None else span.end_s
        if until_s <= begin_s:
            continue
        begins, wide = x(span.begin_s), max(x(until_s) - x(span.begin_s), 0.6)
        if span.stage >= 0:
            kind = f"green {escape(span.level)}"
            parts.append(
                f'<rect class="{kind}" x="{begins:.1f}" y="{row * span.stage + 2:g}" width="{wide:.1f}" '
                f'height="{row - 4:g}"/>'
            )
        elif span.level == "flash":
            parts.append(f'<rect class="flashing" x="{begins:.1f}" y="0" width="{wide:.1f}" height="{height:g}"/>')
    for minutes in range(0, int(window_s // 60) + 1, 2):
        at = x(now_s - 60 * minutes)
        name = "0" if minutes == 0 else f"−{minutes}"
        parts.append(f'<text class="axis" x="{at:.1f}" y="{height + 12:g}" text-anchor="middle">{name}</text>')
    total = height + 16
    return (
        f'<svg class="history" viewBox="0 0 {left + width + 8:g} {total:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def time_space_picture(
    history: CorridorHistory, names: Mapping[str, str], *, label: str, width: float = 720.0, height: float = 600.0
) -> str:
    """Draw a corridor through time and space: greens along it, and lines at the speed limit from green to green.

    Time runs to the right until now, distance upwards along the corridor.
    """
    left, right, top, bottom = 200.0, 14.0, 4.0, 26.0
    begin_s, end_s = history.begin_s, history.end_s
    most_m = max([*history.corridor.at_m, 1.0])

    def x(time_s: float) -> float:
        share = (min(max(time_s, begin_s), end_s) - begin_s) / max(end_s - begin_s, 1.0)
        return left + (width - left - right) * share

    def y(metres: float) -> float:
        return height - bottom - (height - top - bottom) * metres / most_m * 0.94

    parts = []
    step_s = next(s for s in (30, 60, 120, 300, 600) if (end_s - begin_s) / s <= 8 or s == 600)
    mark_s = math.ceil(begin_s / step_s) * step_s
    while mark_s <= end_s:
        anchor = "middle" if x(mark_s) < width - 30 else "end"
        parts.append(
            f'<line class="grid" x1="{x(mark_s):.1f}" x2="{x(mark_s):.1f}" y1="{top:g}" y2="{height - bottom:g}"/>'
            f'<text class="axis" x="{x(mark_s):.1f}" y="{height - 8:g}" text-anchor="{anchor}">{clock(mark_s)}</text>'
        )
        mark_s += step_s
    parts += _bands(history, x, y)
    last_y = math.inf
    known_s = min((since_s for spans in history.spans for since_s, _ in spans), default=end_s)
    for junction, metres, spans in zip(history.corridor.junctions, history.corridor.at_m, history.spans, strict=True):
        at = y(metres)
        parts.append(
            f'<rect class="red" x="{x(known_s):.1f}" y="{at - 1.5:.1f}" width="{x(end_s) - x(known_s):.1f}" height="3"/>'
        )
        for since_s, until_s in spans:
            ends_s = end_s if until_s is None else until_s
            if ends_s > begin_s:
                wide = max(x(ends_s) - x(since_s), 0.5)
                parts.append(
                    f'<rect class="green" x="{x(since_s):.1f}" y="{at - 3.5:.1f}" width="{wide:.1f}" height="7"/>'
                )
        if last_y - at >= 11:
            name = names.get(junction, junction)
            short = name if len(name) <= 31 else f"{name[:30]}…"
            parts.append(
                f'<text class="axis name" x="{left - 8:g}" y="{at + 4:.1f}" text-anchor="end">{escape(short)}'
                f"<title>{escape(name)}</title></text>"
            )
            last_y = at
    return (
        f'<svg class="timespace" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _bands(history: CorridorHistory, x: object, y: object) -> list[str]:
    """Where the first and the last vehicle of each green get to at the limit, as long as they meet green."""
    at_x, at_y = x, y
    speed = max(history.corridor.limit_mps, 1.0)
    parts = []
    places = history.corridor.at_m
    for k in range(len(places) - 1):
        travel_s = (places[k + 1] - places[k]) / speed
        for since_s, until_s in history.spans[k]:
            leaves = since_s, history.end_s if until_s is None else until_s
            for begin_s, end_s in history.spans[k + 1]:
                arrives = begin_s - travel_s, (history.end_s if end_s is None else end_s) - travel_s
                low, high = max(leaves[0], arrives[0]), min(leaves[1], arrives[1])
                if high - low > 1.0:
                    corners = (
                        (low, places[k]), (high, places[k]), (high + travel_s, places[k + 1]), (low + travel_s, places[k + 1]),
                    )  # fmt: skip
                    points = " ".join(f"{at_x(t):.1f},{at_y(m):.1f}" for t, m in corners)  # type: ignore[operator]
                    parts.append(f'<polygon class="band" points="{points}"/>')
    return parts
