"""A room from the first tick to the last: who may do what, what it does, and that it comes out the same again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cases import build_case
from rooms import WatchedRoom

from citybrain.demand.scenario import open_scenario
from citybrain.detection.tokens import signed
from citybrain.evaluation.performance import measures
from citybrain.evaluation.performance.report import write_report
from citybrain.messages import PriorityRequest
from citybrain.network import read_network
from citybrain.operations.performance import performance_of
from citybrain.operations.record.database import open_database
from citybrain.operations.record.reader import check_chain, read_run
from citybrain.signals.plan import Plan
from citybrain.signals.retiming.files import toml_text

pytestmark = [pytest.mark.sumo, pytest.mark.alone]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    return build_case(tmp_path_factory.mktemp("room-case"), end_s=1800).config


def night_plan(scenario, folder):
    opened = open_scenario(str(scenario))
    network = read_network(opened.net_file)
    stages = tuple(stage.index for stage in network.junctions[network.junction_index("B")].stages)
    plan = Plan(junction_id="B", stages=stages, greens_s=tuple(12.0 for _ in stages), offset_s=3.0)
    path = folder / "plans.toml"
    path.write_text(toml_text(network, opened.rules, {"night": {"B": plan}}, source="a test"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def room(scenario, tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    made = WatchedRoom(folder, scenario, drill=True, plans=night_plan(scenario, folder))
    yield made
    made.room.close()


CHANGES = [
    ("/api/actions", {"kind": "flash", "junction": "A", "reason": "a test"}),
    ("/api/actions", {"kind": "close_road", "edge": "AB", "reason": "a test"}),
    ("/api/actions/x/undo", {"reason": "a test"}),
    ("/api/what-ifs", {"actions": [{"kind": "flash", "junction": "A", "reason": "a test"}]}),
    ("/api/faults", {"sensors": ["A"]}),
    ("/api/heartbeat", {"console": "c"}),
    ("/api/emergency", {
        "request_id": "r", "sequence": 1, "vehicle_id": "v", "role": "fire", "time_s": 1, "expires_s": 9, "x_m": 0,
        "y_m": 0, "speed_mps": 0, "inbound": "wA", "destination": "Be",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), CHANGES)
def test_without_a_token_nothing_changes_anything(room, path, body):
    assert room.client[None].post(path, json=body).status_code == 401
    wrong = room.client[None].post(path, json=body, headers={"authorization": "Bearer cb_wrong"})
    assert wrong.status_code == 401
    assert room.room.actions() == ()


@pytest.mark.parametrize("kind", ["lock_stage", "force_plan", "isolate", "flash", "hurry_call", "close_road"])
@pytest.mark.parametrize("role", ["viewer", "dispatcher"])
def test_who_may_not_act_cannot(room, role, kind):
    body = {"junction": "A", "stage": 0} if kind != "close_road" else {"edge": "AB"}
    assert f"may not {kind.replace('_', ' ')}" in room.act(role, 403, kind=kind, **body)["detail"]
    assert room.act("viewer", 403, kind="emergency_corridor", origin="wA", destination="Be")


def test_looking_is_open_here_and_tells_all(room):
    look = room.client[None]
    state = look.get("/api/state").json()
    assert [j["id"] for j in state["junctions"]] == ["A", "B"]
    assert state["health"]["simulator"] == state["health"]["database"] == "ok"
    geometry = look.get("/api/geometry").json()
    assert len(geometry["edges"]) == len(state["edges"]["congestion"])
    detail = look.get("/api/junctions/A").json()
    assert detail["stages"][0]["movements"]
    assert detail["plans"][0]["id"] == "own"
    for path in ("health", "plans", "incidents", "alarms", "actions", "audit?limit=5"):
        assert look.get(f"/api/{path}").status_code == 200, path
    for path in ("junctions/X", "corridors/x", "what-ifs/x"):
        assert look.get(f"/api/{path}").status_code == 404, path
    metrics = look.get("/metrics").text
    assert "citybrain_up 1.0" in metrics
    assert 'citybrain_junctions{level="adaptive"} 2.0' in metrics
    page = look.get("/docs").text
    assert "http" not in page.replace("<!doctype html>", ""), "the page must work offline"
    assert look.get("/openapi.json").json()["info"]["title"] == "citybrain"


@pytest.mark.parametrize(
    ("request_", "status", "complaint"),
    [
        ({"kind": "lock_stage", "junction": "A"}, 422, "needs stage"),
        ({"kind": "lock_stage", "junction": "A", "stage": 9}, 422, "has no stage 9"),
        ({"kind": "lock_stage", "junction": "Q", "stage": 0}, 404, "no junction 'Q'"),
        ({"kind": "lock_stage", "junction": "*", "stage": 0}, 422, "needs one junction, not all"),
        ({"kind": "force_plan", "junction": "A", "plan": "night"}, 404, "no plan of junction A 'night'"),
        ({"kind": "close_road", "edge": "nowhere"}, 404, "no road 'nowhere'"),
        ({"kind": "accept_incident", "incident": "incident-99"}, 404, "no incident"),
        ({"kind": "emergency_corridor", "origin": "wA", "destination": "wA"}, 422, "both"),
        ({"kind": "flash", "junction": "A", "reason": ""}, 422, "reason"),
        ({"kind": "flash", "junction": "A", "limit_s": 1e9}, 422, "limit_s"),
        ({"kind": "explode", "junction": "A"}, 422, "kind"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(room, request_, status, complaint):
    assert complaint in json.dumps(room.act(status=status, **request_))


def test_a_stage_is_locked_and_undone_and_both_are_in_the_audit(room):
    entry = room.act(kind="lock_stage", junction="A", stage=1)
    assert (entry["who"], entry["why"], entry["new"]["stage"]) == ("a operator", "a test", 1)
    assert entry["old"]["level"] == "adaptive"
    room.wait(lambda: 0 in room.last.actions and room.last.stage[0] == 1 and not room.last.switching[0], 15, "the locked stage")
    assert room.room.snapshot().junctions[0].locked
    action = entry["action_id"]
    assert [a["id"] for a in room.client[None].get("/api/actions").json()] == [action]
    undone = room.client["operator"].post(f"/api/actions/{action}/undo", json={"reason": "the test is over"})
    assert undone.json()["kind"] == "undo"
    room.wait(lambda: 0 not in room.last.actions, 10, "the end of the lock")
    assert room.client["operator"].post(f"/api/actions/{action}/undo", json={"reason": "again"}).status_code == 404
    kinds = [row["kind"] for row in room.client[None].get("/api/audit").json()]
    assert {"undo", "lock_stage", "start"} <= set(kinds)


def test_flash_plan_and_isolation_hold_as_long_as_they_may(room):
    room.act(kind="flash", junction="A", limit_s=40)
    room.act(kind="force_plan", junction="B", limit_s=30, plan="night")
    room.wait(lambda: room.last.flashing[0] and room.last.level.tolist() == [3, 1], 10, "flash and plan")
    plans = {plan["id"]: plan["in_force"] for plan in room.client[None].get("/api/junctions/B").json()["plans"]}
    assert plans == {"own": False, "night": True}
    room.wait(lambda: set(room.room.picture.history.lamps[0]) == {"o"}, 15, "flashing lamps")
    state = room.room.snapshot().junctions[0]
    assert (state.stage, state.level, state.locked) == (-1, "flash", True)
    room.wait(lambda: not room.last.actions, 20, "their end")
    assert "its time was over" in [row["why"] for row in room.client[None].get("/api/audit?kind=expire").json()]
    room.wait(lambda: room.last.level.tolist() == [0, 0] and not room.last.flashing.any(), 10, "the policy")
    room.act(kind="isolate", junction="*", limit_s=20)
    room.wait(lambda: room.last.level.tolist() == [2, 2], 10, "isolation")
    hurry = room.act(kind="hurry_call", junction="B", stage=1, limit_s=300)["action_id"]
    room.wait(lambda: any(m.ended and m.ended[0][0] == hurry for m in room.ticks), 25, "the hurry call to be served")


def test_an_emergency_corridor_is_started_and_seen(room):
    room.act("dispatcher", kind="emergency_corridor", origin="wA", destination="Be", vehicle="engine 7", limit_s=600)
    assert "on a call already" in room.act(
        "dispatcher", 409, kind="emergency_corridor", origin="wA", destination="Be", vehicle="engine 7"
    )["detail"]  # fmt: skip
    room.wait(lambda: room.last.calls, 15, "the call")
    seen = room.room.snapshot().emergencies[0]
    assert (seen.vehicle_id, seen.role, seen.corridor[-1:]) == ("engine 7", "ambulance", ("B",))
    room.wait(lambda: any(m.calls and m.calls[0].held for m in room.ticks), 20, "a junction held for it")
    room.wait(lambda: not room.last.calls, 40, "its arrival")
    whys = [row["why"] for row in room.client[None].get("/api/audit?kind=emergency").json()]
    assert "priority granted" in whys


def test_a_signed_request_is_answered_and_a_forged_one_is_refused(room):
    now_s = room.last.time_ms / 1000
    request = PriorityRequest(
        request_id="call-1", sequence=1, vehicle_id="medic 3", role="ambulance", time_s=now_s, expires_s=now_s + 60,
        x_m=-150.0, y_m=0.0, speed_mps=0.0, inbound="wA", destination="Be",
    )  # fmt: skip
    fields = {name: getattr(request, name) for name in PriorityRequest.__slots__}
    key = Path(room.files.key).read_bytes().strip()
    forged = room.client["dispatcher"].post("/api/emergency", json=fields).json()
    assert (forged["status"], forged["reason"][:6]) == ("rejected", "forged")
    genuine = room.client["dispatcher"].post("/api/emergency", json={**fields, "token": signed(request, key).token}).json()
    assert genuine["status"] in ("processing", "granted")
    assert genuine["route"] == ["wA", "AB", "Be"]


def test_a_road_is_closed_and_opened_again(room):
    room.act(kind="close_road", edge="AB", limit_s=20)
    room.wait(lambda: room.last.closed == ("AB",), 10, "the closure")
    assert room.room.snapshot().closed == ("AB",)
    room.wait(lambda: room.last.closed == (), 10, "its end")


def test_events_come_as_they_happen(room):
    kinds = []
    with room.client[None].stream("GET", "/api/events?most=4") as stream:
        kinds = [line.split(": ")[1] for line in stream.iter_lines() if line.startswith("event")]
    assert len(kinds) == 4
    assert "snapshot" in kinds


def test_a_what_if_runs_on_a_copy(room):
    asked = {"actions": [{"kind": "flash", "junction": "A", "reason": "what if"}], "horizon_s": 60}
    begun = room.client["operator"].post("/api/what-ifs", json=asked)
    assert begun.status_code == 202, begun.text
    name = begun.json()["id"]
    room.wait(lambda: room.room.what_if_answer(name).state != "running", 60, "the answer")
    answer = room.room.what_if_answer(name)
    assert answer.error == ""
    assert answer.delay_s is not None
    assert answer.delay_s != answer.delay_without_s
    assert room.last.level.tolist() == [0, 0]  # the city itself knows nothing of it


def test_nothing_was_against_the_rules_and_the_run_comes_out_the_same_bit_for_bit(room):
    """The last test of this room: it ends it."""
    room.room.close()
    assert room.room.supervisor.state == "stopped"
    assert room.violations() == []
    database = room.files.database
    engine = open_database(database)
    run, (entries, wrong) = read_run(engine), check_chain(engine)
    engine.dispose()
    assert run.ended
    assert len(run.digests) == room.last.tick
    assert wrong is None
    assert entries > 20
    found = performance_of(database)
    assert found.checked.same, found.checked.summary
    assert found.checked.ticks == room.last.tick
    granted = [e for m in room.ticks for e in m.events if e.kind == "priority-granted"]
    calls = {room.room.network.junctions[j].id: measures.preemptions(found.log.device(j)) for j in found.phases}
    assert {name for name, rows in calls.items() if rows} == {e.junction_id for e in granted}
    assert found.preemptions == sum(map(len, calls.values())) > 0
    table = found.log.table().to_pydict()
    codes = {code for code, name in zip(table["EventId"], table["DeviceId"], strict=True) if name == "B"}
    assert {102, 104, 105, 107, 111} <= codes  # call, call over, entry, dwell, exit
    write_report(room.folder / "performance.html", found.log, found.phases, title="the room", facts=[])
    assert "Pre-emption" in (room.folder / "performance.html").read_text(encoding="utf-8")
