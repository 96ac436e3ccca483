"""The distribution of delay over all loaded vehicles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from citybrain.evaluation.plots.style import MUTED, dress, legend, new_axes, policy_colours, policy_dashes

_POINTS = 400
_SHORTEST_S = 1.0
_TICKS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400)


def distribution(delay_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return delays (s) and the share of vehicles (%) that lose at most as much.

    A step function with one step a vehicle, thinned to a few hundred steps.
    """
    ordered = np.sort(np.asarray(delay_s, dtype=np.float64))
    if not len(ordered):
        return np.empty(0), np.empty(0)
    ranks = np.unique(np.linspace(0, len(ordered) - 1, _POINTS).round().astype(int))
    return ordered[ranks], 100.0 * (ranks + 1) / len(ordered)


def plot_delay_distribution(
    delays_s: Mapping[str, NDArray[np.float64]],
    *,
    baseline: str = "",
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw the share of vehicles that lose at most so much time, one line a policy.

    The axis of time is logarithmic: free drivers and gridlock fit on one picture.
    """
    if ax is None:
        ax = new_axes()
    policies = list(delays_s)
    colours, dashes = policy_colours(policies, baseline), policy_dashes(policies, baseline)
    longest_s = 10 * _SHORTEST_S
    for policy, values in delays_s.items():
        delay_s, share = distribution(values)
        if len(delay_s):
            longest_s = max(longest_s, float(delay_s[-1]))
            shown_s = np.maximum(delay_s, _SHORTEST_S)
            ax.step(
                shown_s,
                share,
                where="post",
                label=policy,
                color=colours[policy],
                linestyle=dashes[policy],
                linewidth=1.8,
            )
    ax.set_xscale("log")
    ax.set_xlim(_SHORTEST_S, longest_s * 1.05)
    ax.set_xticks(_ticks_s(longest_s), minor=False)
    ax.set_xticks([], minor=True)
    ax.xaxis.set_major_formatter(FuncFormatter(duration))
    ax.set_ylim(0, 101)
    ax.set_yticks([0, 25, 50, 75, 85, 95])
    dress(ax, xlabel="delay of a vehicle", ylabel="vehicles with at most this delay, %", title=title)
    ax.axhline(95, color=MUTED, linewidth=0.6, linestyle=(0, (2, 3)), zorder=0.5)
    if policies:
        legend(ax, loc="upper left")
    return ax


def _ticks_s(longest_s: float) -> list[float]:
    """Return round durations that keep their distance on a logarithmic axis."""
    apart = np.log(longest_s) / 13
    ticks: list[float] = []
    for tick in _TICKS_S:
        if tick <= longest_s * 1.05 and (not ticks or np.log(tick / ticks[-1]) >= apart):
            ticks.append(tick)
    return ticks


def duration(seconds: float, _position: object = None) -> str:
    """Return a round duration in its largest unit."""
    if seconds >= 3600:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
