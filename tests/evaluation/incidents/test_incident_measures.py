from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from citybrain.demand.incidents import IncidentSpec
from citybrain.evaluation.incidents.lookout import LampView
from citybrain.evaluation.incidents.measures import alarms_of, curve, match, neighbours, score, truths
from citybrain.evaluation.incidents.recording import Recorded
from citybrain.evaluation.incidents.watch import Watched
from citybrain.network.synthetic import grid_network

GRID = grid_network(3, 3)
KEY = ("loops", "discharge")
EDGE = GRID.edge_index("0-0>0-1")
LINKS = np.array([EDGE, GRID.edge_index("0-1>0-2"), GRID.edge_index("2-1>2-2")])
TIME_S = np.arange(0.0, 3600.0, 5.0)
INCIDENT = IncidentSpec(kind="crash", edge="0-0>0-1", lanes=(0,), position_m=50, onset_s=1500, duration_s=600)


def watched(scores, *, happened_s=1520.0, vehicles=0):
    on_edge = np.zeros((len(TIME_S), len(GRID.edges)), np.int16)
    on_edge[:, EDGE] = vehicles
    recorded = Recorded(
        folder=Path("run"), network="grid", scenario="grid", window_s=(0, 3600), net_file=Path("grid"),
        additional_files=(), seed=1, policy="fixed-time",
        incidents=((INCIDENT, happened_s),) if happened_s is not None else (), time_s=TIME_S, edge_vehicles=on_edge,
        waiting=np.zeros(len(TIME_S), np.int32),
    )  # fmt: skip
    return Watched(
        recorded=recorded, time_s=TIME_S, scores={KEY: scores}, link_edge=LINKS, reports={KEY: []},
        detect_s={"loops": 0.0},
    )  # fmt: skip


def labelled(hit, clean):
    return truths(GRID, hit.recorded, clean.recorded)


def scores(*peaks):
    rows = np.zeros((len(TIME_S), 3), np.float32)
    for link, begin_s, end_s, value in peaks:
        rows[(begin_s <= TIME_S) & (end_s > TIME_S), link] = value
    return rows


def judged(hit, clean, threshold=5.0, *, vehicles=20):
    pair = (watched(hit, vehicles=vehicles), watched(clean, happened_s=None, vehicles=2))
    return score([(pair[0], labelled(*pair))], [pair[1]], KEY, threshold), pair


def test_one_alarm_on_the_very_link():
    found, _ = judged(scores((0, 1580, 2000, 8.0)), scores())
    assert (found.detected, found.false_alarms, found.right_link) == (1, 0, 1)
    assert found.mttd_s == pytest.approx(60.0)
    assert (found.rate_pct, found.affecting_pct, found.precision_pct, found.false_per_day) == (100, 100, 100, 0)


def test_repeats_count_once_and_neighbours_match():
    found, _ = judged(scores((1, 1600, 1650, 8.0), (0, 1900, 1950, 8.0)), scores())
    assert (found.detected, found.alarms, found.right_link) == (1, 1, 0)


def test_far_early_and_late_alarms_are_false():
    found, _ = judged(scores((2, 1600, 1650, 8.0), (0, 1400, 1450, 8.0), (0, 2300, 2350, 8.0)), scores())
    assert (found.detected, found.false_alarms, found.precision_pct) == (0, 3, 0)
    assert found.mttd_s is None


def test_false_alarms_a_day_come_from_clean_hours():
    found, _ = judged(scores(), scores((0, 1000, 1100, 6.0), (2, 2000, 2100, 6.0)))
    assert found.clean_false_alarms == 2
    assert found.false_per_day == pytest.approx(2 * 86400 / (3595 - 600))


def test_the_first_ten_minutes_do_not_count():
    assert alarms_of(scores((0, 0, 300, 9.0)), TIME_S, LINKS, 5.0) == []


def test_an_alarm_that_dips_is_one_alarm():
    rows = scores((0, 1000, 1050, 9.0), (0, 1100, 1150, 9.0), (0, 1400, 1450, 9.0))
    assert [a.time_s for a in alarms_of(rows, TIME_S, LINKS, 5.0)] == [1000.0, 1400.0]


def test_the_label_is_by_the_paired_run():
    _, pair = judged(scores(), scores(), vehicles=20)
    (truth,) = labelled(*pair)
    assert truth.affects
    inside = (TIME_S >= 1520) & (TIME_S <= 2220)
    assert truth.extra_vehicle_s == pytest.approx(
        18 * 5 * inside.sum() - (2100 - 1520)
    )  # without the one that blocks the lane
    _, pair = judged(scores(), scores(), vehicles=2)
    assert not labelled(*pair)[0].affects


def test_what_never_happened_is_no_incident():
    pair = (watched(scores(), happened_s=None), watched(scores(), happened_s=None))
    assert labelled(*pair) == []


def test_neighbours_touch():
    near = {GRID.edges[i].id for i in neighbours(GRID, EDGE)}
    assert {"0-0>0-1", "0-1>0-0", "0-1>0-2", "1-0>0-0"} <= near
    assert "2-1>2-2" not in near


def test_a_higher_threshold_never_finds_more():
    pair = (
        watched(scores((0, 1580, 2000, 8.0), (2, 900, 950, 3.0))),
        watched(scores((1, 900, 950, 4.0)), happened_s=None),
    )
    points = curve([(pair[0], labelled(*pair))], [pair[1]], KEY, 3.5)
    assert 3.5 in [pytest.approx(p.threshold) for p in points]
    assert [p.detected for p in points] == sorted((p.detected for p in points), reverse=True)
    assert [p.false_per_day for p in points] == sorted((p.false_per_day for p in points), reverse=True)


def test_match_takes_the_first():
    pair = (watched(scores()), watched(scores(), happened_s=None))
    truth = labelled(*pair)
    alarms = alarms_of(scores((1, 1700, 1750, 9.0), (0, 1600, 1650, 9.0)), TIME_S, LINKS, 5.0)
    first, false = match(truth, alarms)
    assert (first[0].time_s, false) == (1600.0, 0)


def test_lamps_tell_the_stage():
    lamps = LampView(GRID)
    dark = ["?" * j.n_links for j in GRID.junctions]
    green = [j.stages[1].state for j in GRID.junctions]
    view = lamps.view(green, 1000)
    assert (view.stage == 1).all()
    assert not view.switching.any()
    view = lamps.view(dark, 4000)
    assert view.switching.all()
    assert (view.stage == 1).all()
    assert (lamps.view(dark, 6000).elapsed_s == 2.0).all()
