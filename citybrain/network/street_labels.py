"""Write the names of the main streets along them, without one covering another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from numpy.typing import NDArray

from citybrain.network.model import Network

_FONT_PT = 7.5
_CHARACTER_PT = 0.54 * _FONT_PT
_ABOVE_PT = 7.0
_CANDIDATES = 16
_MOST_STRAYING = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The paper: its scale, the size of the dots on it, and its colours."""

    metres_per_pt: float
    dot_pt: float
    ink: str
    paper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """A place for a name: its middle, its angle, and points along it, metres."""

    middle: NDArray[np.float64]
    angle_deg: float
    points: NDArray[np.float64]


def draw_street_names(ax: Axes, network: Network, weights: Sequence[float], sheet: Sheet, *, most: int) -> None:
    """Write the names of the longest, widest streets; one that finds no free place is left out.

    Parameters
    ----------
    weights : sequence of float, one per edge
        How much a metre of its lanes counts.
    """
    size: dict[str, float] = {}
    own: dict[str, list[int]] = {}
    for edge in network.edges:
        if edge.name:
            size[edge.name] = size.get(edge.name, 0.0) + weights[edge.index] * edge.length_m * max(len(edge.lanes), 1)
            own.setdefault(edge.name, []).append(edge.index)
    dots = np.asarray([(junction.x_m, junction.y_m) for junction in network.junctions]).reshape(-1, 2)
    taken = np.empty((0, 2))
    written = 0
    for name in sorted(_plain(size), key=lambda street: (-size[street], street)):
        if written >= most:
            break
        spot = _best_spot(network, name, own[name], dots, taken, sheet)
        if spot is None:
            continue
        written += 1
        taken = np.vstack([taken, spot.points])
        at = float(spot.middle[0]), float(spot.middle[1])
        ax.annotate(
            name, at, ha="center", va="center", rotation=spot.angle_deg, rotation_mode="anchor",
            fontsize=_FONT_PT, color=sheet.ink, zorder=15, annotation_clip=True,
            path_effects=[patheffects.withStroke(linewidth=2.4, foreground=sheet.paper)],
        )  # fmt: skip


def _plain(names: Iterable[str]) -> list[str]:
    """Leave out the parts of a street that has its own name too, such as ``High Street flyover``."""
    known = set(names)
    parts = {name: name.split(" ") for name in known}
    return [
        name
        for name, words in parts.items()
        if not any(words[i][:1].islower() and " ".join(words[:i]) in known for i in range(1, len(words)))
    ]


def _best_spot(
    network: Network, name: str, edges: list[int], dots: NDArray[np.float64], taken: NDArray[np.float64], sheet: Sheet
) -> _Spot | None:
    """Return the straightest place that covers the fewest signals; None where all touch a name or stray."""
    length_m = len(name) * _CHARACTER_PT * sheet.metres_per_pt
    free_m = 1.7 * _FONT_PT * sheet.metres_per_pt
    reach_m = (0.5 * _FONT_PT + 0.6 * sheet.dot_pt) * sheet.metres_per_pt
    best, least = None, np.inf
    for line in _stretches(network, edges):
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        for middle_m in _middles(float(along[-1]), length_m):
            for aside in (_ABOVE_PT, -_ABOVE_PT):
                spot, strays = _spot(line, along, middle_m, length_m, aside * sheet.metres_per_pt)
                if strays > _MOST_STRAYING or _nearest(spot.points, taken) < free_m:
                    continue
                covered = float(np.sum(_distances(spot.points, dots).min(axis=0, initial=np.inf) < reach_m))
                off_centre = abs(middle_m / max(float(along[-1]), 1.0) - 0.5)
                penalty = covered + strays + off_centre
                if penalty < least:
                    best, least = spot, penalty
    return best


def _stretches(network: Network, edges: list[int]) -> list[NDArray[np.float64]]:
    """Join the edges of one street, end to start, into the lines that its name can follow."""
    onward: dict[str, list[int]] = {}
    for index in edges:
        onward.setdefault(network.edges[index].from_node, []).append(index)
    lines, used = [], set()
    for first in sorted(edges, key=lambda index: -network.edges[index].length_m):
        points: list[tuple[float, float]] = []
        at: int | None = first
        while at is not None and at not in used:
            used.add(at)
            edge = network.edges[at]
            points += edge.shape
            ahead = (i for i in onward.get(edge.to_node, ()) if network.edges[i].to_node != edge.from_node)
            at = next((i for i in ahead if i not in used), None)
        if len(points) > 1:
            lines.append(np.asarray(points))
    return lines


def _middles(line_m: float, length_m: float) -> NDArray[np.float64]:
    if line_m <= length_m:
        return np.array([line_m / 2])
    steps = min(_CANDIDATES, 1 + int(2 * (line_m - length_m) / length_m))
    return np.linspace(length_m / 2, line_m - length_m / 2, max(steps, 2))


def _spot(
    line: NDArray[np.float64], along: NDArray[np.float64], middle_m: float, length_m: float, aside_m: float
) -> tuple[_Spot, float]:
    """Return a place beside a line, and by how much of its length the name would stray from the line."""
    half = min(length_m, along[-1]) / 2
    start, centre, end = (
        np.array([np.interp(at, along, line[:, axis]) for axis in (0, 1)])
        for at in (middle_m - half, middle_m, middle_m + half)
    )
    ahead = end - start if end[0] >= start[0] else start - end
    unit = ahead / max(float(np.hypot(*ahead)), 1e-9)
    normal = np.array([-unit[1], unit[0]])
    chord = (start + end) / 2
    bulge = float((centre - chord) @ normal)
    # on the outside of a bend the name keeps clear of the road
    middle = chord + (aside_m + (bulge if bulge * aside_m > 0 else 0.0)) * normal
    offsets = np.linspace(-length_m / 2, length_m / 2, 2 + int(length_m / max(abs(aside_m), 1e-9)))
    strays = 12.0 * abs(bulge) / length_m + 4.0 * max(0.0, length_m / max(float(along[-1]), 1.0) - 1.0)
    angle_deg = float(np.degrees(np.arctan2(unit[1], unit[0])))
    return _Spot(middle=middle, angle_deg=angle_deg, points=middle + offsets[:, None] * unit), strays


def _distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1])


def _nearest(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(_distances(a, b).min(initial=np.inf))
