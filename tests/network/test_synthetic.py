from __future__ import annotations

from itertools import product

import networkx as nx
import numpy as np
import pytest

from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import Interlock

KINDS = [
    {"lanes": lanes, "stages": stages, "left_hand": left, "crossings": crossings}
    for lanes, stages, left, crossings in product((1, 2), (2, 4), (False, True), (False, True))
]


def ways(network):
    """By (from arm, turn): the movement of the first junction; arms by where their edge comes from."""
    found = {}
    for m in (network.movements[i] for i in network.junctions[0].movements):
        if not m.is_crossing:
            found[network.edges[network.lanes[m.from_lane].edge].from_node.split("-")[0], m.turn] = m
    return found


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 3), (4, 2)])
@pytest.mark.parametrize("lanes", [1, 2])
def test_sizes(rows, columns, lanes):
    network = grid_network(rows, columns, lanes=lanes, spacing_m=250.0)
    roads = rows * (columns + 1) + columns * (rows + 1)
    assert len(network.junctions) == rows * columns
    assert len(network.edges) == 2 * roads
    assert len(network.lanes) == 2 * roads * lanes
    assert len(network.movements) == 12 * rows * columns
    assert {lane.length_m for lane in network.lanes} == {250.0}
    ins = [e for e in network.edges if e.from_node.split("-")[0] in ("north", "south", "east", "west")]
    outs = [e for e in network.edges if not any(network.lanes[i].links for i in e.lanes)]
    assert len(ins) == len(outs) == 2 * (rows + columns)


@pytest.mark.parametrize("kind", KINDS)
def test_every_index_points_to_what_it_says(kind):
    network = grid_network(2, 3, **kind)
    for i, edge in enumerate(network.edges):
        assert edge.index == network.edge_index(edge.id) == i
        assert all(network.lanes[lane].edge == i for lane in edge.lanes)
    for i, lane in enumerate(network.lanes):
        assert lane.index == network.lane_index(lane.id) == i
        for link in lane.links:
            movement = network.movements[link.movement]
            assert (movement.from_lane, movement.to_lane) == (i, link.to_lane)
            assert network.edges[network.lanes[link.to_lane].edge].from_node == network.edges[lane.edge].to_node
    for i, junction in enumerate(network.junctions):
        assert junction.index == network.junction_index(junction.id) == i
        assert [network.movements[m].link for m in junction.movements] == list(range(junction.n_links))
        assert {network.movements[m].junction for m in junction.movements} == {i}


@pytest.mark.parametrize("kind", KINDS)
def test_stages_are_safe_serve_everybody_and_repeat_in_the_program(kind):
    network = grid_network(1, 1, **kind)
    (junction,) = network.junctions
    Interlock(network, SignalRules())
    for link in range(junction.n_links):
        walks = network.movements[link].is_crossing
        assert any(stage.is_green(link) for stage in junction.stages), (link, walks)
        assert not (walks and any(stage.state[link] == "g" for stage in junction.stages))
    greens = [p.state for p in junction.program if "y" not in p.state and set(p.state) & set("Gg")]
    assert greens == [stage.state for stage in junction.stages]
    for stage in junction.stages:
        for i in range(junction.n_links):
            foes = [j for j in range(junction.n_links) if junction.gives_way[i, j] and stage.is_green(j)]
            assert stage.state[i] == "r" or (stage.state[i] == "g") == bool(foes)


@pytest.mark.parametrize("left_hand", [False, True])
@pytest.mark.parametrize("lanes", [1, 2])
def test_conflicts_are_those_of_a_four_arm_junction(left_hand, lanes):
    network = grid_network(1, 1, left_hand=left_hand, lanes=lanes)
    (junction,) = network.junctions
    near, far = ("left", "right") if left_hand else ("right", "left")
    way = ways(network)

    def meet(a, b):
        return bool(junction.conflicts[way[a].link, way[b].link])

    def waits(a, b):
        return bool(junction.gives_way[way[a].link, way[b].link])

    assert not meet(("north", "straight"), ("south", "straight"))
    assert meet(("north", "straight"), ("east", "straight"))
    assert meet(("north", far), ("south", "straight"))
    assert waits(("north", far), ("south", "straight"))
    assert not waits(("south", "straight"), ("north", far))
    assert not meet(("north", far), ("south", far))
    assert not meet(("north", near), ("south", near))
    assert not meet(("north", near), ("south", "straight"))
    assert not meet(("north", near), ("north", far))  # they diverge
    # the near turn and the opposing far turn end in the same road, and in the same lane only if there is one
    assert meet(("north", near), ("south", far)) == (lanes == 1)
    # turning near from the north, one merges with the cross street that goes the same way, and meets no other
    merging, other = ("west", "east") if left_hand else ("east", "west")
    assert meet(("north", near), (merging, "straight"))
    assert waits(("north", near), (merging, "straight"))
    assert not meet(("north", near), (other, "straight"))
    assert np.array_equal(junction.conflicts, junction.conflicts.T)
    assert not (junction.gives_way & ~junction.conflicts).any()
    assert not (junction.gives_way & junction.gives_way.T).any()  # nobody waits for each other


def test_turns_lead_where_their_names_say():
    # seen from the north arm, driving south: east is on the left hand
    way = ways(grid_network(1, 1))
    network = grid_network(1, 1)
    exits = {
        turn: network.edges[network.lanes[way["north", turn].to_lane].edge].to_node
        for turn in ("left", "straight", "right")
    }
    assert exits == {"left": "east-0", "straight": "south-0", "right": "west-0"}


def test_a_crossing_conflicts_with_all_who_use_its_arm():
    network = grid_network(1, 1, crossings=True)
    (junction,) = network.junctions
    for link in range(12, 16):
        arm_edges = {e.index for e in network.edges if ("north", "east", "south", "west")[link - 12] in e.id}
        users = [
            m.link for m in network.movements
            if not m.is_crossing
            and {network.lanes[m.from_lane].edge, network.lanes[m.to_lane].edge} & arm_edges
        ]  # fmt: skip
        assert np.flatnonzero(junction.conflicts[link]).tolist() == users
        assert len(users) == 6


def test_one_can_drive_from_everywhere_to_everywhere():
    graph = grid_network(3, 4).graph()
    inner = [node for node in graph if graph.in_degree(node) > 1]
    assert len(inner) == 12
    assert nx.is_strongly_connected(graph.subgraph(inner))
    assert graph["0-0"]["0-1"]["time_s"] == pytest.approx(300 / 14)


def test_a_grid_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1 row and 1 column, not 0 and 3"):
        grid_network(0, 3)


def test_a_city_of_2_810_junctions_is_built():
    network = grid_network(10, 281)
    assert len(network.junctions) == 2_810
    assert len(network.movements) == 33_720
    # shared, not copied: the city fits into memory
    assert network.junctions[0].conflicts is network.junctions[-1].conflicts
    assert network.lanes[network.lane_index("9-280>east-9_0")].links == ()
