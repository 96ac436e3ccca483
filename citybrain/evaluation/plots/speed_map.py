"""The network coloured by mean speed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from citybrain.evaluation.plots.classes import Classes, speed_classes
from citybrain.evaluation.plots.roads import draw_roads
from citybrain.network.model import Network


def plot_speed_map(
    network: Network,
    speed_kmh: NDArray[np.float64],
    *,
    classes: Classes | None = None,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw the roads by mean speed in km/h, stops included; NaN where nobody drove."""
    return draw_roads(network, speed_kmh, classes or speed_classes([speed_kmh]), ax=ax, title=title)
