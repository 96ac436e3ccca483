"""What is proposed about an incident, and that exits into a blocked link count as full."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from builders import observation, one_junction, signal_view

from citybrain.detection.incidents import IncidentReport
from citybrain.detection.incidents.response import BlockedExits, ResponseParameters, propose, queue_delay

NETWORK = one_junction(["Gr", "rG"], [(0, 1)], length_m=200.0)
OUT = NETWORK.edges[NETWORK.lanes[NETWORK.movements[0].to_lane].edge].id


def report(lanes):
    return IncidentReport(edge=OUT, lanes=lanes, distance_m=float("nan"), alarm_s=100.0)


def test_the_delay_of_a_full_block_is_the_two_triangles_of_the_queue():
    # 0.2 /s wait for 600 s: 120 vehicles; at 0.4 /s it takes 600 s more: mean 60 over 1200 s
    assert queue_delay(0.2, 0.0, 600.0, 0.4) == pytest.approx(60 * 1200)
    assert queue_delay(0.2, 0.3, 600.0, 0.4) == 0.0


def test_a_block_of_all_lanes_is_gated_and_advised_and_gains():
    found = propose(NETWORK, report((0,)), 0.15)
    assert found.avoid == (OUT,)
    assert found.gates == ((NETWORK.junctions[0].id, 0),)
    assert found.left_vps == 0.0
    full = 0.43 * 0.5
    diverted = 0.4 * 0.15
    expected = queue_delay(0.15, 0, 600, full) - queue_delay(0.09, 0, 600, full) - diverted * 600 * 60
    assert found.gain_vehicle_s == pytest.approx(expected)
    assert "540 veh/h want to pass, 0 can" in found.why


def test_who_joins_a_queue_costs_the_time_until_it_has_dissolved():
    found = propose(NETWORK, report((0,)), 0.115)
    assert found.costs_s(20.0, 0.0) == pytest.approx(600.0 + 20.0 / (0.43 * 0.5 - 0.115))
    assert found.costs_s(0.0, 200.0) == pytest.approx(400.0)
    assert found.costs_s(0.0, 2000.0) == pytest.approx(120.0)  # it lasts longer than was thought


def test_a_detour_that_costs_more_than_the_queue_promises_nothing():
    assert propose(NETWORK, report((0,)), 0.02, ResponseParameters(detour_s=900.0)).gain_vehicle_s == 0.0


def test_exits_into_a_blocked_link_are_full_until_it_is_free():
    seen = observation(NETWORK)
    eyes = BlockedExits(SimpleNamespace(continuous=False, observe=lambda *_: seen), NETWORK)
    lane = NETWORK.movements[0].to_lane
    eyes.block([propose(NETWORK, report((0,)), 0.15)])
    marked = eyes.observe(None, signal_view([0]))
    assert (marked.lane_tail_m[lane], marked.lane_tail_speed_mps[lane]) == (0.0, 0.0)
    others = np.arange(len(NETWORK.lanes)) != lane
    np.testing.assert_array_equal(marked.lane_tail_m[others], seen.lane_tail_m[others])
    eyes.block([])
    assert eyes.observe(None, signal_view([0])) is seen
