"""What the plots show, read back from the axes."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from report_samples import street

from citybrain.evaluation.plots import (
    Saving,
    change_classes,
    delay_classes,
    delay_rate,
    plot_before_after,
    plot_change_map,
    plot_delay_distribution,
    plot_delay_map,
    plot_savings,
    plot_seeds,
    plot_speed_map,
    plot_time_series,
    speed_classes,
)
from citybrain.evaluation.plots.classes import NO_CLASS, round_steps
from citybrain.evaluation.plots.delay_distribution import distribution
from citybrain.evaluation.plots.roads import scale_length_m
from citybrain.evaluation.plots.style import (
    BASELINE,
    CHANGE_COLOURS,
    DELAY_COLOURS,
    POLICY_COLOURS,
    ROAD,
    SPEED_COLOURS,
    policy_colours,
    policy_dashes,
)
from citybrain.evaluation.plots.time_series import spread

NETWORK = street()


def roads_by_colour(ax):
    """Line pieces drawn in each colour."""
    patches = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    starts = {to_hex(p.get_edgecolor()): int((p.get_path().codes == 1).sum()) for p in patches if len(p.get_path())}
    return {colour: n for colour, n in starts.items() if n}


def labels(ax):
    return [text.get_text() for text in ax.texts]


def test_importing_the_plots_opens_no_window():
    code = "import citybrain.evaluation.plots, sys; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("top", "count", "coarse", "steps"),
    [
        (87.0, 6, False, (1, 2, 5, 10, 20, 50)),
        (1.0, 4, False, (0.1, 0.2, 0.5, 1)),
        (0.03, 3, False, (0.005, 0.01, 0.02)),
        (87.0, 4, True, (1, 3, 10, 30)),
        (0.0, 3, False, (0.2, 0.5, 1)),
        (float("nan"), 3, False, (0.2, 0.5, 1)),
    ],
)
def test_bounds_are_round_and_end_below_the_top(top, count, coarse, steps):
    assert round_steps(top, count, coarse=coarse) == steps


def test_values_fall_into_classes_and_nan_into_none():
    classes = delay_classes([np.array([0.0, 60.0])])
    assert classes.bounds == (1, 2, 5, 10, 20, 50)
    assert classes.of(np.array([0.0, 1.0, 4.9, 50.0, np.nan])).tolist() == [0, 1, 2, 6, NO_CLASS]
    assert classes.labels()[0] == "under 1"
    assert classes.labels()[-1] == "50 and more"
    assert len(classes.labels()) == len(classes.colours) == len(DELAY_COLOURS)


def test_one_gridlocked_policy_widens_the_classes():
    fine, coarse = (
        delay_classes([np.array([10.0]), np.array([10.0])]),
        delay_classes([np.array([12.0]), np.array([120.0])]),
    )
    assert fine.bounds == (0.2, 0.5, 1, 2, 5, 10)
    assert coarse.bounds == (0.3, 1, 3, 10, 30, 100)


def test_change_classes_are_symmetric():
    classes = change_classes([np.array([-12.0, 3.0])])
    assert classes.bounds == tuple(-bound for bound in reversed(classes.bounds))
    assert classes.of(np.array([-100.0, 0.0, 100.0])).tolist() == [0, 4, len(CHANGE_COLOURS) - 1]


def test_speed_classes_are_even():
    steps = np.diff(speed_classes([np.array([10.0, 70.0, np.nan])]).bounds)
    assert set(steps) == {10.0}


def test_delay_rate_is_vehicle_hours_per_hour_and_km():
    # 3600 vehicle-seconds in an hour on 0.3 km: one vehicle-hour, 1 / 0.3 per km
    delay_s = np.array([0.0, 0.0, 3600.0, 0.0, 0.0])
    rate = delay_rate(NETWORK, delay_s, 3600.0, edge_vehicles=np.array([1.0, 1.0, 1.0, 1.0, 0.0]))
    assert rate[2] == pytest.approx(1 / 0.3)
    assert np.isnan(rate[4])


def test_delay_map_draws_every_road_in_its_class():
    rate = np.array([0.0, 60.0, 3.0, 0.0, np.nan])
    ax = plot_delay_map(NETWORK, rate, title="greedy")
    drawn = roads_by_colour(ax)
    assert drawn == {DELAY_COLOURS[0]: 2, DELAY_COLOURS[2]: 1, DELAY_COLOURS[6]: 1, ROAD: 1}
    assert ax.get_title(loc="left") == "greedy"
    assert "100 m" in labels(ax)
    assert ax.get_aspect() == 1.0
    markers = [line for line in ax.lines if line.get_marker() == "o"]
    assert markers[0].get_xydata().tolist() == [[210.0, 0.0], [510.0, 0.0]]


def test_maps_share_the_classes_they_are_given():
    classes = delay_classes([np.array([500.0])])
    ax = plot_delay_map(NETWORK, np.full(5, 20.0), classes=classes)
    assert roads_by_colour(ax) == {DELAY_COLOURS[2]: 5}


def test_change_map_marks_junctions():
    ax = plot_change_map(NETWORK, np.array([-51.0, 0.0, 51.0, 0.0, np.nan]), labels={1: "L1"})
    assert "L1" in labels(ax)
    drawn = roads_by_colour(ax)
    assert drawn[CHANGE_COLOURS[0]] == 1
    assert drawn[CHANGE_COLOURS[-1]] == 1


def test_speed_map_puts_slow_roads_on_top():
    ax = plot_speed_map(NETWORK, np.array([1.0, 50.0, 50.0, 50.0, np.nan]))
    order = {to_hex(patch.get_edgecolor()): patch.get_zorder() for patch in ax.patches}
    assert order[SPEED_COLOURS[0]] == max(order.values())


def test_left_hand_traffic_is_drawn_on_the_left():
    right = plot_delay_map(NETWORK, np.full(5, 1.0))
    left_hand = type(NETWORK)(**{name: getattr(NETWORK, name) for name in NETWORK.__slots__} | {"left_hand": True})
    left = plot_delay_map(left_hand, np.full(5, 1.0))
    heights = [next(p for p in ax.patches if len(p.get_path())).get_path().vertices[0, 1] for ax in (right, left)]
    # all roads run east: their right is south
    assert heights[0] < 0 < heights[1]


@pytest.mark.parametrize(("width_m", "length_m"), [(615, 100), (2670, 500), (9, 1), (50_000, 10_000)])
def test_scale_bar_is_round(width_m, length_m):
    assert scale_length_m(width_m) == length_m


def test_distribution_counts_every_vehicle():
    delay_s, share = distribution(np.array([30.0, 10.0, 20.0, 40.0]))
    assert delay_s.tolist() == [10, 20, 30, 40]
    assert share.tolist() == [25, 50, 75, 100]
    long_s, share = distribution(np.arange(10_000.0))
    assert len(long_s) <= 400
    assert (long_s[-1], share[-1]) == (9999, 100)


def test_delay_distribution_draws_a_line_a_policy():
    ax = plot_delay_distribution({"fixed-time": np.arange(100.0), "greedy": np.arange(50.0)}, baseline="fixed-time")
    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert list(lines) == ["fixed-time", "greedy"]
    assert lines["fixed-time"].get_color() == BASELINE
    assert lines["greedy"].get_ydata()[-1] == 100
    assert ax.get_xscale() == "log"


def test_an_empty_distribution_is_an_empty_plot():
    assert [line for line in plot_delay_distribution({}).lines if not line.get_label().startswith("_")] == []


def test_spread_keeps_common_times_and_leaves_out_nobody():
    runs = [(np.array([0.0, 60.0, 120.0]), np.array([1.0, -1.0, 3.0])), (np.array([0.0, 60.0]), np.array([3.0, -1.0]))]
    time_s, mean, low, high = spread(runs)
    assert [time_s.tolist(), mean.tolist(), low.tolist(), high.tolist()] == [[0], [2], [1], [3]]


def test_time_series_bands_only_with_several_seeds():
    run = (np.array([3600.0, 7200.0]), np.array([1.0, 2.0]))
    ax = plot_time_series({"a": [run], "b": [run, run]}, ylabel="vehicles", baseline="a")
    assert len(ax.collections) == 1
    assert ax.get_xlim() == (3600, 7200)
    assert ax.xaxis.get_major_formatter()(5400) == "1:30"


def test_savings_are_filled_only_where_clear():
    savings = [
        Saving(policy="good", mean_pct=40.0, ci95_pct=(30.0, 50.0), is_clear=True),
        Saving(policy="unsure", mean_pct=5.0, ci95_pct=(-5.0, 15.0)),
        Saving(policy="gridlock", mean_pct=-4200.4, ci95_pct=(-9000.0, 600.0)),
    ]
    ax = plot_savings(savings, baseline="fixed-time")
    dots = [line for line in ax.lines if line.get_marker() in {"o", "<"}]
    assert [dot.get_marker() for dot in dots] == ["o", "o", "<"]
    assert dots[0].get_markerfacecolor() == dots[0].get_color()
    assert dots[1].get_markerfacecolor() != dots[1].get_color()
    assert labels(ax) == ["+40.0 %", "+5.0 %", "\N{MINUS SIGN}4200 %"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["good", "unsure", "gridlock"]
    # nobody saves more than all, and the picture keeps to what can be read
    assert -200 < ax.get_xlim()[0] < ax.get_xlim()[1] < 200


@pytest.mark.parametrize(("worst_s", "scale"), [(30.0, "linear"), (900.0, "log")])
def test_a_gridlocked_seed_turns_the_axis_logarithmic(worst_s, scale):
    ax = plot_seeds({"fixed-time": [20.0, 21.0], "greedy": [10.0, worst_s]}, baseline="fixed-time")
    assert ax.get_xscale() == scale
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert dots[1].get_xdata().tolist() == [10.0, worst_s]


def test_plots_draw_on_the_axes_they_are_given():
    ax = Figure().add_subplot()
    assert plot_seeds({"a": [1.0]}, ax=ax) is ax
    assert plot_delay_map(NETWORK, np.zeros(5), ax=ax) is ax
    assert plot_time_series({"a": []}, ylabel="", ax=ax) is ax


def test_policies_beyond_the_palette_differ_by_dashes():
    policies = ["fixed-time", *(f"p{i}" for i in range(9))]
    colours, dashes = policy_colours(policies, "fixed-time"), policy_dashes(policies, "fixed-time")
    assert colours["fixed-time"] == BASELINE
    assert colours["p0"] == colours[f"p{len(POLICY_COLOURS)}"]
    assert len({(colours[policy], str(dashes[policy])) for policy in policies}) == len(policies)


def test_plots_leave_the_global_style_alone():
    before = dict(mpl.rcParams)
    plot_savings([], baseline="x")
    assert dict(mpl.rcParams) == before


def test_before_and_after_share_one_scale_and_one_legend():
    before, after = np.array([0.0, 60.0, 3.0, 0.0, np.nan]), np.array([0.0, 6.0, 3.0, 0.0, np.nan])
    left, right = plot_before_after(NETWORK, before, after, titles=("own plan", "adaptive"))
    classes = delay_classes([before, after])
    assert [ax.get_title(loc="left") for ax in (left, right)] == ["own plan", "adaptive"]
    assert roads_by_colour(left)[classes.colours[6]] == 1
    assert classes.colours[6] not in roads_by_colour(right)
    assert [text.get_text() for text in left.figure.legends[0].get_texts()] == list(classes.labels())


def test_before_and_after_draw_on_given_axes():
    axes = Figure().subplots(1, 2)
    assert plot_before_after(NETWORK, np.zeros(5), np.zeros(5), axes=axes) == tuple(axes)
