from __future__ import annotations

import math
from dataclasses import replace

import pytest

from citybrain.network.synthetic import grid_network
from citybrain.simulation.tracking import RouteTracker

NETWORK = grid_network(1, 3, spacing_m=150.0)
ROUTE = ("west-0>0-0", "0-0>0-1", "0-1>0-2", "0-2>east-2")


def lane(edge_id, index=0, network=NETWORK):
    return network.edges[network.edge_index(edge_id)].lanes[index]


def locate(lane_id, length_m, route, index, network=NETWORK):
    return RouteTracker(network).locate(lane_id, length_m, route, index)


def test_on_an_approach_the_stop_line_is_at_its_end():
    ahead = locate("west-0>0-0_0", 150.0, ROUTE, 0)
    assert (ahead.lane, ahead.stop_lane, ahead.reach_m) == (lane(ROUTE[0]), lane(ROUTE[0]), 150.0)
    assert NETWORK.movements[ahead.movement].turn == "straight"
    assert NETWORK.movements[ahead.movement].junction == 0


def test_the_turn_is_the_routes():
    ahead = locate("west-0>0-0_0", 150.0, ("west-0>0-0", "0-0>north-0"), 0)
    assert NETWORK.movements[ahead.movement].turn == "left"


def test_inside_a_junction_it_is_the_end_of_the_next_edge():
    ahead = locate(":0-0_1_0", 20.0, ROUTE, 0)
    assert (ahead.lane, ahead.stop_lane, ahead.reach_m) == (-1, lane(ROUTE[1]), 20.0 + 150.0)
    assert NETWORK.movements[ahead.movement].junction == 1


@pytest.mark.parametrize(("lane_id", "index"), [("0-2>east-2_0", 3), (":0-2_1_0", 2), (":0-2_1_0", 3)])
def test_after_the_last_signal_there_is_none(lane_id, index):
    ahead = locate(lane_id, 150.0, ROUTE, index)
    assert (ahead.stop_lane, ahead.movement, ahead.reach_m) == (-1, -1, math.inf)


def test_a_route_over_unknown_edges_ends_the_search():
    assert locate("west-0>0-0_0", 150.0, ("west-0>0-0", "footpath"), 0).movement == -1
    assert locate(":x_0_0", 10.0, ("west-0>0-0", "footpath"), 0).movement == -1


def test_the_own_lane_is_kept_where_it_leads_there_and_else_the_nearest_is_taken():
    network = grid_network(1, 1, lanes=2)
    route_far, route_on = ("west-0>0-0", "0-0>north-0"), ("west-0>0-0", "0-0>east-0")
    kerb, inner = (lane("west-0>0-0", i, network) for i in (0, 1))
    assert locate("west-0>0-0_1", 300.0, route_far, 0, network).stop_lane == inner
    assert locate("west-0>0-0_0", 300.0, route_far, 0, network).stop_lane == inner  # it has to change lanes
    assert locate("west-0>0-0_1", 300.0, route_on, 0, network).stop_lane == kerb


def test_a_vehicle_stays_on_the_lanes_that_its_own_leads_to():
    network = grid_network(1, 3, lanes=2, spacing_m=150.0)
    first, second, third = (network.edges[network.edge_index(edge)].lanes for edge in ROUTE[:3])
    straight = next(k for k in network.lanes[second[0]].links if k.to_lane in third)
    lanes = list(network.lanes)
    for place in (0, 1):  # no signal at the first node, and straight on from both lanes at the second
        on = replace(network.lanes[first[0]].links[0], movement=-1, to_lane=second[place])
        lanes[first[place]] = replace(lanes[first[place]], links=(on,))
        lanes[second[place]] = replace(lanes[second[place]], links=(straight,))
    plain = replace(network, lanes=tuple(lanes))
    tracker = RouteTracker(plain)
    for place in (0, 1, 0, 1, 1):
        assert tracker.locate(f"{ROUTE[0]}_{place}", 150.0, ROUTE, 0).stop_lane == second[place]
        assert tracker.locate(":0-0_1_0", 20.0, ROUTE, 0, first[place]).stop_lane == second[place]
    unknown = [tracker.locate(":0-0_1_0", 20.0, ROUTE, 0).stop_lane for _ in range(4)]
    assert sorted(unknown) == sorted(second * 2)  # by turns


def test_unsignalised_nodes_are_looked_across_as_far_as_sight_reaches():
    def without_signal(own):
        return replace(own, links=tuple(replace(k, movement=-1) for k in own.links))

    one, two = lane(ROUTE[0]), lane(ROUTE[1])
    via_m = next(k.via_m for k in NETWORK.lanes[one].links if k.to_lane == two)
    plain = replace(NETWORK, lanes=tuple(without_signal(k) if k.index == one else k for k in NETWORK.lanes))
    ahead = locate("west-0>0-0_0", 150.0, ROUTE, 0, plain)
    assert (ahead.stop_lane, ahead.reach_m) == (two, 150.0 + via_m + 150.0)
    far = replace(plain, lanes=tuple(without_signal(k) for k in plain.lanes))
    assert locate("west-0>0-0_0", 150.0, ROUTE, 0, far).stop_lane == -1
