"""Where a vehicle is believed to be, with noise, delay and loss, and when it leaves its route."""

from __future__ import annotations

import numpy as np
import pytest

from citybrain.demand.resco import resco_scenario
from citybrain.messages import PriorityRequest
from citybrain.network import read_network
from citybrain.network.synthetic import grid_network
from citybrain.signals.priority.eta import PlaceFilter
from citybrain.signals.priority.route import RoutePlanner
from citybrain.signals.priority.route_line import RouteLine
from citybrain.signals.priority.tracking import Track
from citybrain.simulation.fleet import along

NETWORK = grid_network(2, 3)
FREE_S = np.array([e.length_m / e.speed_mps for e in NETWORK.edges])


@pytest.mark.parametrize(("noise_m", "loss", "most_m"), [(3.0, 0.0, 3.0), (10.0, 0.05, 8.0), (10.0, 0.4, 12.0)])
def test_the_filter_is_better_than_its_fixes(noise_m, loss, most_m):
    rng = np.random.default_rng(5)
    places = PlaceFilter(0.0, rng.normal(0, noise_m), 12.0, noise_m=noise_m)
    errors = []
    for second in range(1, 120):
        if rng.random() >= loss:
            places.fix(second, 12.0 * second + rng.normal(0, noise_m), 12.0 + rng.normal(0, 0.5))
        errors.append(places.at(second)[0] - 12.0 * second)
    assert np.sqrt(np.mean(np.square(errors[20:]))) < most_m


def test_dead_reckoning_goes_on_for_a_while_and_not_for_ever():
    places = PlaceFilter(0.0, 0.0, 10.0)
    assert places.at(5.0)[0] == pytest.approx(50.0)
    assert places.at(1000.0)[0] == pytest.approx(100.0)


def test_an_old_fix_is_left_out():
    places = PlaceFilter(10.0, 100.0, 10.0)
    places.fix(9.0, 500.0, 0.0)
    assert places.at(10.0)[0] == pytest.approx(100.0)


def ends():
    into = next(e for e in NETWORK.edges if e.id.startswith("west-0"))
    out = next(e for e in NETWORK.edges if e.to_node.startswith("east-0"))
    return into.index, out.index


def test_a_route_is_a_line_with_its_stop_lines():
    origin, destination = ends()
    way, seconds = RoutePlanner(NETWORK).fastest(origin, destination, FREE_S)
    line = RouteLine(NETWORK, way)
    assert [NETWORK.junctions[c.junction].id for c in line.crossings] == ["0-0", "0-1", "0-2"]
    assert line.crossings[0].at_m == pytest.approx(NETWORK.edges[origin].length_m)
    assert line.length_m > sum(NETWORK.edges[e].length_m for e in way)  # junctions have a length of their own
    assert seconds == pytest.approx(line.drive_s(0.0, line.length_m), rel=0.05)


def test_a_way_is_not_found_where_there_is_none():
    origin, destination = ends()
    with pytest.raises(ValueError, match="no way"):
        RoutePlanner(NETWORK).fastest(destination, origin, FREE_S)


def test_priority_makes_a_congested_main_road_worth_while():
    origin, destination = ends()
    planner = RoutePlanner(NETWORK)
    direct, _ = planner.fastest(origin, destination, FREE_S)
    now_s = FREE_S.copy()
    now_s[list(direct[1:-1])] += 45.0
    assert planner.fastest(origin, destination, now_s)[0] != direct
    vehicles = np.ones(len(now_s))
    assert planner.fastest(origin, destination, now_s, vehicles=vehicles, priority=True)[0] == direct


def message(sequence, time_s, edge, share, speed_mps=10.0):
    x, y = along(NETWORK.edges[edge].shape, share)
    return PriorityRequest(
        request_id="r", sequence=sequence, vehicle_id="ev", role="fire", time_s=time_s, expires_s=time_s + 9, x_m=x, y_m=y,
        speed_mps=speed_mps, inbound=NETWORK.edges[edge].id, destination=NETWORK.edges[ends()[1]].id,
    )  # fmt: skip


def test_a_driver_who_leaves_the_route_is_noticed():
    origin, destination = ends()
    way, _ = RoutePlanner(NETWORK).fastest(origin, destination, FREE_S)
    track = Track(NETWORK, message(1, 0.0, origin, 0.1), 0)
    assert track.hear(message(2, 1.0, origin, 0.2))  # there is no route yet
    track.follow(way, 1000)
    assert not track.hear(message(3, 2.0, way[1], 0.1))
    other = next(e.index for e in NETWORK.edges if e.index not in way)
    assert not track.hear(message(4, 3.0, other, 0.1))  # once may be an error
    assert track.hear(message(5, 4.0, other, 0.2))


def test_who_stands_at_a_stop_line_has_not_passed_it():
    origin, destination = ends()
    way, _ = RoutePlanner(NETWORK).fastest(origin, destination, FREE_S)
    track = Track(NETWORK, message(1, 0.0, origin, 0.99, speed_mps=14.0), 0)
    track.hear(message(2, 1.0, origin, 1.0, speed_mps=14.0))
    track.follow(way, 1000)
    line_m = track.line.crossings[0].at_m
    assert track.at(2.0)[0] < line_m  # by its speed alone it would be beyond
    assert track.at(9.0)[0] > line_m  # nothing was heard of it for long: it must be
    track.hear(message(3, 3.0, way[1], 0.0, speed_mps=14.0))
    assert track.at(3.0)[0] > line_m


def test_who_creeps_is_in_the_queue_still():
    track = Track(NETWORK, message(1, 0.0, ends()[0], 0.1), 0)
    queued = []
    for k, speed_mps in enumerate((10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.5, 3.0, 9.0)):
        track.hear(message(k + 2, 1.0 + k, ends()[0], 0.1 + k / 100, speed_mps=speed_mps))
        queued.append(track.queued)
    assert queued == [False] * 5 + [True] * 4 + [False]


def test_a_queue_that_reaches_beyond_the_turning_lanes_is_the_signals():
    scenario = resco_scenario("cologne8")
    network = read_network(scenario.net_file, scenario.additional_files)
    planner = RoutePlanner(network)
    stop = next(e.index for e in network.edges if planner.fed_by[e.index] >= 0)
    run = int(planner.fed_by[stop])
    beyond = next(
        network.lanes[k.to_lane].edge for lane in network.edges[stop].lanes for k in network.lanes[lane].links
    )
    slow_s = planner.free_s.copy()
    slow_s[run] += 100.0
    way, nobody = (run, stop, beyond), np.zeros(len(slow_s))
    usual, late = (
        planner.expected_s(way, times_s, vehicles=nobody, priority=True) for times_s in (planner.free_s, slow_s)
    )
    assert 15.0 < late - usual < 25.0  # green clears most of it, as if the road were one
    queued = nobody.copy()
    queued[run] = 20.0 * len(network.edges[run].lanes)
    assert planner.expected_s(way, slow_s, vehicles=queued, priority=True) > late + 5.0  # not at once
