"""Pictures of the measures of signal performance; each on axes given or on new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from citybrain.evaluation.performance.measures import Arrivals, CoordinationDiagram, Preemption, SplitUse
from citybrain.evaluation.plots.style import (
    BASELINE,
    CHANGE_COLOURS,
    INK,
    MUTED,
    POLICY_COLOURS,
    clock,
    dress,
    legend,
    new_axes,
)

_GREEN, _YELLOW, _RED = POLICY_COLOURS[2], POLICY_COLOURS[4], CHANGE_COLOURS[7]
_CAUSES = {"gap-out": (_GREEN, "o"), "max-out": (_RED, "s"), "force-off": (POLICY_COLOURS[0], "^")}


def _time_axis(ax: Axes) -> None:
    ax.xaxis.set_major_formatter(FuncFormatter(clock))
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 3, 6, 10]))


def plot_coordination(diagram: CoordinationDiagram, *, ax: Axes | None = None) -> Axes:
    """Draw a Purdue coordination diagram: dots are arrivals, lines the begin of green and of yellow."""
    ax = ax or new_axes(6.2, 3.0)
    at = np.append(diagram.red_s, diagram.red_s[-1:] + diagram.end_in_cycle_s[-1:])

    def line(values: np.ndarray, colour: str) -> None:
        if len(values):
            ax.stairs(values, at, baseline=None, color=colour, linewidth=1.5)

    ax.plot(diagram.arrival_s, diagram.in_cycle_s, ".", color=INK, markersize=2.4, alpha=0.75)
    line(diagram.green_in_cycle_s, _GREEN)
    line(diagram.yellow_in_cycle_s, _YELLOW)
    line(diagram.end_in_cycle_s, _RED)
    dress(ax, ylabel="s since begin of red")
    ax.set_ylim(bottom=0)
    _time_axis(ax)
    handles = [
        Line2D([], [], color=INK, marker=".", linewidth=0, label="arrival"),
        Line2D([], [], color=_GREEN, label="green begins"),
        Line2D([], [], color=_YELLOW, label="yellow begins"),
        Line2D([], [], color=_RED, label="red begins"),
    ]
    legend(ax, handles=handles, ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0))
    return ax


def plot_split_failures(uses: Sequence[SplitUse], *, ax: Axes | None = None) -> Axes:
    """Draw the occupancy of each green and of the first seconds of red after it; failures marked."""
    ax = ax or new_axes(6.2, 2.6)
    time_s = [use.green_s for use in uses]
    ax.plot(time_s, [100 * u.green_occupancy for u in uses], color=_GREEN, marker=".", linewidth=1.0, label="green")
    ax.plot(
        time_s, [100 * u.red_occupancy for u in uses], color=_RED, marker=".", linewidth=1.0, label="first 5 s of red"
    )
    failed = [use.green_s for use in uses if use.failed]
    ax.plot(failed, [104.0] * len(failed), "v", color=INK, markersize=4.5, label="split failure")
    dress(ax, ylabel="occupied, %")
    ax.set_ylim(0, 110)
    _time_axis(ax)
    legend(ax, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0))
    return ax


def plot_terminations(by_phase: Mapping[int, Sequence[tuple[float, str]]], *, ax: Axes | None = None) -> Axes:
    """Draw how the greens of each phase ended, over time."""
    ax = ax or new_axes(6.2, 0.9 + 0.28 * max(len(by_phase), 1))
    phases = sorted(by_phase)
    for row, phase in enumerate(phases):
        for cause, (colour, marker) in _CAUSES.items():
            times = [time_s for time_s, how in by_phase[phase] if how == cause]
            ax.plot(times, [row] * len(times), marker, color=colour, markersize=3.2, linewidth=0)
    dress(ax, ylabel="phase")
    ax.set_yticks(range(len(phases)), [str(phase) for phase in phases])
    ax.set_ylim(-0.6, len(phases) - 0.4)
    _time_axis(ax)
    handles = [Line2D([], [], color=c, marker=m, linewidth=0, markersize=4, label=n) for n, (c, m) in _CAUSES.items()]
    legend(ax, handles=handles, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0))
    return ax


def plot_arrivals_on_green(by_phase: Mapping[int, Arrivals], *, ax: Axes | None = None) -> Axes:
    """Draw the share of arrivals on green of each phase beside its share of green."""
    ax = ax or new_axes(6.2, 0.9 + 0.34 * max(len(by_phase), 1))
    phases = sorted(by_phase)
    for row, phase in enumerate(phases):
        arrivals = by_phase[phase]
        ax.barh(row, arrivals.percent if arrivals.total else 0.0, height=0.55, color=_GREEN)
        ax.plot([100 * arrivals.green_share] * 2, [row - 0.36, row + 0.36], color=INK, linewidth=1.6)
        ax.text(101, row, f"{arrivals.total} vehicles", va="center", fontsize=8, color=MUTED)
    dress(ax, xlabel="arrivals on green, %", ylabel="phase")
    ax.set_yticks(range(len(phases)), [str(phase) for phase in phases])
    ax.set_xlim(0, 118)
    ax.set_xticks(range(0, 101, 20))
    handles = [
        Line2D([], [], color=_GREEN, linewidth=5, label="arrivals on green"),
        Line2D([], [], color=INK, linewidth=1.6, label="share of green (random arrivals)"),
    ]
    legend(ax, handles=handles, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))
    return ax


def plot_preemptions(calls: Sequence[Preemption], *, ax: Axes | None = None) -> Axes:
    """Draw each pre-emption: from call to its green, and the dwell until its end."""
    ax = ax or new_axes(6.2, 0.9 + 0.25 * max(len(calls), 1))
    for row, call in enumerate(calls):
        until_s = call.end_s if np.isfinite(call.end_s) else np.nan
        served_s = call.dwell_s if np.isfinite(call.dwell_s) else until_s
        ax.plot([0, served_s - call.call_s], [row, row], color=BASELINE, linewidth=4, solid_capstyle="butt")
        ax.plot(
            [served_s - call.call_s, until_s - call.call_s],
            [row, row],
            color=_GREEN,
            linewidth=4,
            solid_capstyle="butt",
        )
    dress(ax, xlabel="s after the call")
    ax.set_yticks(range(len(calls)), [f"{clock(call.call_s)}" for call in calls])
    ax.set_ylim(-0.6, max(len(calls), 1) - 0.4)
    ax.set_xlim(left=0)
    handles = [
        Line2D([], [], color=BASELINE, linewidth=4, label="until its green"),
        Line2D([], [], color=_GREEN, linewidth=4, label="green held"),
    ]
    legend(ax, handles=handles, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))
    return ax
