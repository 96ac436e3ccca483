"""The figures of a study, on twins made by hand; the report that shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from citybrain.detection.onboard import Call
from citybrain.evaluation.emergency.emergency_results import EmergencyResults
from citybrain.evaluation.emergency.losses import Losses, added_waits_s
from citybrain.evaluation.emergency.measures import OWN_WAY, Batch, measure, measure_load, trip_rows
from citybrain.evaluation.emergency.report import headline, write_report
from citybrain.evaluation.emergency.time_space import signal_bars
from citybrain.evaluation.emergency.twin import TwinRecord
from citybrain.evaluation.emergency.watched import Driven
from citybrain.messages import Event
from citybrain.network.synthetic import grid_network

NETWORK = grid_network(1, 1)
IN = next(e.id for e in NETWORK.edges if e.id.startswith("west-0"))
OUT = next(e.id for e in NETWORK.edges if e.to_node.startswith("east-0"))
CALLS = tuple(
    Call(
        vehicle_id=f"ev{k}",
        role="ambulance",
        announced_s=0.0,
        depart_s=60.0,
        origin=IN,
        from_m=0.0,
        destination=OUT,
        to_m=9.0,
    )
    for k in range(2)
)


def losses(ended_s, delays, waits):
    """Two vehicles on the road at 240 s and at the end."""
    half = np.array([0, 1], dtype=np.int32), np.array([40, 50], dtype=np.float32), np.array([1, 1], dtype=np.float32)
    return Losses(
        names=("a", "b"), wish_s=np.zeros(2), inserted_s=np.zeros(2), arrived_s=np.full(2, np.inf), delay_s=np.array(delays),
        waiting_s=np.array(waits), before_s=30.0, ended_s=ended_s, marks={240.0: half},
    )  # fmt: skip


def twin(times_s, *, ended_s=500.0, others=None, waits=None, cycles=(), lamp="G", teleported=False):
    driven = {}
    for call, travel_s in zip(CALLS, times_s, strict=True):
        one = Driven(call, arrived_s=None if travel_s is None else 60.0 + travel_s, teleported=teleported)
        one.time_s, one.distance_m = [60.0, 90.0, 120.0], [0.0, 290.0, 600.0]
        one.edges = [(IN, 0.0, 60.0), (OUT, 320.0, 92.0)]
        one.crossed = [(0, IN, 300.0, 91.0, lamp)]
        driven[call.vehicle_id] = one
    return TwinRecord(
        driven=driven, begin_s=0.0, ended_s=ended_s, losses=losses(ended_s, others or (60.0, 70.0), waits or (5.0, 5.0)), lamps={0: [(0.0, NETWORK.junctions[0].program[3].state),
        (80.0, NETWORK.junctions[0].program[0].state)]}, refusals=0, wall_s=1.0,
        events=tuple(Event(time_s=1.0, kind="priority-recovered", data={"cycles": c}) for c in cycles),
    )  # fmt: skip


def batch(**twins):
    return Batch(index=0, at_once=2, calls=CALLS, twins=twins)


WHOLE = batch(
    baseline=twin((200.0, 100.0)),
    priority=twin((110.0, 80.0), others=(62.0, 70.0), waits=(9.0, 5.0), cycles=(0.2, 1.4)),
    ceiling=twin((100.0, 60.0)),
    siren=twin((150.0, 100.0)),
    placebo=twin((210.0, 90.0), others=(61.0, 70.0)),
)


def test_the_published_figures():
    e = measure([WHOLE])
    assert e.travel_time_saved_pct == pytest.approx(100 * 110 / 300, abs=0.01)
    assert e.ceiling_pct == pytest.approx(100 * 140 / 300, abs=0.01)
    assert e.removable_delay_closed_pct == pytest.approx(100 * 110 / 140, abs=0.01)
    assert e.p95_over_free_flow == pytest.approx(1.1 + 0.95 * (80 / 60 - 1.1), abs=0.001)
    assert e.others_delay_pct == pytest.approx(2.0)
    assert e.max_added_wait_s == pytest.approx(4.0, abs=0.1)
    assert (e.recovery_cycles, e.stuck, e.red_crossings, e.trips) == (1.4, 0, 0, 2)


def test_the_keys_are_the_agreed_ones():
    assert set(measure([WHOLE]).model_dump()) == {
        "travel_time_saved_pct", "ceiling_pct", "removable_delay_closed_pct", "p95_over_free_flow", "others_delay_pct",
        "max_added_wait_s", "recovery_cycles", "stuck", "red_crossings", "trips",
    }  # fmt: skip


def test_what_is_behind_them():
    load = measure_load(2, [WHOLE])
    assert load.saved_against_siren_pct == pytest.approx(100 * 60 / 250, abs=0.01)
    assert load.placebo_others_delay_pct == pytest.approx(1.0)
    assert load.others_delay_s_per_call == pytest.approx(1.0)
    assert load.others_wait_p99_s == pytest.approx(5.0 + 0.99 * 4.0, abs=0.1)
    assert load.baseline_wait_p99_s == pytest.approx(5.0)


def test_the_ceiling_of_a_call_is_the_faster_of_its_two_ways():
    ceiling = twin((100.0, None))
    for name, travel_s in (("ev0", 90.0), ("ev1", 55.0)):
        ceiling.driven[name + OWN_WAY] = Driven(CALLS[0], arrived_s=60.0 + travel_s)
    free = batch(baseline=twin((200.0, 100.0)), priority=twin((110.0, 80.0)), ceiling=ceiling)
    assert [row.ceiling_s for row in trip_rows(free)] == [90.0, 55.0]
    ceiling.driven["ev0" + OWN_WAY] = Driven(CALLS[0], arrived_s=460.0)
    assert [row.ceiling_s for row in trip_rows(free)] == [100.0, 55.0]


def test_who_does_not_arrive_is_stuck_and_red_is_counted():
    bad = batch(baseline=twin((200.0, 100.0)), priority=twin((None, 80.0), lamp="r"), ceiling=twin((100.0, 60.0)))
    e = measure([bad])
    assert (e.stuck, e.red_crossings, e.trips) == (1, 2, 2)
    assert e.travel_time_saved_pct == pytest.approx(20.0)
    assert trip_rows(batch(baseline=twin((1.0, 2.0), teleported=True)))[0].baseline_s is None


def test_twins_are_compared_where_both_have_got_to():
    uneven = batch(
        baseline=twin((200.0, 100.0)), priority=twin((110.0, 80.0), ended_s=700.0), ceiling=twin((100.0, 60.0))
    )
    assert measure([uneven]).others_delay_pct == 0.0  # at 240 s they had lost the same
    assert measure_load(2, [uneven]).window_s == 240.0


def test_chance_is_looked_at_no_later_than_priority():
    sooner = batch(
        baseline=twin((200.0, 100.0)),
        priority=twin((110.0, 80.0), ended_s=300.0),
        placebo=twin((210.0, 90.0), others=(90.0, 90.0)),
        ceiling=twin((100.0, 60.0)),
    )
    assert (sooner.common_s("priority"), sooner.common_s("placebo")) == (240.0, 240.0)
    assert measure_load(2, [sooner]).placebo_others_delay_pct == 0.0  # at 500 s it would be 100 * 50 / 100
    assert WHOLE.common_s("placebo") == 500.0


def test_lamps_of_a_call_are_green_where_its_movement_is():
    [bar] = signal_bars(WHOLE.twins["priority"], "ev0", NETWORK, until_s=100.0)
    assert bar.at_m == 300.0
    assert [span[2] for span in bar.spans] in ([True, False], [False, True])
    ended = replace(WHOLE.twins["priority"], ended_s=110.0)
    assert signal_bars(ended, "ev0", NETWORK, until_s=100.0)[0].spans[-1][1] == 50.0  # nobody knows what came after


def test_the_report_says_it(tmp_path):
    results = EmergencyResults(
        scenario="test", sumo_version="1", citybrain_version="1", begin_s=0, end_s=500, policy="fixed-time",
        sensors="camera", junctions=1, emergency=measure([WHOLE]), loads=(measure_load(2, [WHOLE]),),
        calls=tuple(trip_rows(WHOLE)), failures=("batch 1, siren: died <here>",),
    )  # fmt: skip
    results.write(tmp_path / "results.json")
    assert EmergencyResults.read(tmp_path / "results.json") == results
    write_report(tmp_path / "report.html", results, [WHOLE], NETWORK)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "save 36.7" in text
    assert "at a time together" not in text
    both = results.model_copy(update={"loads": results.loads * 2})
    assert ", 2 and 2 at a time together;" in headline(both)  # the sentence says what it mixes
    assert "died &lt;here&gt;" in text
    assert text.count("<svg") == 5
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_losses_at_a_moment_come_from_what_was_known_then():
    """One arrived before, one was on the road, one waited to get in, one had not wished to depart."""
    log = Losses(
        names=("gone", "here", "late", "future"), wish_s=np.array([0.0, 0.0, 50.0, 70.0]),
        inserted_s=np.array([0.0, 10.0, 80.0, 75.0]), arrived_s=np.array([40.0, np.inf, np.inf, np.inf]),
        delay_s=np.array([3.0, 30.0, 33.0, 9.0]), waiting_s=np.array([1.0, 20.0, 2.0, 3.0]), before_s=2.0, ended_s=120.0,
        marks={60.0: (np.array([1]), np.array([12.0]), np.array([4.0]))},
    )  # fmt: skip
    delay_s, waiting_s = log.at(60.0)
    assert delay_s[:3].tolist() == [3.0, 12.0, 10.0]
    assert waiting_s[:3].tolist() == [1.0, 4.0, 0.0]
    assert np.isnan(delay_s[3])
    assert log.grown_s(60.0) == pytest.approx(23.0)
    assert log.grown_s(120.0) == pytest.approx(73.0)
    assert added_waits_s(log, log, 60.0).tolist() == [0.0, 0.0, 0.0]
