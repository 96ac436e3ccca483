"""The twin against what can be worked out by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from builders import one_junction

from citybrain.messages import Decision
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import ProgramPhase
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import Interlock
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import Trip, poisson_trips

ALWAYS = [ProgramPhase(state="GG", duration_s=60.0)]
# 200 m at 10 m/s: 20 s to the stop line, 1 s through the junction, 20 s to the end
ROAD = one_junction(["GG"], speed_mps=10.0, path_m=10.0, program=ALWAYS)


def trip(network, link, depart_s):
    movement = network.movements[link]
    (onward,) = network.lanes[movement.from_lane].links
    return Trip(depart_ms=round(depart_s * 1000), lanes=(movement.from_lane, movement.to_lane), links=(onward,))


def signal(*phases, **kind):
    program = [ProgramPhase(state=state, duration_s=float(seconds)) for state, seconds in phases]
    return one_junction(
        [state for state, _ in phases if set(state) & set("Gg")], program=program, speed_mps=10.0, path_m=10.0, **kind
    )


def run(network, trips, until_s, **options):
    plant = PointQueuePlant(network, trips, **options)
    while plant.time_ms < until_s * 1000:
        plant.step()
    return plant


@pytest.mark.parametrize("step_s", [0.3, 1.0, 2.0])
def test_a_lonely_vehicle_drives_at_the_limit(step_s):
    outcome = run(ROAD, [trip(ROAD, 0, 3.5)], 60, step_s=step_s).outcome()
    assert outcome.status.tolist() == ["arrived"]
    assert outcome.travel_time_s.tolist() == [41.0]
    assert outcome.delay_s.tolist() == [0.0]


def test_a_queue_discharges_after_the_start_up_one_headway_apart():
    # red until 60 s; four wait at the stop line from 20 to 23 s on
    network = signal(("rr", 60), ("Gr", 40))
    outcome = run(network, [trip(network, 0, s) for s in range(4)], 120, headway_s=1.8, start_up_s=2.0).outcome()
    left_s = [62.0, 63.8, 65.6, 67.4]
    assert outcome.delay_s == pytest.approx([left - 20 - s for s, left in enumerate(left_s)])
    assert outcome.travel_time_s == pytest.approx([left + 21 - s for s, left in enumerate(left_s)])


def test_nobody_enters_on_yellow_or_red():
    network = signal(("Gr", 22), ("yr", 3), ("rr", 35))
    plant = run(network, [trip(network, 0, s) for s in (0, 1, 3, 4)], 59)
    # ready at 20, 21 (leaves at 22, a headway later), 23 and 24: on yellow
    assert plant.outcome().delay_s.tolist() == [0.0, 1.0, 36.0, 35.0]


def test_a_vehicle_that_meets_green_is_not_held_by_the_start_up():
    network = signal(("rr", 10), ("Gr", 50))
    assert run(network, [trip(network, 0, 0)], 59).outcome().delay_s.tolist() == [0.0]


def test_a_permissive_turn_waits_for_a_gap():
    network = signal(("gG", 600), conflicts=[(0, 1)], gives_way=[(0, 1)])
    stream = [trip(network, 1, s) for s in (0, 3, 6, 9, 20)]
    # at the line at 20 s; vehicles with right of way are there at 20, 23, 26 and 29 s, and then at 40 s
    outcome = run(network, [trip(network, 0, 0), *stream], 100, gap_s=4.0).outcome()
    assert outcome.delay_s.tolist() == [9.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_a_permissive_turn_does_not_wait_for_those_who_have_red_or_wait_themselves():
    network = signal(("gr", 600), conflicts=[(0, 1)], gives_way=[(0, 1)])
    trips = [trip(network, 0, 0), *(trip(network, 1, s) for s in range(5))]
    assert run(network, trips, 100).outcome().delay_s[0] == 0.0


def test_spillback_a_full_road_lets_nobody_in():
    # the exit holds 15 m / 7.5 m = 2 vehicles
    network = one_junction(
        ["G"], program=[ProgramPhase(state="G", duration_s=60)], speed_mps=10.0, path_m=10.0, length_m=15.0
    )
    red = one_junction(["Gr"], program=[ProgramPhase(state="rr", duration_s=60)], speed_mps=10.0, length_m=15.0)
    plant = run(red, [trip(red, 0, s) for s in range(6)], 30)
    readings = plant.read()
    assert Counter(readings.lane.tolist()) == {red.movements[0].from_lane: 2}
    assert plant.outcome().status.tolist() == ["unfinished"] * 2 + ["never_inserted"] * 4
    assert plant.outcome().delay_s.tolist() == [30 - 1.5, 30 - 1 - 1.5, 28, 27, 26, 25]
    assert run(network, [trip(network, 0, 0)], 30).outcome().status.tolist() == ["arrived"]


def test_a_vehicle_waits_outside_until_there_is_room_and_that_is_delay():
    network = signal(("rr", 60), ("Gr", 60), length_m=15.0)
    outcome = run(network, [trip(network, 0, s) for s in (0, 0, 0)], 119).outcome()
    # two fit; the first leaves at 62 s, then the third enters and reaches the line 1.5 s later
    assert outcome.status.tolist() == ["arrived"] * 3
    assert outcome.delay_s[:2].tolist() == [60.5, 62.5]
    assert 64.5 <= outcome.delay_s[2] <= 66.5


def test_readings_place_the_queue_from_the_stop_line_back():
    network = signal(("rr", 600))
    network = one_junction(["Gr"], program=network.junctions[0].program, speed_mps=10.0, path_m=10.0)
    readings = run(network, [trip(network, 0, s) for s in (0, 1, 2, 25)], 40).read()
    own = network.movements[0].from_lane
    assert readings.position_m.tolist() == [200.0, 192.5, 185.0, 150.0]
    assert readings.speed_mps.tolist() == [0.0, 0.0, 0.0, 10.0]
    assert readings.distance_m.tolist() == [0.0, 7.5, 15.0, 50.0]
    assert readings.lane.tolist() == readings.stop_lane.tolist() == [own] * 4
    assert readings.movement.tolist() == [0] * 4
    assert readings.ids == ("0", "1", "2", "3")


def test_readings_inside_a_junction_and_beyond_the_last_signal():
    plant = run(ROAD, [trip(ROAD, 0, 0)], 20.5, step_s=0.5)
    readings = plant.read()
    assert readings.lane.tolist() == [-1]
    assert readings.movement.tolist() == [-1]
    assert readings.crossing.tolist() == [0]
    assert math.isinf(readings.distance_m[0])
    plant.step()
    plant.step()
    assert plant.read().lane.tolist() == [ROAD.movements[0].to_lane]
    assert plant.read().crossing.tolist() == [-1]


def test_readings_look_across_to_the_next_stop_line():
    network = grid_network(1, 2, spacing_m=100.0)
    first = network.edge_index("west-0>0-0")
    trips = poisson_trips(network, np.random.default_rng(0), flow_vph={first: 60}, end_s=300, turns={"straight": 1.0})
    plant = PointQueuePlant(network, trips[:1])
    seen = set()
    while plant.time_ms < 300_000:
        plant.step()
        seen |= {
            (lane, stop) for lane, stop in zip(plant.read().lane.tolist(), plant.read().stop_lane.tolist(), strict=True)
        }
    one, two, out = (network.lane_index(f"{name}_0") for name in ("west-0>0-0", "0-0>0-1", "0-1>east-0"))
    assert seen <= {(one, one), (-1, two), (two, two), (-1, -1), (out, -1)}
    assert {(one, one), (two, two), (out, -1)} <= seen


def test_readings_tell_who_crossed_a_stop_line_since_the_last_ones():
    plant = run(ROAD, [trip(ROAD, 0, 0), trip(ROAD, 1, 0), trip(ROAD, 0, 5)], 19)
    assert plant.read().passed.tolist() == []
    for _ in range(10):
        plant.step()
    assert sorted(plant.read().passed.tolist()) == [0, 0, 1]
    assert plant.read().passed.tolist() == []


def test_an_empty_road_has_no_readings():
    readings = PointQueuePlant(ROAD, []).read()
    assert readings.ids == ()
    assert readings.lane.dtype == np.int32
    assert len(readings.distance_m) == 0


def test_a_junction_runs_its_own_program_until_it_is_commanded():
    network = signal(("Gr", 20), ("yr", 3), ("rG", 17), ("ry", 5))
    plant = PointQueuePlant(network, [])
    shown = []
    for _ in range(90):
        shown.append(plant.signal_states()[0])
        plant.step()
    assert shown[:45] == ["Gr"] * 20 + ["yr"] * 3 + ["rG"] * 17 + ["ry"] * 5
    assert shown[45:] == shown[:45]
    interlock = Interlock(network, SignalRules())
    plant.apply(interlock.start(plant.time_ms))
    for _ in range(60):
        plant.step()
        assert plant.signal_states() == ("Gr",)


def test_commands_are_shown_and_restart_the_start_up():
    network = signal(("Gr", 5), ("rG", 5))
    plant = PointQueuePlant(network, [trip(network, 1, 0)])
    interlock = Interlock(network, SignalRules(yellow_s=3.0, all_red_s=2.0))
    plant.apply(interlock.start(0))
    while plant.time_ms < 60_000:
        plant.step()
        asked = 1 if plant.time_ms >= 30_000 else 0
        plant.apply(interlock.advance(Decision(time_s=0.0, stage=np.array([asked])), plant.time_ms))
    # ready at 20 s, green at 30 + 3 + 2 s, 2 s of start-up
    assert plant.outcome().delay_s.tolist() == [17.0]


def test_a_positive_offset_starts_the_program_later():
    from dataclasses import replace

    network = signal(("Gr", 20), ("rG", 25))
    later = replace(network, junctions=(replace(network.junctions[0], offset_s=10.0),))
    assert PointQueuePlant(later, []).signal_states() == ("rG",)
    assert PointQueuePlant(later, [], begin_s=10.0).signal_states() == ("Gr",)


@pytest.mark.parametrize("kind", [{}, {"lanes": 2, "stages": 4}, {"left_hand": True, "crossings": True}])
def test_nobody_is_lost_and_nobody_is_made(kind):
    network = grid_network(2, 3, spacing_m=90.0, **kind)
    trips = poisson_trips(network, np.random.default_rng(3), flow_vph=900, end_s=600)
    plant = PointQueuePlant(network, trips)
    while plant.time_ms < 900_000:
        for _ in range(10):
            plant.step()
        outcome, on_road = plant.outcome(), len(plant.read().ids)
        count = Counter(outcome.status.tolist())
        assert sum(count.values()) == sum(t.depart_ms <= plant.time_ms for t in trips)
        assert count["unfinished"] == on_road == len(set(plant.read().ids))
        assert (outcome.delay_s >= 0).all()
        assert (outcome.travel_time_s >= outcome.delay_s).all()
    assert count["never_inserted"] > 0  # the grid was too small for so many


def test_no_lane_ever_holds_more_than_fit():
    network = grid_network(2, 2, spacing_m=60.0)
    plant = PointQueuePlant(network, poisson_trips(network, np.random.default_rng(1), flow_vph=1500, end_s=600))
    fullest = 0
    while plant.time_ms < 600_000:
        plant.step()
        lanes = plant.read().lane
        fullest = max(fullest, *np.bincount(lanes[lanes >= 0], minlength=1).tolist())
    assert fullest == 8


def test_trips_are_drawn_from_the_generator_alone():
    network = grid_network(2, 2)

    def draw(seed):
        return poisson_trips(network, np.random.default_rng(seed), flow_vph=300, end_s=1800, begin_s=600)

    assert draw(5) == draw(5)
    assert draw(5) != draw(6)
    assert all(600_000 <= t.depart_ms <= 1_800_000 for t in draw(5))
    assert len(draw(5)) == pytest.approx(8 * 300 / 3, rel=0.15)


def test_trips_are_connected_and_end_at_the_border():
    network = grid_network(2, 3, lanes=2)
    for t in poisson_trips(network, np.random.default_rng(2), flow_vph=200, end_s=600):
        assert len(t.lanes) == len(t.links) + 1
        for lane, link, following in zip(t.lanes, t.links, t.lanes[1:], strict=False):
            assert link in network.lanes[lane].links
            assert network.lanes[link.to_lane].edge == network.lanes[following].edge
        assert network.lanes[t.lanes[-1]].links == () or len(t.links) == 50


def test_turns_follow_their_shares():
    network = grid_network(1, 1)
    trips = poisson_trips(
        network, np.random.default_rng(4), flow_vph=2000, end_s=3600, turns={"left": 1.0, "straight": 3.0}
    )
    turns = Counter(network.movements[t.links[0].movement].turn for t in trips)
    assert set(turns) == {"left", "straight"}
    assert turns["left"] / len(trips) == pytest.approx(0.25, abs=0.02)
