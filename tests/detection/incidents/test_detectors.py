"""The detectors on signs made by hand: what must and must not raise an alarm."""

from __future__ import annotations

import numpy as np
import pytest
from builders import one_junction

from citybrain.detection.incidents import LinkSigns, Signs, Tracker, detectors
from citybrain.errors import InputError

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], length_m=200.0)
LINKS = LinkSigns(NETWORK)
N = len(LINKS.lane)
HERE = int(np.flatnonzero(LINKS.lane == NETWORK.lane_index("in-0_0"))[0])
LINK = int(LINKS.link_of[HERE])


def signs(
    t, *, stop_on=False, gate_on=False, out=0.0, came=0.0, green=0.0, seen=False, stuck_s=0.0, full=False, ok=True
):
    def at(value, default, kind=np.float64):
        row = np.full(N, default, kind)
        row[HERE] = value
        return row

    arrived = np.zeros(len(LINKS.edge))
    arrived[LINK] = came
    return Signs(
        time_s=float(t), dt_s=1.0, resumed=False, stop_on=at(stop_on, False, np.bool_), gate_on=at(gate_on, False, np.bool_),
        stop_count=at(out, 0.0), gate_count=at(np.nan if seen else came, np.nan if seen else 0.0),
        has_gate=np.ones(N, np.bool_), entry_on=np.zeros(N, np.bool_), entry_count=np.full(N, np.nan), stop_ok=np.ones(N, np.bool_), gate_ok=at(ok, True, np.bool_),
        stuck_s=at(stuck_s, 0.0), stuck_at_m=at(70.0 if stuck_s else np.nan, np.nan),
        crawling=np.zeros(N), driving=np.zeros(N), seen=np.full(N, seen), green=at(green, 0.0), exit_full=at(full, False, np.bool_),
        arrived=arrived, passed=np.zeros(len(NETWORK.movements)),
        entered=np.zeros(len(NETWORK.edges)), has_entry=np.zeros(len(NETWORK.edges), np.bool_),
    )  # fmt: skip


def cycle(t):
    """A queue of ten on red, discharged on green: 60 s, 30 s of green."""
    s = t % 60
    if s < 30:  # red, the queue reaches the gate after 20 s
        return {"green": 0.0, "stop_on": s > 3, "gate_on": s > 20 or s % 5 == 0, "came": float(s % 5 == 0 and s <= 20)}
    g = s - 30
    return {
        "green": 1.0, "stop_on": g < 22 and g % 2 == 0, "gate_on": g < 11 or g % 6 == 0,
        "out": float(g > 1 and g % 2 == 1 and g < 22), "came": float(g >= 11 and g % 6 == 0),
    }  # fmt: skip


def highest(kind, rows):
    detector = detectors()[kind](NETWORK, LINKS)
    return max(float(detector.update(row)[LINK]) for row in rows)


def test_a_queue_on_red_is_no_incident():
    assert highest("discharge", [signs(t, **cycle(t)) for t in range(1800)]) < 7.0


def test_who_stands_with_a_free_road_ahead_is_one():
    usual = [signs(t, **cycle(t)) for t in range(600)]
    blocked = [signs(600 + t, gate_on=True, green=float(t % 60 > 30)) for t in range(60)]
    assert highest("discharge", usual + blocked) >= 7.0


def test_green_that_lets_nobody_go_is_one():
    usual = [signs(t, **cycle(t)) for t in range(600)]
    stuck = [signs(600 + t, stop_on=True, gate_on=True, green=float(t % 60 >= 30)) for t in range(120)]
    assert highest("discharge", usual + stuck) >= 7.0


def test_a_full_exit_is_not():
    usual = [signs(t, **cycle(t)) for t in range(600)]
    stuck = [signs(600 + t, stop_on=True, gate_on=True, green=float(t % 60 >= 30), full=True) for t in range(120)]
    assert highest("discharge", usual + stuck) < 7.0


def test_inflow_that_ends_is_one():
    usual = [signs(t, **cycle(t)) for t in range(1200)]
    assert highest("discharge", usual + [signs(1200 + t, green=float(t % 60 >= 30)) for t in range(180)]) >= 7.0


