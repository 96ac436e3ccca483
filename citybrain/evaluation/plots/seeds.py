"""The mean delay of every run: does one seed make the mean?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from citybrain.evaluation.plots.style import INK, dress, new_axes, policy_colours

_LOG_RATIO = 12.0


def plot_seeds(
    delays_s: Mapping[str, Sequence[float]],
    *,
    baseline: str = "",
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw a dot for every run and a bar at the mean, one row a policy.

    The axis turns logarithmic where a gridlocked run would squeeze the others.
    """
    if ax is None:
        ax = new_axes(6.0, 1.15 + 0.42 * max(len(delays_s), 1))
    colours = policy_colours(list(delays_s), baseline)
    for row, (policy, values) in enumerate(delays_s.items()):
        ax.plot(
            values,
            [row] * len(values),
            "o",
            color=colours[policy],
            alpha=0.75,
            markersize=7,
            markeredgewidth=0,
            zorder=3,
        )
        if len(values):
            mean = float(np.mean(values))
            ax.plot([mean, mean], [row - 0.28, row + 0.28], color=INK, linewidth=1.8, zorder=4)
    everything = [value for values in delays_s.values() for value in values if value > 0]
    is_log = bool(everything) and max(everything) / min(everything) > _LOG_RATIO
    dress(ax, xlabel="mean delay of a run, s per vehicle" + (" (logarithmic)" if is_log else ""), title=title)
    if is_log:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.tick_params(which="minor", length=0)
    else:
        ax.set_xlim(left=0)
    ax.set_ylim(max(len(delays_s), 1) - 0.4, -0.6)
    ax.set_yticks(range(len(delays_s)), list(delays_s))
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", labelsize=9.5, labelcolor=INK)
    return ax
