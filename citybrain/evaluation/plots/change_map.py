"""The network coloured by the change in time lost against the baseline."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from citybrain.evaluation.plots.classes import Classes, change_classes
from citybrain.evaluation.plots.roads import draw_roads
from citybrain.network.model import Network


def plot_change_map(
    network: Network,
    change: NDArray[np.float64],
    *,
    classes: Classes | None = None,
    labels: Mapping[int, str] | None = None,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw the roads by the change of :func:`.delay_map.delay_rate`; negative (blue) is better.

    ``labels`` marks junctions, by index, that the text speaks of.
    """
    return draw_roads(network, change, classes or change_classes([change]), ax=ax, title=title, labels=labels)
