"""Plots of results: one function a file, each draws on the axes it is given and returns them.

None of them touches pyplot or opens a window; call ``ax.figure.savefig``.
"""

from __future__ import annotations

from citybrain.evaluation.plots.before_after import plot_before_after
from citybrain.evaluation.plots.change_map import plot_change_map
from citybrain.evaluation.plots.classes import Classes, change_classes, delay_classes, speed_classes
from citybrain.evaluation.plots.count_fit import plot_count_fit
from citybrain.evaluation.plots.delay_distribution import plot_delay_distribution
from citybrain.evaluation.plots.delay_map import delay_rate, plot_delay_map
from citybrain.evaluation.plots.emission_map import emission_classes, plot_emission_map
from citybrain.evaluation.plots.savings import Saving, plot_savings
from citybrain.evaluation.plots.seeds import plot_seeds
from citybrain.evaluation.plots.speed_map import plot_speed_map
from citybrain.evaluation.plots.time_series import plot_time_series

__all__ = [
    "Classes",
    "Saving",
    "change_classes",
    "delay_classes",
    "delay_rate",
    "emission_classes",
    "plot_before_after",
    "plot_change_map",
    "plot_count_fit",
    "plot_delay_distribution",
    "plot_delay_map",
    "plot_emission_map",
    "plot_savings",
    "plot_seeds",
    "plot_speed_map",
    "plot_time_series",
    "speed_classes",
]
