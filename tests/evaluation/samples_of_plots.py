"""One small picture of every plotting function, from figures that are written here."""

from __future__ import annotations

import numpy as np
from report_samples import street

from citybrain.evaluation import plots
from citybrain.evaluation.emergency.time_space import SignalBar, plot_call, plot_times
from citybrain.evaluation.incidents.curve_plot import plot_trade_off
from citybrain.evaluation.incidents.measures import Score
from citybrain.evaluation.performance import plots as performance
from citybrain.evaluation.performance.measures import Arrivals, CoordinationDiagram, Preemption, SplitUse
from citybrain.evaluation.retiming.time_space import plot_junction_delays, plot_time_space
from citybrain.network.picture import plot_network
from citybrain.network.synthetic import grid_network
from citybrain.signals.retiming.bands import Direction

STREET = street()
RATE = np.array([0.0, 60.0, 3.0, 12.0, np.nan])
POLICIES = ("fixed-time", "greedy", "adaptive")
TIME_S = np.arange(25_200.0, 28_800.0, 900.0)


def series():
    swell = np.array([0.3, 1.0, 0.8, 0.2])
    return {
        policy: [(TIME_S, (300 - 80 * rank) * swell + 15 * seed) for seed in range(3)]
        for rank, policy in enumerate(POLICIES[:2])
    }


def savings():
    return [
        plots.Saving(policy="adaptive", mean_pct=40.0, ci95_pct=(30.0, 50.0), is_clear=True),
        plots.Saving(policy="greedy", mean_pct=5.0, ci95_pct=(-5.0, 15.0)),
        plots.Saving(policy="gridlock", mean_pct=-4200.0, ci95_pct=(-9000.0, 600.0)),
    ]


def windows(cycle_s, start_s, length_s):
    shown = np.zeros(cycle_s, dtype=np.bool_)
    shown[(start_s + np.arange(length_s)) % cycle_s] = True
    return shown


def corridor():
    at_m, at_s = (0.0, 300.0, 520.0), (0.0, 22.0, 38.0)
    up = Direction(
        junctions=(0, 1, 2), at_m=at_m, at_s=at_s, band=(4, 25),
        green=tuple(windows(80, round(t), 34) for t in at_s),
    )  # fmt: skip
    down = Direction(
        junctions=(2, 1, 0), at_m=(0.0, 220.0, 520.0), at_s=(0.0, 16.0, 38.0), band=(50, 12),
        green=tuple(windows(80, start, 30) for start in (45, 60, 75)),
    )  # fmt: skip
    return up, down


def score(threshold, found, false_alarms):
    return Score(
        threshold=threshold, incidents=20, affecting=16, detected=found, detected_affecting=found, alarms=20,
        true_alarms=found, false_alarms=4, clean_false_alarms=false_alarms, right_link=found, delays_s=(),
        delays_affecting_s=(), delays_in_sight_s=(), in_sight=5, watched_s=43_200.0,
    )  # fmt: skip


def trade_off():
    camera = [score(k, found, alarms) for k, (found, alarms) in enumerate(((16, 60), (14, 12), (10, 3), (4, 0)))]
    loops = [score(k, found, alarms) for k, (found, alarms) in enumerate(((13, 80), (9, 15), (5, 2)))]
    return plot_trade_off({"camera": camera, "loops": loops}, {"camera": camera[1], "loops": loops[1]})


def coordination():
    red_s = 28_800.0 + 80.0 * np.arange(8)
    arrival_s = 28_800.0 + 640.0 * ((np.arange(90) * 0.618) % 1)
    return performance.plot_coordination(
        CoordinationDiagram(
            arrival_s=arrival_s, in_cycle_s=(arrival_s - 28_800.0) % 80, red_s=red_s,
            green_in_cycle_s=40.0 + np.arange(8), yellow_in_cycle_s=np.full(8, 76.0), end_in_cycle_s=np.full(8, 80.0),
        )
    )  # fmt: skip


