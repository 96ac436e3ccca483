"""From corridors to lane connections: turn lanes, forks and merges with slip roads, no rat-runs by ramps."""

from __future__ import annotations

from collections import defaultdict

import pytest
from small_city import write_city

from citybrain.network.corridors import read_city
from citybrain.network.plain import lay_roads

INTERCHANGE = """id,name,lat,lon,kind,group,basis
g_west,West,3.1500,101.6900,gateway,,assumed
r1,Ramp west,3.1500,101.6940,node,,assumed
j,Under the flyover,3.1500,101.6970,junction,A,osm
r2,Ramp east,3.1500,101.7000,node,,assumed
g_east,East,3.1500,101.7050,gateway,,assumed
g_south,South,3.1450,101.6970,gateway,,assumed
"""
ROADS = """
[[corridor]]
name = "Main"
class = "expressway"
speed_kmh = 80
lanes = [3, 3]
path = ["g_west", "r1"]
[[corridor]]
name = "Flyover"
class = "expressway"
speed_kmh = 80
lanes = [2, 2]
level = 1
path = ["r1", [3.1500, 101.6970], "r2"]
[[corridor]]
name = "Slip west"
speed_kmh = 50
lanes = [1, 1]
beside_m = 9
path = ["r1", "j"]
[[corridor]]
name = "Slip east"
speed_kmh = 50
lanes = [1, 1]
beside_m = 9
path = ["j", "r2"]
[[corridor]]
name = "Main"
class = "expressway"
speed_kmh = 80
lanes = [3, 3]
path = ["r2", "g_east"]
[[corridor]]
name = "South"
speed_kmh = 50
lanes = [1, 1]
path = ["j", "g_south"]
"""


def connections(folder):
    found = defaultdict(list)
    for c in lay_roads(read_city(folder)).connections:
        found[c.from_road, c.to_road].append((c.lane, c.to_lane))
    return {pair: sorted(lanes) for pair, lanes in found.items()}


@pytest.fixture
def interchange(tmp_path):
    return connections(write_city(tmp_path / "c", junctions=INTERCHANGE, corridors=ROADS))


def test_a_slip_road_leaves_from_the_kerb_lane_and_the_flyover_keeps_the_others(interchange):
    assert interchange["g_west--r1", "r1--j"] == [(0, 0)]
    assert interchange["g_west--r1", "r1--r2"] == [(1, 0), (2, 1)]


def test_a_slip_road_joins_at_the_kerb(interchange):
    assert interchange["j--r2", "r2--g_east"] == [(0, 0)]
    assert interchange["r1--r2", "r2--g_east"] == [(0, 1), (1, 2)]


def test_nobody_leaves_the_main_road_to_join_it_again(interchange):
    assert ("r1--j", "j--r2") not in interchange
    assert ("r1--j", "j--g_south") in interchange


def test_nobody_turns_back(interchange):
    for start, end in interchange:
        assert end.split("--")[1] != start.split("--")[0]


def test_a_main_road_gets_a_turn_lane_where_it_allows_a_far_turn(tmp_path):
    roads = lay_roads(read_city(write_city(tmp_path / "c"))).roads
    # driving on the left: from the west the way to the south is to the right
    assert (roads["g_west--a"].lanes, roads["g_west--a"].approach_lanes) == (2, 3)
    assert roads["x--a"].cut_m == 0
    found = connections(tmp_path / "c")
    assert found["g_west--a", "a--g_south"] == [(2, 0)]
    assert found["g_west--a", "a--x"] == [(0, 0), (1, 1)]
    assert found["x--a", "a--g_south"] == [(0, 0)]
