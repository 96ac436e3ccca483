"""Draw the roads of a network by class: the ground that all maps stand on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from citybrain.evaluation.plots.classes import NO_CLASS, Classes
from citybrain.evaluation.plots.style import INK, MUTED, PAPER, ROAD, new_axes
from citybrain.network.model import Edge, Network

_MAP_WIDTH_IN = 6.0
_POINTS_PER_IN = 72.0
_SIDE_SHIFT_PT = 0.5


def draw_roads(
    network: Network,
    values: NDArray[np.float64],
    classes: Classes,
    *,
    ax: Axes | None = None,
    title: str = "",
    labels: Mapping[int, str] | None = None,
) -> Axes:
    """Draw every road in the colour of its class, with junctions and a scale bar.

    Parameters
    ----------
    values : ndarray, shape (n_edges,)
        NaN draws a thin grey road.
    labels : mapping of int to str, optional
        Short labels for junctions, by junction index.
    """
    if ax is None:
        ax = new_axes(_MAP_WIDTH_IN, map_height_in(network), padding_in=0.01)
    base_pt = float(np.clip(60.0 / np.sqrt(max(len(network.edges), 1)), 0.8, 2.6))
    shift_m = _SIDE_SHIFT_PT * base_pt / 2 * _span_m(network) / (_MAP_WIDTH_IN * _POINTS_PER_IN)
    shift_m = -shift_m if network.left_hand else shift_m
    index = classes.of(values)
    ax.add_patch(_roads(_edges(network, index == NO_CLASS), shift_m, edgecolor=ROAD, linewidth=0.6 * base_pt))
    for rank, i in enumerate(classes.order, start=2):
        look = {"edgecolor": classes.colours[i], "linewidth": classes.widths[i] * base_pt, "zorder": rank}
        ax.add_patch(_roads(_edges(network, index == i), shift_m, **look))
    _draw_junctions(ax, network, base_pt, labels or {})
    _frame(ax, network, title)
    return ax


def map_height_in(network: Network) -> float:
    """Return the height of a map of standard width that fits the network."""
    low, high = bounding_box(network)
    width, height = np.maximum(high - low, 1.0)
    return float(np.clip(_MAP_WIDTH_IN * height / width, 2.4, 6.6))


def bounding_box(network: Network) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower left and upper right corner of the roads, in metres."""
    points = [point for edge in network.edges for point in edge.shape]
    points += [(junction.x_m, junction.y_m) for junction in network.junctions]
    array = np.asarray(points or [(0.0, 0.0), (1.0, 1.0)], dtype=np.float64)
    return array.min(axis=0), array.max(axis=0)


def _span_m(network: Network) -> float:
    low, high = bounding_box(network)
    return float(max(*(high - low), 1.0))


def _edges(network: Network, chosen: NDArray[np.bool_]) -> Iterable[Edge]:
    return (network.edges[i] for i in np.flatnonzero(chosen))


def _roads(edges: Iterable[Edge], shift_m: float, **look: Any) -> PathPatch:
    """Return all edges of a class as one path: a map of thousands of roads stays small on the page."""
    parts = [Path(_beside(np.asarray(edge.shape), shift_m)) for edge in edges if len(edge.shape) > 1]
    path = Path.make_compound_path(*parts) if parts else Path(np.empty((0, 2)))
    return PathPatch(path, fill=False, capstyle="round", **look)


def _beside(shape: NDArray[np.float64], shift_m: float) -> NDArray[np.float64]:
    """Shift a line to its right, so that the two directions of a road lie side by side."""
    ahead = np.gradient(shape, axis=0)
    length = np.hypot(ahead[:, 0], ahead[:, 1])
    unit = ahead / np.maximum(length, 1e-9)[:, None]
    return np.asarray(shape + shift_m * np.column_stack([unit[:, 1], -unit[:, 0]]))


def _draw_junctions(ax: Axes, network: Network, base_pt: float, labels: Mapping[int, str]) -> None:
    size_pt = float(np.clip(24.0 / np.sqrt(max(len(network.junctions), 1)), 2.4, 6.0))
    x = [junction.x_m for junction in network.junctions]
    y = [junction.y_m for junction in network.junctions]
    ax.plot(
        x, y, "o", markersize=size_pt, markerfacecolor=PAPER, markeredgecolor=INK,
        markeredgewidth=0.5 + 0.15 * base_pt, zorder=20, linestyle="none",
    )  # fmt: skip
    for index, text in labels.items():
        junction = network.junctions[index]
        ax.annotate(
            text, (junction.x_m, junction.y_m), xytext=(4, 4), textcoords="offset points", fontsize=10,
            fontweight="bold", color=INK, zorder=22,
            bbox={"boxstyle": "round,pad=0.18", "facecolor": PAPER, "edgecolor": MUTED, "linewidth": 0.5},
        )  # fmt: skip


def _frame(ax: Axes, network: Network, title: str) -> None:
    low, high = bounding_box(network)
    margin = 0.03 * _span_m(network)
    bar_m = scale_length_m(float(high[0] - low[0]))
    y = low[1] - 1.6 * margin
    ax.plot([low[0], low[0] + bar_m], [y, y], color=MUTED, linewidth=2.0, solid_capstyle="butt", zorder=21)
    text = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"
    ax.annotate(
        text,
        (low[0] + bar_m, y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        color=MUTED,
        fontsize=9.5,
    )
    ax.set_xlim(low[0] - margin, high[0] + margin)
    ax.set_ylim(low[1] - 2.6 * margin, high[1] + margin)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.figure.set_facecolor("none")
    if title:
        ax.set_title(title, color=INK, fontsize=10.5, fontweight="bold", loc="left")


def scale_length_m(width_m: float) -> float:
    """Return a round length of about a fifth of the width, for the scale bar."""
    target = max(width_m, 1.0) / 5
    decade = 10 ** np.floor(np.log10(target))
    return float(max(step * decade for step in (1, 2, 5) if step * decade <= target * (1 + 1e-9)))