def split_failures():
    full = ((0.5, 0.2), (0.7, 0.4), (0.9, 0.9), (0.95, 0.85), (0.8, 0.6), (0.4, 0.1))
    return performance.plot_split_failures(
        [
            SplitUse(green_s=28_800.0 + 90 * k, length_s=30.0, green_occupancy=green, red_occupancy=red)
            for k, (green, red) in enumerate(full)
        ]
    )


def call():
    bars = [
        SignalBar(200.0, "1", ((0.0, 15.0, False), (15.0, 60.0, True))),
        SignalBar(550.0, "2", ((0.0, 42.0, False), (42.0, 60.0, True))),
    ]
    way = [0.0, 18.0, 44.0, 52.0], [0.0, 200.0, 550.0, 650.0]
    other = [0.0, 18.0, 30.0, 60.0], [0.0, 200.0, 210.0, 520.0]
    return plot_call(way, other, bars, names=("with priority", "without"), until_s=60.0)


PICTURES = {
    "arrivals_on_green": lambda: performance.plot_arrivals_on_green(
        {2: Arrivals(total=120, on_green=80, green_share=0.45), 4: Arrivals(total=0, on_green=0, green_share=0.3)}
    ),
    "before_after": lambda: plots.plot_before_after(STREET, RATE, RATE / 3)[0],
    "call": call,
    "change_map": lambda: plots.plot_change_map(STREET, RATE - 20.0, labels={1: "L1"}),
    "coordination": coordination,
    "count_fit": lambda: plots.plot_count_fit(
        [200.0, 450.0, 800.0, 1200.0], [230.0, 430.0, 650.0, 1180.0], before_vph=[60.0, 700.0, 300.0, 1500.0]
    ),
    "delay_distribution": lambda: plots.plot_delay_distribution(
        {policy: np.arange(1.0, 400.0 - 120 * rank) for rank, policy in enumerate(POLICIES)}, baseline="fixed-time"
    ),
    "delay_map": lambda: plots.plot_delay_map(STREET, RATE),
    "emission_map": lambda: plots.plot_emission_map(STREET, 40 * RATE),
    "junction_delays": lambda: plot_junction_delays(["A", "B", "C"], [40.0, 22.0, 18.0], [25.0, 24.0, 6.0]),
    "network": lambda: plot_network(grid_network(2, 3), groups={"0-0": "A", "0-1": "B", "1-1": "B"}),
    "preemptions": lambda: performance.plot_preemptions(
        [
            Preemption(call_s=0.0, entry_s=3.0, dwell_s=12.0, end_s=40.0),
            Preemption(call_s=100.0, entry_s=101.0, dwell_s=104.0, end_s=150.0),
            Preemption(call_s=200.0, entry_s=220.0, dwell_s=np.nan, end_s=np.nan),
        ]
    ),
    "savings": lambda: plots.plot_savings(savings(), baseline="fixed-time"),
    "seeds": lambda: plots.plot_seeds(
        {"fixed-time": [40.0, 43.0, 41.0], "adaptive": [20.0, 24.0, 21.5]}, baseline="fixed-time"
    ),
    "speed_map": lambda: plots.plot_speed_map(STREET, np.array([8.0, 50.0, 30.0, 15.0, np.nan])),
    "split_failures": split_failures,
    "terminations": lambda: performance.plot_terminations(
        {2: [(28_800.0, "gap-out"), (28_900.0, "max-out"), (29_000.0, "gap-out")], 4: [(28_850.0, "force-off")]}
    ),
    "time_series": lambda: plots.plot_time_series(series(), ylabel="vehicles", baseline="fixed-time"),
    "time_space": lambda: plot_time_space(*corridor(), ["A", "B", "C"]),
    "times": lambda: plot_times([(300.0, 200.0, 170.0, "a"), (250.0, 240.0, 150.0, "b"), (180.0, 190.0, 120.0, "c")]),
    "trade_off": trade_off,
}
