"""The log of a plant: what it says is what the lamps and the loops did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import priority_twin
import pytest

from citybrain.detection import make_sensors
from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call, OnboardUnits, RadioParameters
from citybrain.evaluation.performance import measures
from citybrain.evaluation.performance.channels import ADVANCE, PRESENCE
from citybrain.evaluation.performance.codes import Code
from citybrain.evaluation.performance.phases import junction_phases
from citybrain.evaluation.performance.recorder import Notes, RecordedPlant, split_of
from citybrain.evaluation.performance.report import write_report
from citybrain.loop import Emergency, run_loop
from citybrain.messages import Event
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.policy import find_policy
from citybrain.signals.priority import PriorityService
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import Trip, poisson_trips
from citybrain.simulation.twin_fleet import TwinFleet

RULES = SignalRules(yellow_s=3, all_red_s=1, min_green_s=5, max_green_s=40)
NETWORK = grid_network(1, 1, lanes=2, stages=4)
END_S = 900.0


@pytest.fixture(scope="module")
def plant() -> RecordedPlant:
    trips = poisson_trips(NETWORK, np.random.default_rng(3), flow_vph=400.0, end_s=END_S)
    recorded = RecordedPlant(PointQueuePlant(NETWORK, trips), NETWORK, RULES)
    sensors = make_sensors("perfect", NETWORK, seed=1)
    run_loop(recorded, NETWORK, find_policy("greedy").make(), sensors, RULES, END_S, [Notes(recorded)])
    return recorded


def test_a_four_arm_junction_has_the_eight_nema_phases() -> None:
    phases = [p for p in junction_phases(NETWORK, NETWORK.junctions[0]) if p.kind == "phase"]
    assert [p.number for p in phases] == [1, 2, 3, 4, 5, 6, 7, 8]
    by_number = {p.number: p for p in phases}
    conflicts = NETWORK.junctions[0].conflicts

    def clash(a: int, b: int) -> bool:
        return bool(conflicts[np.ix_(by_number[a].links, by_number[b].links)].any())

    for a, b in ((1, 2), (3, 4), (5, 6), (7, 8), (2, 4), (6, 8)):
        assert clash(a, b), (a, b)
    for a, b in ((2, 6), (4, 8), (1, 5), (3, 7), (2, 5), (1, 6), (4, 7), (3, 8)):
        assert not clash(a, b), (a, b)


def test_left_hand_traffic_mirrors_the_turns() -> None:
    network = grid_network(1, 1, lanes=2, stages=4, left_hand=True)
    turns = {p.number: p.turns for p in junction_phases(network, network.junctions[0]) if p.kind == "phase"}
    assert turns[1] == turns[3] == turns[5] == turns[7] == ("right",)


def test_every_green_runs_through_yellow_and_red_in_order(plant: RecordedPlant) -> None:
    events = plant.log.device(0)
    for number in range(1, 9):
        own = np.isin(events.code, (1, 8, 10, 11)) & (events.parameter == number)
        codes = events.code[own].tolist()
        begin = codes.index(1)
        assert codes[begin : begin + 4] == [1, 8, 10, 11][: len(codes) - begin]
        for cycle in measures.cycles(events, number):
            assert cycle.yellow_s - cycle.green_s >= RULES.min_green_s
            assert cycle.red_s - cycle.yellow_s == 3.0


def test_greens_at_their_maximum_are_max_outs(plant: RecordedPlant) -> None:
    events = plant.log.device(0)
    for number in range(1, 9):
        lengths = {c.yellow_s: c.yellow_s - c.green_s for c in measures.cycles(events, number)}
        for time_s, how in measures.terminations(events, number):
            if time_s in lengths:
                assert (how == "max-out") == (lengths[time_s] >= RULES.max_green_s)


def test_advance_detectors_count_everybody_once(plant: RecordedPlant) -> None:
    events = plant.log.device(0)
    advance = [c.number for c in plant.channels if c.function == ADVANCE]
    counted = len(measures.arrivals_s(events, advance))
    outcome = plant.inner.outcome()  # type: ignore[attr-defined]
    arrived = int((outcome.status == "arrived").sum())
    inserted = int((outcome.status != "never_inserted").sum())
    assert arrived <= counted <= inserted


def test_detector_events_alternate(plant: RecordedPlant) -> None:
    events = plant.log.device(0)
    for channel in plant.channels:
        codes = events.code[np.isin(events.code, (81, 82)) & (events.parameter == channel.number)]
        assert (np.diff(codes) != 0).all()
        assert len(codes) == 0 or codes[0] == Code.DETECTOR_ON


def test_presence_lanes_have_a_phase_each(plant: RecordedPlant) -> None:
    presence = [c for c in plant.channels if c.function == PRESENCE]
    assert len(presence) == 8
    assert {c.phase for c in presence} == set(range(1, 9))


def test_preemption_reaches_its_dwell_when_its_green_begins() -> None:
    recorded = RecordedPlant(PointQueuePlant(NETWORK, ()), NETWORK, RULES)
    recorded.step()
    shown = recorded.signal_states()[0]
    stage = next(s.index for s in NETWORK.junctions[0].stages if s.state != shown)
    junction = NETWORK.junctions[0].id
    recorded.note(1000, [Event(time_s=1.0, kind="priority-granted", junction_id=junction, data={"stage": stage})])
    green_s = float("nan")
    for _ in range(200):
        recorded.step()
        if recorded._shown[0] == NETWORK.junctions[0].stages[stage].state:
            green_s = recorded.time_ms / 1000 - 1.0
            break
    recorded.note(240_000, [Event(time_s=240.0, kind="priority-ended", junction_id=junction, data={})])
    (call,) = measures.preemptions(recorded.log.device(0))
    assert (call.call_s, call.dwell_s, call.end_s) == (1.0, green_s, 240.0)


def test_real_priority_leaves_its_details() -> None:
    """An ambulance drives through a row of signals; each that is held for it has a call, its green and an end."""
    rng = np.random.default_rng(4)
    network = priority_twin.NETWORK
    way = priority_twin.way_through(network, rng, least=2)
    trips = {"ev0": Trip(depart_ms=60_000, lanes=way.lanes, links=way.links)}
    others = poisson_trips(network, rng, flow_vph=250, end_s=300)
    twin = PointQueuePlant(network, [*others, *trips.values()])
    ends = [network.edges[network.lanes[way.lanes[k]].edge] for k in (0, -1)]
    call = Call(
        vehicle_id="ev0", role="ambulance", announced_s=30.0, depart_s=60.0, origin=ends[0].id, from_m=0.0,
        destination=ends[1].id, to_m=1.0,
    )  # fmt: skip
    service = PriorityService(
        network, priority_twin.RULES, key=priority_twin.KEY, times=LinkTimes(network), own_plans=False
    )
    radio = OnboardUnits(
        TwinFleet(twin, trips), [call], key=priority_twin.KEY, radio=RadioParameters(), places={"ev0": ends[0].shape[0]}
    )
    plant = RecordedPlant(twin, network, priority_twin.RULES, stages=service.network)
    run_loop(
        plant, network, find_policy("greedy").make(), make_sensors("perfect", network, seed=1), priority_twin.RULES, 300.0,
        [Notes(plant)], emergency=Emergency(radio, service),
    )  # fmt: skip
    found = [p for j in plant.phases for p in measures.preemptions(plant.log.device(j))]
    served = [preemption for preemption in found if np.isfinite(preemption.dwell_s)]  # another stage may do as well
    assert served
    for preemption in served:
        assert preemption.call_s <= preemption.dwell_s <= preemption.end_s
        assert preemption.to_service_s < 60.0


def test_split_is_green_yellow_and_red_clearance() -> None:
    program = [("Gr", 20.0), ("yr", 3.0), ("rr", 2.0), ("rG", 30.0), ("ry", 4.0), ("rr", 1.0)]
    assert split_of([0], program) == 25.0
    assert split_of([1], program) == 35.0


def test_report_has_every_measure(plant: RecordedPlant, tmp_path: Path) -> None:
    write_report(tmp_path / "page.html", plant.log, plant.phases, title="One junction", facts=["twin"])
    text = (tmp_path / "page.html").read_text()
    for words in ("Purdue coordination diagram", "Split failures", "Arrivals on green", "Phase termination"):
        assert words in text
    assert "http" not in text.replace("http://www.w3.org", "")
    paths = plant.log.write(tmp_path / "log")
    assert [p.name for p in paths] == ["events.parquet", "events.csv", "detectors.csv"]
