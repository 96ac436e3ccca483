"""A quantity over the time of day, one line a policy, with the spread of the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from citybrain.evaluation.plots.style import clock, dress, grouped, legend, new_axes, policy_colours, policy_dashes

_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600)
_TICKS = 8


def spread(
    runs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return time, mean, lowest and highest over the runs, at the times that all runs have.

    Parameters
    ----------
    runs : sequence of (time_s, values)
        One pair a seed. Negative values are SUMO's "nobody there" and count as gaps.
    """
    times = [np.asarray(time_s, dtype=np.float64) for time_s, _ in runs]
    if not times:
        return np.empty(0), np.empty(0), np.empty(0), np.empty(0)
    common = times[0]
    for time_s in times[1:]:
        common = np.intersect1d(common, time_s)
    table = np.array(
        [np.asarray(v, dtype=np.float64)[np.isin(t, common)] for t, (_, v) in zip(times, runs, strict=True)]
    )
    table = np.where(table < 0, np.nan, table)
    known = (~np.isnan(table)).any(axis=0)
    common, table = common[known], table[:, known]
    if not len(common):
        return common, common, common, common
    return common, np.nanmean(table, axis=0), np.nanmin(table, axis=0), np.nanmax(table, axis=0)


def plot_time_series(
    runs: Mapping[str, Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]],
    *,
    ylabel: str,
    baseline: str = "",
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw mean and range over seeds of one quantity for each policy.

    Parameters
    ----------
    runs : mapping of str to sequence of (time_s, values)
        By policy, one pair a seed.
    """
    if ax is None:
        ax = new_axes()
    policies = list(runs)
    colours, dashes = policy_colours(policies, baseline), policy_dashes(policies, baseline)
    ends: list[float] = []
    for policy, pairs in runs.items():
        time_s, mean, low, high = spread(pairs)
        if not len(time_s):
            continue
        ends += [float(time_s[0]), float(time_s[-1])]
        if len(pairs) > 1:
            ax.fill_between(time_s, low, high, color=colours[policy], alpha=0.16, linewidth=0)
        ax.plot(time_s, mean, label=policy, color=colours[policy], linestyle=dashes[policy], linewidth=1.7)
    dress(ax, ylabel=ylabel, title=title)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(grouped))
    ax.xaxis.set_major_formatter(FuncFormatter(clock))
    if ends and max(ends) > min(ends):
        ax.set_xlim(min(ends), max(ends))
        ax.xaxis.set_major_locator(MultipleLocator(_tick_step_s(max(ends) - min(ends))))
    if ends:
        legend(ax, loc="best")
    return ax


def _tick_step_s(length_s: float) -> float:
    return float(next((step for step in _STEPS_S if length_s / step <= _TICKS), 86400))
