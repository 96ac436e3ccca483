"""The trade-off of detectors: incidents found against false alarms a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from citybrain.evaluation.incidents.measures import Score
from citybrain.evaluation.plots.style import dress, legend, new_axes, policy_colours

_LEAST_PER_DAY = 1.0


def plot_trade_off(
    curves: Mapping[str, Sequence[Score]], chosen: Mapping[str, Score], *, ax: Axes | None = None, title: str = ""
) -> Axes:
    """Draw the detection rate of incidents that affect traffic over false alarms a day; a dot marks the threshold in use.

    Fewer than one a day are drawn at one.
    """
    ax = ax or new_axes(6.4, 3.6)
    colours = policy_colours(list(curves))
    for name, scores in curves.items():
        points = sorted(
            (max(s.false_per_day, _LEAST_PER_DAY), s.affecting_pct) for s in scores if s.affecting_pct is not None
        )
        if points:
            ax.plot(*zip(*points, strict=True), color=colours[name], linewidth=1.6, label=name)
        used = chosen[name]
        if used.affecting_pct is not None:
            ax.plot(
                [max(used.false_per_day, _LEAST_PER_DAY)], [used.affecting_pct], "o", color=colours[name], markersize=6
            )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}".replace(",", " ")))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_ylim(-3, 103)
    dress(ax, xlabel="false alarms a day, whole network", ylabel="detected of those affecting, %", title=title)
    if ax.get_legend_handles_labels()[0]:
        legend(ax, ncols=5, loc="lower left", bbox_to_anchor=(0, 1.0), columnspacing=1.2, handlelength=1.4)
    return ax
