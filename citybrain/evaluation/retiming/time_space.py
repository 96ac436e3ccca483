"""Time–space diagrams: where the greens of a corridor lie, and the bands through them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from citybrain.evaluation.plots.style import CHANGE_COLOURS, INK, MUTED, POLICY_COLOURS, dress, new_axes
from citybrain.signals.retiming.bands import Direction, Windows

_GREEN_UP, _GREEN_DOWN = POLICY_COLOURS[2], POLICY_COLOURS[0]
_RED = CHANGE_COLOURS[6]
_CYCLES = 3


def plot_time_space(up: Direction | None, down: Direction | None, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw two or three cycles of a corridor.

    Parameters
    ----------
    up, down : Direction
        Along the corridor and back; one may be missing.
    names : sequence of str
        Of the junctions, in the order of ``up``.
    """
    one = up or down
    if one is None:
        raise ValueError("a time–space diagram needs one direction at least")
    ax = ax or new_axes(6.4, 1.4 + 0.42 * len(names))
    span_s = _CYCLES * max(len(shown) for shown in one.green)
    at_m = _places_m(up, down)
    gap_m = max(at_m[-1], 1.0) / 90
    for direction, side, colour in ((up, -1, _GREEN_UP), (down, 1, _GREEN_DOWN)):
        if direction is None:
            continue
        places = at_m if direction is up else at_m[::-1]
        for place, shown in zip(places, direction.green, strict=True):
            _bar(ax, place + side * gap_m, shown, span_s, colour)
        _bands(ax, direction, places, span_s, colour)
    dress(ax, xlabel="s after the clock's zero", ylabel="m")
    ax.grid(visible=False, axis="y")
    ax.set_xlim(0, span_s)
    ax.set_ylim(-4 * gap_m, at_m[-1] + 4 * gap_m)
    ax.set_yticks(at_m, [f"{name} ({place:.0f})" for name, place in zip(names, at_m, strict=True)])
    return ax


def _places_m(up: Direction | None, down: Direction | None) -> list[float]:
    if up is not None:
        return list(up.at_m)
    assert down is not None
    return [down.at_m[-1] - place for place in down.at_m[::-1]]


def _bar(ax: Axes, place_m: float, shown: Windows, span_s: int, colour: str) -> None:
    """A thin bar: coloured while green, a pale line while red."""
    ax.plot([0, span_s], [place_m, place_m], color=_RED, linewidth=1.0, alpha=0.7, solid_capstyle="butt")
    lit = np.concatenate(([False], np.resize(shown, span_s), [False]))
    steps = np.flatnonzero(lit[1:] != lit[:-1])
    for begin, end in zip(steps[::2], steps[1::2], strict=True):
        ax.plot([begin, end], [place_m, place_m], color=colour, linewidth=3.4, solid_capstyle="butt")


def _bands(ax: Axes, direction: Direction, places: Sequence[float], span_s: int, colour: str) -> None:
    if direction.band is None:
        return
    start_s, width_s = direction.band
    cycle = len(direction.green[0])
    for k in range(-_CYCLES - 1, _CYCLES + 1):
        begin_s = start_s + k * cycle
        if begin_s + direction.at_s[-1] + width_s < 0 or begin_s > span_s:
            continue
        front = [(begin_s + t, m) for t, m in zip(direction.at_s, places, strict=True)]
        back = [(begin_s + width_s + t, m) for t, m in zip(direction.at_s, places, strict=True)]
        ax.add_patch(Polygon([*front, *back[::-1]], closed=True, facecolor=colour, alpha=0.16, edgecolor="none"))


def plot_junction_delays(
    names: Sequence[str], before_s: Sequence[float], after_s: Sequence[float], ax: Axes | None = None
) -> Axes:
    """Draw the delay of a vehicle at each junction before and after."""
    ax = ax or new_axes(6.4, 0.8 + 0.26 * len(names))
    places = np.arange(len(names))[::-1]
    for place, was, now in zip(places, before_s, after_s, strict=True):
        colour = _GREEN_UP if now <= was else _RED
        ax.plot([was, now], [place, place], color=colour, linewidth=2.0, solid_capstyle="butt")
    ax.scatter(before_s, places, s=22, color=MUTED, label="before", zorder=3)
    ax.scatter(after_s, places, s=22, color=INK, label="after", zorder=3)
    dress(ax, xlabel="delay of a vehicle, s (platoon model)")
    ax.set_yticks(places, list(names))
    ax.set_xlim(left=0)
    ax.legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="lower right")
    return ax
