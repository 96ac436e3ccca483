"""A picture of a network: roads by class and lanes, signals by control group, the names of the main streets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from citybrain.network.check_rules import node_places
from citybrain.network.model import Network
from citybrain.network.street_labels import Sheet, draw_street_names

INK, MUTED, PAPER = "#1f2a37", "#5b6876", "#ffffff"
GROUP_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""

_WIDTH_IN = 10.0
_POINTS_PER_IN = 72.0
_REACH_M = 60.0
_CLASSES = ("street", "arterial", "expressway")
_ROAD_COLOURS = {"street": "#c3ccd5", "arterial": "#98a7b5", "expressway": "#5f7286"}
_CLASS_OF = {
    "motorway": "expressway", "trunk": "expressway", "expressway": "expressway",
    "primary": "arterial", "secondary": "arterial", "arterial": "arterial",
}  # fmt: skip


def plot_network(
    network: Network,
    *,
    ax: Axes | None = None,
    road_class: Mapping[str, str] | None = None,
    groups: Mapping[str, str] | None = None,
    title: str = "",
    streets: int = 40,
) -> Axes:
    """Draw a network and return the axes.

    Parameters
    ----------
    ax : Axes, optional
        Where to draw; a figure of its own where not given.
    road_class : mapping of str to str, optional
        Type of each edge, of a written city or of OpenStreetMap; by lanes where not given.
    groups : mapping of str to str, optional
        Control group of each junction.
    title : str, optional
        Goes before the counts.
    streets : int
        How many street names to write at most.
    """
    low, high = _bounds(network)
    span_m = np.maximum(high - low, 1.0)
    if ax is None:
        height_in = float(np.clip(_WIDTH_IN * span_m[1] / span_m[0], 4.0, 14.0))
        ax = Figure(figsize=(_WIDTH_IN, height_in + 0.7), layout=ConstrainedLayoutEngine()).add_subplot()
        ax.figure.set_facecolor(PAPER)
    metres_per_pt = float(max(span_m[0] / _WIDTH_IN, span_m[1] / 14.0) / _POINTS_PER_IN)
    classes = [_class_of(edge.id, len(edge.lanes), road_class) for edge in network.edges]
    _draw_roads(ax, network, classes, metres_per_pt)
    dots_pt = _draw_signals(ax, network, groups or {}, metres_per_pt)
    sheet = Sheet(metres_per_pt=metres_per_pt, dot_pt=dots_pt, ink=INK, paper=PAPER)
    weights = [1.0 + _CLASSES.index(kind) for kind in classes]
    draw_street_names(ax, network, weights, sheet, most=streets)
    _frame(ax, low, high)
    _legend(ax, sorted(set(classes), key=_CLASSES.index, reverse=True), groups or {}, network)
    if title:
        ax.set_title(title, loc="left", color=INK, fontsize=15, fontweight="bold", pad=22)
    ax.annotate(
        _counts(network), (0, 1), (0, 8), xycoords="axes fraction", textcoords="offset points", color=MUTED, fontsize=10
    )
    return ax


def save_picture(ax: Axes, path: Path, *, dpi: int = 170) -> None:
    """Write the picture; the ending of the file says how (``.png``, ``.svg``, ``.pdf``)."""
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.savefig(path, dpi=dpi, facecolor=PAPER)


def _class_of(edge_id: str, lanes: int, road_class: Mapping[str, str] | None) -> str:
    kind = (road_class or {}).get(edge_id, "").split("|")[0].removeprefix("highway.").removesuffix("_link")
    if kind:
        return _CLASS_OF.get(kind, "street")
    return "arterial" if lanes > 1 else "street"


def _bounds(network: Network) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = [point for edge in network.edges for point in edge.shape]
    points += [(junction.x_m, junction.y_m) for junction in network.junctions]
    array = np.asarray(points or [(0.0, 0.0), (1.0, 1.0)], dtype=np.float64)
    return array.min(axis=0), array.max(axis=0)


def _draw_roads(ax: Axes, network: Network, classes: list[str], metres_per_pt: float) -> None:
    places = node_places(network)
    # true to scale where the picture is large enough, legible where not
    lane_pt = float(np.clip(3.2 / metres_per_pt, 0.55, 4.0))
    for rank, kind in enumerate(_CLASSES, start=1):
        edges = [edge for edge, own in zip(network.edges, classes, strict=True) if own == kind]
        lines = [_line(edge.shape, places[edge.from_node], places[edge.to_node]) for edge in edges]
        widths = [lane_pt * (0.5 + 0.5 * max(len(edge.lanes), 1) + 0.25 * (rank - 1)) for edge in edges]
        ax.add_collection(
            LineCollection(
                lines, colors=_ROAD_COLOURS[kind], linewidths=widths, capstyle="round", joinstyle="round", zorder=rank
            )
        )


def _line(
    shape: tuple[tuple[float, float], ...], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a road led on to the middle of its nodes, so that no gaps show at junctions."""
    points = [np.asarray(point) for point in shape]
    if np.hypot(*(points[0] - start)) < _REACH_M:
        points.insert(0, start)
    if np.hypot(*(points[-1] - end)) < _REACH_M:
        points.append(end)
    return np.asarray(points)


