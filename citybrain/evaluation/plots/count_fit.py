"""How well a demand meets the counts: what the model has beside what was counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from citybrain.demand.calibration_report import GOOD_GEH
from citybrain.evaluation.plots.style import BASELINE, MUTED, PAPER, POLICY_COLOURS, dress, legend, new_axes

_POINTS = 200


def geh_bounds(counted_vph: NDArray[np.float64], geh: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the flows (vehicles an hour) below and above a count at which the GEH statistic has this value.

    From GEH² = 2 (m - c)² / (m + c), solved for m.
    """
    half = geh**2 / 4
    reach = np.sqrt(half**2 + geh**2 * counted_vph)
    return np.maximum(counted_vph + half - reach, 0.0), counted_vph + half + reach


def plot_count_fit(
    counted_vph: Sequence[float],
    modelled_vph: Sequence[float],
    *,
    before_vph: Sequence[float] = (),
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw the model's flows over the counts; within the band the GEH statistic is below 5.

    Parameters
    ----------
    before_vph : sequence of float, optional
        The model's flows before it was calibrated, drawn hollow.
    """
    ax = ax or new_axes(4.6, 4.2)
    top = 1.08 * max([*counted_vph, *modelled_vph, *before_vph, 1.0])
    line = np.linspace(0.0, top, _POINTS)
    low, high = geh_bounds(line, GOOD_GEH)
    ax.fill_between(line, low, high, color=POLICY_COLOURS[2], alpha=0.14, linewidth=0, label=f"GEH below {GOOD_GEH:g}")
    ax.plot(line, line, color=MUTED, linewidth=0.8)
    if before_vph:
        ax.plot(
            counted_vph, before_vph, "o", color=BASELINE, markerfacecolor=PAPER, markersize=4.5, label="before"
        )
    ax.plot(counted_vph, modelled_vph, "o", color=POLICY_COLOURS[0], markersize=4.5, label="calibrated")
    dress(ax, xlabel="counted, vehicles an hour", ylabel="in the model, vehicles an hour", title=title)
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.set_aspect("equal")
    legend(ax, loc="upper left")
    return ax
