from __future__ import annotations

import gzip

import numpy as np
import pytest
from nets import tiny_net

from citybrain.errors import InputError
from citybrain.network import read_network


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.net.xml"
    path.write_text(tiny_net(), encoding="utf-8")
    return read_network(path)


def test_edges_and_lanes_are_those_for_motor_vehicles(tiny):
    assert sorted(edge.id for edge in tiny.edges) == ["a", "b", "d", "e", "m", "n"]
    assert tiny.lane_index("a_0") == -1  # a footpath
    assert tiny.lane_index(":C_0_0") == -1
    a = tiny.edges[tiny.edge_index("a")]
    assert (a.name, a.from_node, a.to_node, a.length_m, a.speed_mps) == ("High Street", "W", "C", 190.0, 13.9)
    assert [tiny.lanes[i].id for i in a.lanes] == ["a_1"]
    for index, lane in enumerate(tiny.lanes):
        assert lane.index == index
        assert index in tiny.edges[lane.edge].lanes
        assert tiny.lane_index(lane.id) == index


def test_movements_carry_lamp_turn_lanes_and_lengths(tiny):
    by_link = {m.link: m for m in tiny.movements}
    assert {link: m.turn for link, m in by_link.items()} == {0: "straight", 1: "left", 2: "straight", 3: "crossing"}
    lane = tiny.lane_index
    assert (by_link[0].from_lane, by_link[0].to_lane) == (lane("a_1"), lane("b_0"))
    assert (by_link[1].from_lane, by_link[1].to_lane) == (lane("a_1"), lane("n_0"))
    assert (by_link[3].from_lane, by_link[3].to_lane, by_link[3].is_crossing) == (-1, -1, True)
    assert [by_link[i].path_m for i in range(4)] == [20.0, 15.5, 21.0, 12.8]  # the left turn in two parts
    assert [by_link[i].wait_m for i in range(4)] == [0.0, 6.0, 0.0, 0.0]
    assert [by_link[i].speed_mps for i in range(4)] == [13.9, 13.9, 16.67, 1.2]


def test_links_say_which_movement_controls_them(tiny):
    def links(lane_id):
        return [(tiny.lanes[k.to_lane].id, k.via_m, k.movement) for k in tiny.lanes[tiny.lane_index(lane_id)].links]

    movement = {m.link: m.index for m in tiny.movements}
    assert sorted(links("a_1")) == [("b_0", 20.0, movement[0]), ("n_0", 15.5, movement[1])]
    assert links("n_0") == [("m_0", 0.0, -1)]
    assert links("b_0") == []


def test_conflicts_and_right_of_way_are_sumos_own(tiny):
    (junction,) = tiny.junctions
    foes = {(i, j) for i, j in np.argwhere(junction.conflicts).tolist()}
    assert foes == {(0, 3), (3, 0), (1, 2), (2, 1), (2, 3), (3, 2)}
    assert np.argwhere(junction.gives_way).tolist() == [[1, 2]]


def test_the_program_is_kept_and_its_greens_are_the_stages(tiny):
    (junction,) = tiny.junctions
    assert (junction.id, junction.name, junction.n_links, junction.offset_s) == ("C", "High Street / Mill Road", 4, 7.0)
    assert [(phase.state, phase.duration_s) for phase in junction.program][:2] == [("GGrr", 20.0), ("yyrr", 3.0)]
    assert len(junction.program) == 7
    assert [stage.state for stage in junction.stages] == ["GGrr", "GgGr", "rrrG"]
    assert (junction.x_m, junction.y_m) == (0.0, 0.0)
    assert tiny.warnings == ()


def test_lamps_of_bicycles_conflict_too_though_they_are_no_movement(tmp_path):
    path = tmp_path / "net.xml"
    path.write_text(tiny_net().replace('id="d_0" index="0"', 'id="d_0" index="0" allow="bicycle"'), encoding="utf-8")
    network = read_network(path)
    assert {m.link for m in network.movements} == {0, 1, 3}
    assert network.edge_index("d") == -1
    assert network.junctions[0].conflicts[1, 2]
    assert network.junctions[0].gives_way[1, 2]


def test_two_conflicting_protected_greens_become_one_permissive_one(tmp_path):
    path = tmp_path / "net.xml"
    path.write_text(tiny_net((("GGGr", 30), ("rrrG", 10))), encoding="utf-8")
    network = read_network(path)
    assert [stage.state for stage in network.junctions[0].stages] == ["GgGr", "rrrG"]
    assert network.warnings == (
        "junction C: links 1 and 2 conflict and are both 'G' in GGGr; link 1 is taken as permissive",
    )
    assert network.junctions[0].program[0].state == "GGGr"  # the scenario's own plan is untouched


def test_the_same_stage_twice_is_one_stage(tmp_path):
    path = tmp_path / "net.xml"
    path.write_text(tiny_net((("GGrr", 20), ("rrrG", 9), ("GGrr", 5), ("ruGr", 1), ("rrrr", 1))), encoding="utf-8")
    assert [stage.state for stage in read_network(path).junctions[0].stages] == ["GGrr", "rrrG"]


def test_a_zipped_net_is_the_same_net(tiny, tmp_path):
    path = tmp_path / "tiny.net.xml.gz"
    path.write_bytes(gzip.compress(tiny_net().encode()))
    assert read_network(path).movements == tiny.movements


@pytest.mark.parametrize(("attributes", "left"), [('lefthand="true"', True), ('lefthand="1"', True), ("", False)])
def test_the_side_of_driving_is_read(tmp_path, attributes, left):
    path = tmp_path / "net.xml"
    path.write_text(tiny_net(attributes=attributes), encoding="utf-8")
    assert read_network(path).left_hand is left


def test_the_graph_view_is_for_routing(tiny):
    graph = tiny.graph()
    assert set(graph.edges) == {("W", "C"), ("C", "E"), ("E", "C"), ("C", "W"), ("C", "N"), ("N", "M")}
    assert graph["W"]["C"]["index"] == tiny.edge_index("a")
    assert graph["E"]["C"]["time_s"] == pytest.approx(190 / 16.67)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a SUMO network"),
        ("hello", "not a SUMO network"),
        ("<additional/>", "root element is not <net>"),
        (tiny_net()[:900], "not a SUMO network"),
        (tiny_net(tl_logic=False), "no traffic signal in this network (0 tlLogic)"),
        (tiny_net((("OOOO", 90),)), "(1 tlLogic, none with a green phase)"),
        (tiny_net((("GGr", 90), ("rrG", 9))), "signal 'C' has phases of 3 lamps, and its connections use lamps 0 to 3"),
        (tiny_net((("GGrr", 90), ("rrG", 9))), "phases of 3 and 4 lamps"),
    ],
)
def test_what_is_no_net_is_refused_in_one_line_that_names_it(tmp_path, text, complaint):
    path = tmp_path / "bad.net.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_network(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"hello", gzip.compress(tiny_net().encode())[:500], b""])
def test_a_broken_zip_is_refused(tmp_path, content):
    path = tmp_path / "bad.net.xml.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.net\.xml\.gz"):
        read_network(path)


def test_a_missing_net_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.net\.xml: no such network file"):
        read_network(tmp_path / "none.net.xml")
