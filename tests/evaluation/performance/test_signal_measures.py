"""The measures on events made by hand, whose answers are known in closed form."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from builders import one_junction

from citybrain.evaluation.performance import measures, plots
from citybrain.evaluation.performance.channels import ADVANCE, PRESENCE, Channel
from citybrain.evaluation.performance.codes import Code
from citybrain.evaluation.performance.log import DeviceEvents, EventLog

NETWORK = one_junction(["Gr", "rG"], conflicts=[(0, 1)])
CHANNELS = (
    Channel(junction=0, number=1, function=PRESENCE, phase=2, lane=0),
    Channel(junction=0, number=65, function=ADVANCE, phase=2, lane=0),
)


def log_of(cycles: int = 4, *, arrivals: tuple[float, ...] = (), on: tuple[tuple[float, float], ...] = ()) -> EventLog:
    """Phase 2, cycle 60 s: green at 0, yellow at 30, red at 33; arrivals and presence repeat each cycle."""
    log = EventLog(NETWORK, CHANNELS)
    for k in range(cycles + 1):
        t = 60_000 * k
        log.add(t, 0, Code.GREEN_BEGIN, 2)
        if k == cycles:
            break
        log.add(t + 30_000, 0, Code.GAP_OUT if k % 2 else Code.MAX_OUT, 2)
        log.add(t + 30_000, 0, Code.YELLOW_BEGIN, 2)
        log.add(t + 33_000, 0, Code.RED_CLEARANCE_BEGIN, 2)
        for arrival in arrivals:
            log.add(t + round(1000 * arrival), 0, Code.DETECTOR_ON, 65)
            log.add(t + round(1000 * arrival) + 300, 0, Code.DETECTOR_OFF, 65)
        for begin, end in on:
            log.add(t + round(1000 * begin), 0, Code.DETECTOR_ON, 1)
            log.add(t + round(1000 * end), 0, Code.DETECTOR_OFF, 1)
    return log


def test_cycles_are_those_that_the_log_holds_whole() -> None:
    found = measures.cycles(log_of(3).device(0), 2)
    assert [(c.green_s, c.yellow_s, c.red_s, c.next_green_s) for c in found] == [
        (0, 30, 33, 60), (60, 90, 93, 120), (120, 150, 153, 180),
    ]  # fmt: skip


def test_three_of_four_arrivals_on_half_a_cycle_of_green() -> None:
    arrivals = measures.arrivals_on_green(log_of(arrivals=(5, 12, 29.9, 30)).device(0), 2, [65])
    assert (arrivals.total, arrivals.on_green, arrivals.percent) == (16, 12, 75.0)
    assert arrivals.green_share == 0.5
    assert arrivals.platoon_ratio == 1.5


def test_nobody_came() -> None:
    arrivals = measures.arrivals_on_green(log_of().device(0), 2, [65])
    assert arrivals.total == 0
    assert np.isnan(arrivals.percent)


def test_coordination_diagram_counts_from_the_begin_of_red() -> None:
    diagram = measures.coordination_diagram(log_of(4, arrivals=(10.0,)).device(0), 2, [65])
    assert diagram.red_s.tolist() == [33, 93, 153]
    assert diagram.green_in_cycle_s.tolist() == [27, 27, 27]
    assert diagram.yellow_in_cycle_s.tolist() == [57, 57, 57]
    assert diagram.end_in_cycle_s.tolist() == [60, 60, 60]
    assert diagram.arrival_s.tolist() == [70, 130, 190]
    assert diagram.in_cycle_s.tolist() == [37, 37, 37]


@pytest.mark.parametrize(
    ("on", "green", "red", "failed"),
    [
        ((0, 38), 1.0, 1.0, True),
        ((6, 37), 0.8, 0.8, True),
        ((0, 36.5), 1.0, 0.7, False),
        ((9, 38), 0.7, 1.0, False),
        ((0, 20), 2 / 3, 0.0, False),
    ],
)
def test_split_failures(*, on: tuple[float, float], green: float, red: float, failed: bool) -> None:
    uses = measures.split_failures(log_of(on=(on,)).device(0), 2, [1])
    assert len(uses) == 4  # the fifth green has no red yet
    assert uses[0].green_occupancy == pytest.approx(green)
    assert uses[0].red_occupancy == pytest.approx(red)
    assert all(use.failed == failed for use in uses)


def test_presence_of_an_approach_is_that_of_any_detector() -> None:
    events = DeviceEvents(
        time_s=np.array([0.0, 2.0, 4.0, 6.0, 9.0]),
        code=np.array([82, 82, 81, 81, 82]),
        parameter=np.array([1, 2, 1, 2, 3]),
    )
    assert measures.occupied(events, [1, 2]).tolist() == [[0, 6]]
    assert measures.occupied(events, [1, 2, 3]).tolist() == [[0, 6], [9, 9]]


def test_terminations_say_how_each_green_ended() -> None:
    assert measures.terminations(log_of(2).device(0), 2) == [(30.0, "max-out"), (90.0, "gap-out")]


def test_preemption_details() -> None:
    log = log_of(3)
    for at, code in ((70, 102), (70, 105), (84, 107), (95, 104), (95, 111), (150, 102)):
        log.add(1000 * at, 0, code, 1)
    first, second = measures.preemptions(log.device(0))
    assert (first.to_service_s, first.duration_s) == (14.0, 25.0)
    assert np.isnan(second.dwell_s)
    assert np.isnan(second.end_s)
    axes = plots.plot_preemptions([first, second])
    assert len(axes.get_yticks()) == 2


def test_pictures_draw_on_given_axes() -> None:
    log = log_of(arrivals=(5.0, 40.0), on=((0.0, 38.0),)).device(0)
    axes = plots.new_axes()
    assert plots.plot_coordination(measures.coordination_diagram(log, 2, [65]), ax=axes) is axes
    assert len(axes.lines[0].get_xdata()) == 6
    failures = plots.plot_split_failures(measures.split_failures(log, 2, [1]))
    assert len(failures.lines[2].get_xdata()) == 4
    bars = plots.plot_arrivals_on_green({2: measures.arrivals_on_green(log, 2, [65])})
    assert bars.patches[0].get_width() == 50.0
    assert plots.plot_terminations({2: measures.terminations(log, 2)}).get_yticks().tolist() == [0]


def test_table_is_what_the_fields_tools_read() -> None:
    table = log_of(1).table(dt.date(2026, 1, 5))
    assert table.column_names == ["TimeStamp", "DeviceId", "EventId", "Parameter"]
    first = table.slice(1, 1).to_pylist()[0]
    assert first.pop("TimeStamp").isoformat() == "2026-01-05T00:00:30"
    assert first == {"DeviceId": "J", "EventId": 5, "Parameter": 2}
