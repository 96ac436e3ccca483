"""The way of a call through time and space, and the lamps that it met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from citybrain.evaluation.emergency.twin import TwinRecord
from citybrain.evaluation.plots.style import BASELINE, CHANGE_COLOURS, INK, POLICY_COLOURS, dress, legend, new_axes
from citybrain.network.model import GREEN, Network

_GREEN, _RED, _LOST = POLICY_COLOURS[2], CHANGE_COLOURS[6], CHANGE_COLOURS[7]
_MOST_NAMES = 14
_APART = 0.045
"""Labels of stop lines closer than that share of the picture's height would cover each other."""
_ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "ncols": 2}
"""A legend above the picture hides nothing in it."""


@dataclass(frozen=True, slots=True)
class SignalBar:
    """The lamps of one stop line: (from, until, is green) in seconds after departure."""

    at_m: float
    name: str
    spans: tuple[tuple[float, float, bool], ...]


def signal_bars(twin: TwinRecord, vehicle: str, network: Network, *, until_s: float) -> list[SignalBar]:
    """Return the stop lines that a vehicle crossed, with what they showed for its movement until the twin ended."""
    driven = twin.driven[vehicle]
    begin_s = driven.call.depart_s
    until_s = min(until_s, twin.ended_s - begin_s)
    bars = []
    for number, (junction, edge, at_m, _, _) in enumerate(driven.crossed):
        following = [e for e, metres, _ in driven.edges if metres >= at_m - 1.0]
        links = _links(network, junction, edge, following[0] if following else "")
        if not links:
            continue
        changes = twin.lamps[junction]
        spans: list[tuple[float, float, bool]] = []
        for k, (time_s, state) in enumerate(changes):
            end_s = changes[k + 1][0] if k + 1 < len(changes) else begin_s + until_s
            low, high = max(time_s - begin_s, 0.0), min(end_s - begin_s, until_s)
            green = any(state[link] in GREEN for link in links)
            if high <= low:
                continue
            if spans and spans[-1][2] == green:
                spans[-1] = spans[-1][0], high, green
            else:
                spans.append((low, high, green))
        bars.append(SignalBar(at_m, f"{number + 1}", tuple(spans)))
    return bars


def _links(network: Network, junction: int, edge: str, following: str) -> list[int]:
    own = [
        m
        for m in (network.movements[i] for i in network.junctions[junction].movements)
        if not m.is_crossing and network.edges[network.lanes[m.from_lane].edge].id == edge
    ]
    onward = [m.link for m in own if network.edges[network.lanes[m.to_lane].edge].id == following]
    return onward or [m.link for m in own]


def plot_call(
    way: tuple[Sequence[float], Sequence[float]],
    other: tuple[Sequence[float], Sequence[float]],
    bars: Sequence[SignalBar],
    *,
    names: tuple[str, str],
    until_s: float,
    ax: Axes | None = None,
) -> Axes:
    """Draw a call's way among the lamps that it met, and its twin's way for comparison.

    Parameters
    ----------
    way, other : (seconds, metres)
        Since departure; ``bars`` belong to ``way``.
    names : (str, str)
        Of the two.
    """
    ax = ax or new_axes(6.2, 4.2)
    for bar in bars:
        for low, high, green in bar.spans:
            colour = _GREEN if green else _RED
            ax.plot(
                [low, high], [bar.at_m, bar.at_m], color=colour, linewidth=3.2 if green else 1.2, solid_capstyle="butt"
            )
    ax.plot(*other, color=BASELINE, linewidth=1.3, linestyle=(0, (4, 2)))
    ax.plot(*way, color=INK, linewidth=2.0)
    dress(ax, xlabel="s after departure")
    ax.grid(visible=False, axis="y")
    ax.set_xlim(0, until_s)
    ax.set_ylim(bottom=0)
    if len(bars) <= _MOST_NAMES:
        ax.set_yticks([bar.at_m for bar in bars], _labels(bars, highest_m=ax.get_ylim()[1]))
    handles = [
        Line2D([], [], color=INK, linewidth=2.0, label=names[0]),
        Line2D([], [], color=BASELINE, linewidth=1.3, linestyle=(0, (4, 2)), label=names[1]),
        Line2D([], [], color=_GREEN, linewidth=3.2, label="green for its movement"),
        Line2D([], [], color=_RED, linewidth=1.2, label="not green"),
    ]
    legend(ax, handles=handles, **_ABOVE)
    return ax


def _labels(bars: Sequence[SignalBar], *, highest_m: float) -> list[str]:
    """Number and metres of each stop line; none where it would cover the one below."""
    labels, last_m = [], -highest_m
    for bar in bars:
        apart = bar.at_m - last_m >= _APART * highest_m
        labels.append(f"{bar.name}: {bar.at_m:.0f} m" if apart else "")
        last_m = bar.at_m if apart else last_m
    return labels


def plot_times(rows: Sequence[tuple[float, float, float, str]], ax: Axes | None = None) -> Axes:
    """Draw each call: without priority, with it, and on empty roads; longest first.

    Parameters
    ----------
    rows : sequence of (baseline_s, priority_s, ceiling_s, vehicle)
    """
    ordered = sorted(rows)
    ax = ax or new_axes(6.2, 0.9 + 0.15 * len(ordered))
    for place, (was, now, free, _) in enumerate(ordered):
        ax.plot([free, now], [place, place], color=_RED, linewidth=1.0)
        ax.plot([now, was], [place, place], color=_GREEN if now <= was else _LOST, linewidth=2.2)
        ax.plot([free], [place], marker="|", color=BASELINE, markersize=6)
        ax.plot([now], [place], marker="o", color=INK, markersize=3.5)
    dress(ax, xlabel="travel time of each call, s")
    ax.grid(visible=False, axis="y")
    ax.set_yticks(range(len(ordered)), [vehicle for *_, vehicle in ordered], fontsize=7)
    ax.set_xlim(left=0)
    ax.set_ylim(-1, len(ordered))
    handles = [
        Line2D([], [], color=INK, marker="o", linewidth=0, markersize=4, label="with priority"),
        Line2D([], [], color=_GREEN, linewidth=2.2, label="saved"),
        Line2D([], [], color=_LOST, linewidth=2.2, label="lost"),
        Line2D([], [], color=_RED, linewidth=1.0, label="still slower than empty roads"),
        Line2D([], [], color=BASELINE, marker="|", linewidth=0, markersize=7, label="empty roads"),
    ]
    legend(ax, handles=handles, **_ABOVE)
    return ax