def test_who_comes_in_and_does_not_reach_the_stop_line_is_missed():
    def row(t):
        return signs(
            t, green=1.0, came=float(t % 20 == 0), stop_on=t < 1200 and t % 20 == 6, out=float(t < 1200 and t % 20 == 7)
        )

    detector = detectors()["discharge"](NETWORK, LINKS)
    scores = np.array([(detector.update(row(t)), detector.by_test()["inside"][LINK])[1] for t in range(1400)])
    assert scores[:1200].max() < 3.0
    assert scores.max() >= 7.0


def test_a_camera_sees_who_stands_alone_and_when_that_ends():
    detector = detectors()["discharge"](NETWORK, LINKS)
    tracker = Tracker(NETWORK, LINKS, detector.threshold)
    for t in range(120):
        row = signs(t, seen=True, stuck_s=max(t - 20.0, 0.0) if t < 60 else 0.0)
        tracker.update(float(t), detector.update(row), detector.lane_scores, detector.distance_m)
    (report,) = tracker.reports
    assert report.edge == "in-0"
    assert report.lanes == (0,)
    assert report.distance_m == pytest.approx(70.0)
    assert 25 <= report.alarm_s <= 35
    assert 60 < report.end_s < 100
    assert 0.5 <= report.confidence <= 1.0


def test_a_loop_that_never_changes_is_not_believed():
    assert highest("discharge", [signs(t, gate_on=True, green=float(t % 60 >= 30)) for t in range(600)]) < 7.0


def test_loops_that_are_known_to_fail_raise_no_alarm():
    usual = [signs(t, **cycle(t)) for t in range(1200)]
    dies = [signs(1200 + t, **cycle(t) | {"gate_on": False, "came": 0.0}, ok=t < 20) for t in range(600)]
    stays = [signs(1200 + t, **cycle(t) | {"gate_on": True, "came": 0.0}, ok=t < 5) for t in range(600)]
    assert highest("discharge", usual + dies) < 7.0
    assert highest("discharge", usual + stays) < 7.0


@pytest.mark.parametrize("kind", list(detectors()))
def test_free_flow_raises_no_alarm(kind):
    detector = detectors()[kind](NETWORK, LINKS)
    rows = [signs(t, gate_on=t % 12 == 0, came=float(t % 12 == 0), stop_on=t % 12 == 5, out=float(t % 12 == 5), green=1.0)
            for t in range(1800)]  # fmt: skip
    assert max(float(detector.update(row)[LINK]) for row in rows) < detector.threshold


@pytest.mark.parametrize("kind", ["california-7", "snd", "exponential-smoothing"])
def test_peers_find_a_jump_of_occupancy(kind):
    usual = [signs(t, gate_on=t % 9 == 0, stop_on=t % 7 == 0) for t in range(1200)]
    jump = [signs(1200 + t, gate_on=True) for t in range(240)]
    assert highest(kind, usual + jump) >= detectors()[kind](NETWORK, LINKS).threshold


def test_third_parties_detectors_join_the_comparison(tmp_path, monkeypatch):
    (tmp_path / "watcher.py").write_text("def make(network, links):\n    return ('mine', links)\n", encoding="utf-8")
    info = tmp_path / "watcher-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: watcher\nVersion: 1.0\n", encoding="utf-8")
    points = info / "entry_points.txt"
    points.write_text("[citybrain.detectors]\nmine = watcher:make\nsnd = watcher:make\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    ours = detectors()
    detectors.cache_clear()
    try:
        assert list(detectors()) == [*ours, "mine"]  # ours are not replaced
        assert detectors()["mine"](NETWORK, LINKS) == ("mine", LINKS)
        assert detectors()["snd"] is ours["snd"]
        detectors.cache_clear()
        points.write_text("[citybrain.detectors]\ngone = nowhere:make\n", encoding="utf-8")
        with pytest.raises(InputError, match=r"detector 'gone' \(nowhere:make\) cannot be loaded"):
            detectors()
    finally:
        detectors.cache_clear()
