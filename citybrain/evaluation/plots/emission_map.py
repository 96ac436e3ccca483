"""The network coloured by what vehicles emit on each road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from citybrain.evaluation.plots.classes import Classes, delay_classes
from citybrain.evaluation.plots.roads import draw_roads
from citybrain.network.model import Network


def emission_classes(rates: Sequence[NDArray[np.float64]]) -> Classes:
    """Return classes for grams per hour and km, shared by the maps of ``rates`` (one array a policy)."""
    return replace(delay_classes(rates), unit="g per hour and km")


def plot_emission_map(
    network: Network,
    rate: NDArray[np.float64],
    *,
    classes: Classes | None = None,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw the roads by grams of one pollutant per hour and km; NaN where nobody drove."""
    return draw_roads(network, rate, classes or emission_classes([rate]), ax=ax, title=title)
