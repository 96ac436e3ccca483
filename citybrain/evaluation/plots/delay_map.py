"""The network coloured by the time lost on each road."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from citybrain.evaluation.plots.classes import Classes, delay_classes
from citybrain.evaluation.plots.roads import draw_roads
from citybrain.network.model import Network

_SHORTEST_M = 20.0


def delay_rate(
    network: Network,
    edge_delay_s: NDArray[np.float64],
    duration_s: float,
    *,
    edge_vehicles: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the vehicle-hours lost on each road per hour and kilometre.

    A queue gives the same value on a short and on a long piece of road, which
    delay per vehicle does not; roughly, it is the vehicles that stand per km.

    Parameters
    ----------
    edge_delay_s : ndarray, shape (n_edges,)
        Vehicle-seconds lost in the window.
    duration_s : float
        Length of the window.
    edge_vehicles : ndarray, shape (n_edges,), optional
        Roads without vehicles get NaN.
    """
    # pieces of a few metres would shout over whole streets
    length_km = np.maximum([edge.length_m for edge in network.edges], _SHORTEST_M) / 1000.0
    rate = np.asarray(edge_delay_s, dtype=np.float64) / max(duration_s, 1.0) / length_km
    return rate if edge_vehicles is None else np.where(edge_vehicles > 0, rate, np.nan)


def plot_delay_map(
    network: Network,
    rate: NDArray[np.float64],
    *,
    classes: Classes | None = None,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw the roads by :func:`delay_rate`; give ``classes`` to share a scale between maps."""
    return draw_roads(network, rate, classes or delay_classes([rate]), ax=ax, title=title)
