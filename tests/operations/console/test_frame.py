"""What is sent to a map: a whole frame once, then only what changed."""

from __future__ import annotations

from samples_console import edges, emergency, incident, junction_state, snapshot

from citybrain.operations.console.frame import difference, make_frame, whole
from citybrain.operations.console.headline import clock, make_headline, span
from citybrain.operations.messages import Alarm, Health


def test_nothing_changed_sends_nothing() -> None:
    frame = make_frame(snapshot())
    assert difference(frame, make_frame(snapshot(tick=2, time_s=25_201.0))) == {}


def test_only_what_changed_is_sent() -> None:
    old = make_frame(snapshot())
    new = make_frame(snapshot(edges=edges(0, 0, 1, 3, 3, -1)))
    assert difference(old, new) == {"edges": [(3, 3)]}
    locked = make_frame(snapshot(junctions=(junction_state(lamps="rG", locked=True, sensors="dead", alarms=2),)))
    assert difference(old, locked) == {"junctions": [(0, "rG", 4, "adaptive", "LAD")]}


def test_a_vehicle_more_is_no_news() -> None:
    old = make_frame(snapshot(junctions=(junction_state(queue_veh=4.0),)))
    assert difference(old, make_frame(snapshot(junctions=(junction_state(queue_veh=4.4),)))) == {}
    assert difference(old, make_frame(snapshot(junctions=(junction_state(queue_veh=6.0),)))) != {}


def test_first_frame_and_another_run_are_sent_whole() -> None:
    frame = make_frame(snapshot())
    assert difference(None, frame) == whole(frame)
    assert whole(frame)["edges"] == [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, -1)]
    assert difference(frame, make_frame(snapshot(run_id="another")))["whole"] is True


def test_incidents_and_calls_are_shown_while_they_last() -> None:
    message = difference(
        make_frame(snapshot()),
        make_frame(snapshot(emergencies=(emergency(),), incidents=(incident(), incident(id="x", state="dismissed")))),
    )
    assert [i["id"] for i in message["incidents"]] == ["incident-1"]
    assert message["incidents"][0]["confidence"] == 0.82
    assert message["emergencies"][0]["held"] == ("J",)
    gone = difference(make_frame(snapshot(emergencies=(emergency(),))), make_frame(snapshot()))
    assert gone == {"emergencies": ()}


def test_shares_are_of_links_that_are_seen_and_add_up() -> None:
    headline = make_headline(snapshot(edges=edges(0, 0, 1, 2, 3, -1)))
    assert (headline.flowing_pct, headline.slow_pct, headline.congested_pct, headline.unseen) == (40, 20, 40, 1)
    for numbers in ((0, 1, 2), (0, 0, 0, 1, 1, 2, 3), (1, 1, 3)):
        h = make_headline(snapshot(edges=edges(*numbers)))
        assert h.flowing_pct + h.slow_pct + h.congested_pct == 100


def alarm(severity: str, cleared_s: float | None = None) -> Alarm:
    return Alarm(
        id=severity, kind="late", severity=severity, where="", text="late", since_s=0.0, when="", cleared_s=cleared_s
    )  # type: ignore[arg-type]


def test_the_state_is_the_worst_that_holds() -> None:
    free = edges(0, 0, 0, 0)
    assert make_headline(snapshot(edges=free)).state == "normal"
    assert make_headline(snapshot(edges=edges(*[0] * 9, 3))).state == "busy"
    assert make_headline(snapshot(edges=edges(0, 0, 0, 3))).state == "congested"
    assert make_headline(snapshot(edges=free, level="plan", levels={"plan": 1})).state == "degraded"
    assert make_headline(snapshot(edges=free, alarms=(alarm("critical"),))).state == "alert"
    assert make_headline(snapshot(edges=free, alarms=(alarm("critical", cleared_s=3.0),))).state == "normal"
    assert make_headline(snapshot(alarms=(alarm("critical"),), stale_s=9.0)).state == "lost"


def test_a_late_tick_shows() -> None:
    assert not make_headline(snapshot()).late
    assert make_headline(snapshot(health=Health(tick_last_ms=1200.0, deadline_ms=1000.0))).late


def test_clocks() -> None:
    assert clock(25_200.9) == "07:00:00"
    assert clock(90_061) == "25:01:01"
    assert span(61.2) == "1:01"
    assert span(-3) == "0:00"
    assert span(3661) == "1:01:01"