def _draw_signals(ax: Axes, network: Network, groups: Mapping[str, str], metres_per_pt: float) -> float:
    size_pt = float(np.clip(14.0 / metres_per_pt + 2.6, 4.0, 9.0))
    for group, colour in _group_colours(groups, network).items():
        own = [junction for junction in network.junctions if groups.get(junction.id, "") == group]
        ax.plot(
            [junction.x_m for junction in own], [junction.y_m for junction in own], "o", markersize=size_pt,
            markerfacecolor=colour, markeredgecolor=PAPER, markeredgewidth=0.8, linestyle="none", zorder=10,
        )  # fmt: skip
    return size_pt


def _group_colours(groups: Mapping[str, str], network: Network) -> dict[str, str]:
    names = sorted({groups.get(junction.id, "") for junction in network.junctions})
    return {name: GROUP_COLOURS[i % len(GROUP_COLOURS)] for i, name in enumerate(names)}


def _legend(ax: Axes, classes: list[str], groups: Mapping[str, str], network: Network) -> None:
    handles = [
        Line2D([], [], color=_ROAD_COLOURS[kind], linewidth=1.5 + _CLASSES.index(kind), label=kind) for kind in classes
    ]
    for group, colour in _group_colours(groups, network).items():
        n = sum(groups.get(junction.id, "") == group for junction in network.junctions)
        label = f"signals, group {group} ({n})" if group else f"signals ({n})"
        handles.append(
            Line2D([], [], marker="o", markersize=6, color=colour, markeredgecolor=PAPER, linestyle="none", label=label)
        )
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 0.0), ncols=len(handles), frameon=False, fontsize=9,
        labelcolor=INK, borderaxespad=0.2, handlelength=1.6, columnspacing=1.6,
    )  # fmt: skip


def _frame(ax: Axes, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    span_m = float(np.max(high - low))
    margin = 0.02 * span_m
    left, bottom, right, top = low[0] - margin, low[1] - 3.2 * margin, high[0] + margin, high[1] + margin
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.set_axis_off()
    bar_m = scale_length_m(float(high[0] - low[0]))
    x, y = low[0], low[1] - 2.0 * margin
    for part, colour in ((0.0, INK), (0.5, PAPER)):
        piece = [x + part * bar_m, x + (part + 0.5) * bar_m]
        ax.plot(piece, [y, y], color=INK, linewidth=5, solid_capstyle="butt", zorder=20)
        ax.plot(piece, [y, y], color=colour, linewidth=3.4, solid_capstyle="butt", zorder=21)
    text = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"
    ax.annotate(text, (x + bar_m, y), (6, 0), textcoords="offset points", va="center", color=INK, fontsize=9)
    arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.4, "mutation_scale": 14}
    ax.annotate(
        "N", (0.985, 0.985), (0, -34), xycoords="axes fraction", textcoords="offset points", ha="center", va="center",
        color=INK, fontsize=10, fontweight="bold", arrowprops=arrow,
    )  # fmt: skip


def scale_length_m(width_m: float) -> float:
    """Return a round length of about a sixth of the width, for the scale bar."""
    target = max(width_m, 1.0) / 6
    decade = 10 ** np.floor(np.log10(target))
    return float(max(step * decade for step in (1, 2, 5) if step * decade <= target * (1 + 1e-9)))


def _counts(network: Network) -> str:
    road_km = sum(edge.length_m for edge in network.edges) / 1000
    lane_km = sum(lane.length_m for lane in network.lanes) / 1000
    side = "left" if network.left_hand else "right"
    return (
        f"{len(network.junctions)} signalised junctions, {road_km:,.0f} km of directed road, "
        f"{lane_km:,.0f} lane-km, driving on the {side}"
    )
