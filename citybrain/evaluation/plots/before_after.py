"""Two maps of the same city side by side, on one scale: before and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from citybrain.evaluation.plots.classes import Classes, delay_classes
from citybrain.evaluation.plots.roads import draw_roads, map_height_in
from citybrain.evaluation.plots.style import INK, MUTED, PAPER
from citybrain.network.model import Network

_PANEL_IN = 5.2
_LEGEND_IN = 0.45


def plot_before_after(
    network: Network,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    *,
    titles: tuple[str, str] = ("before", "after"),
    classes: Classes | None = None,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Draw the roads twice by :func:`.delay_map.delay_rate`, with one legend below.

    Parameters
    ----------
    before, after : ndarray, shape (n_edges,)
        Vehicle-hours lost per hour and kilometre; NaN draws a thin grey road.
    titles : pair of str
        What each map shows.
    classes : Classes, optional
        The scale; made of both maps where not given.
    axes : pair of Axes, optional
        Where to draw; a new figure where not given.

    Returns
    -------
    tuple of Axes
        The two maps, left and right.
    """
    classes = classes or delay_classes([before, after])
    left, right = axes if axes is not None else _new_pair(network)
    for ax, values, title in ((left, before, titles[0]), (right, after, titles[1])):
        draw_roads(network, values, classes, ax=ax)
        ax.set_title(title, color=INK, fontsize=12, fontweight="bold", loc="left")
    _legend(left, classes)
    left.figure.set_facecolor(PAPER)
    return left, right


def _new_pair(network: Network) -> tuple[Axes, Axes]:
    height_in = map_height_in(network) * _PANEL_IN / 6.0 + _LEGEND_IN
    figure = Figure(figsize=(2 * _PANEL_IN, height_in), layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02))
    left, right = figure.subplots(1, 2)
    return left, right


def _legend(ax: Axes, classes: Classes) -> None:
    rows = [
        Line2D([], [], color=colour, linewidth=2.5 + width, label=label)
        for colour, width, label in zip(classes.colours, classes.widths, classes.labels(), strict=True)
    ]
    legend = ax.figure.legend(
        handles=rows, loc="outside lower center", ncols=len(rows), frameon=False, fontsize=9, labelcolor=INK,
        title=classes.unit, title_fontsize=9, handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip
    legend.get_title().set_color(MUTED)
