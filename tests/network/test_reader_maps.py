"""The reader against maps that it did not grow up with, and against SUMO's own tools."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from lxml import etree

from citybrain.demand.resco import MAPS
from citybrain.messages import Decision
from citybrain.network import read_network
from citybrain.network.intergreens import SignalRules
from citybrain.signals.interlock import Interlock

JUNCTIONS = {
    "arterial4x4": 16, "cologne1": 1, "cologne3": 3, "cologne8": 8, "grid4x4": 16, "ingolstadt1": 1,
    "ingolstadt21": 21, "ingolstadt7": 7,
}  # fmt: skip


@pytest.mark.parametrize("name", MAPS)
def test_resco_maps_are_read_whole(resco, name):
    path = resco / name / f"{name}.net.xml"
    network, root = read_network(path), etree.parse(path).getroot()
    assert len(network.junctions) == JUNCTIONS[name]
    signalled = [c for c in root.iter("connection") if c.get("tl") and not c.get("from").startswith(":")]
    motor = [c for c in signalled if network.lane_index(f"{c.get('from')}_{c.get('fromLane')}") >= 0]
    assert len([m for m in network.movements if not m.is_crossing]) == len(motor)
    for junction in network.junctions:
        logic = root.findall(f"tlLogic[@id='{junction.id}']")[-1]
        assert [phase.state for phase in junction.program] == [p.get("state") for p in logic.iter("phase")]
        assert len(junction.stages) >= 1
        assert np.array_equal(junction.conflicts, junction.conflicts.T)
        assert not (junction.gives_way & ~junction.conflicts).any()
        served = {i for stage in junction.stages for i in range(junction.n_links) if stage.is_green(i)}
        assert served >= {network.movements[m].link for m in junction.movements}
    Interlock(network, SignalRules())  # every stage is safe


@pytest.mark.parametrize("name", MAPS)
def test_conflicts_agree_with_the_rows_of_the_net(resco, name):
    """Found another way: a path's row is the place of its last inner lane in the junction's list."""
    path = resco / name / f"{name}.net.xml"
    network, root = read_network(path), etree.parse(path).getroot()
    onward = {
        f"{c.get('from')}_{c.get('fromLane')}": c.get("via")
        for c in root.iter("connection")
        if c.get("from").startswith(":") and c.get("via")
    }
    edge_to = {edge.get("id"): edge.get("to") for edge in root.iter("edge") if edge.get("to")}
    nodes = {node.get("id"): node for node in root.iter("junction")}
    compared = 0
    for junction in network.junctions:
        rows: dict[int, tuple[str, int]] = {}
        for c in root.iterfind(f"connection[@tl='{junction.id}']"):
            if c.get("from").startswith(":"):
                continue
            via = c.get("via")
            while via in onward:
                via = onward[via]
            node = edge_to[c.get("from")]
            rows[int(c.get("linkIndex"))] = (node, nodes[node].get("intLanes").split().index(via))
        for i, (node_i, row_i) in rows.items():
            foes = nodes[node_i].findall("request")[row_i].get("foes")[::-1]
            for j, (node_j, row_j) in rows.items():
                if i != j and node_i == node_j:
                    compared += 1
                    expected = foes[row_j] == "1"
                    assert junction.conflicts[i, j] == expected, (junction.id, i, j)
    assert compared > 0


@pytest.mark.sumo
def test_a_left_hand_junction_with_crossings(left_hand_net):
    network = read_network(left_hand_net)
    (junction,) = network.junctions
    assert network.left_hand
    own = [network.movements[m] for m in junction.movements]
    crossings = [m for m in own if m.is_crossing]
    assert len(crossings) == 4

    def movement(arm, turn):
        edge = network.edge_index(f"{arm}_in")
        return next(m for m in own if m.turn == turn and m.from_lane >= 0 and network.lanes[m.from_lane].edge == edge)

    # driving on the left, the right turn crosses the opposing stream and gives way to it; the left one does not
    for arm, opposite in (("n", "s"), ("e", "w"), ("s", "n"), ("w", "e")):
        right, left, straight = movement(arm, "right"), movement(arm, "left"), movement(opposite, "straight")
        assert junction.conflicts[right.link, straight.link]
        assert junction.gives_way[right.link, straight.link]
        assert not junction.conflicts[left.link, straight.link]
    for crossing in crossings:  # everybody who enters or leaves over it conflicts with it: 3 in, 3 out
        assert junction.conflicts[crossing.link].sum() == 6


@pytest.mark.sumo
def test_pedestrians_of_a_real_net_are_cleared_before_traffic_starts(left_hand_net):
    network = read_network(left_hand_net)
    (junction,) = network.junctions
    rules = SignalRules()
    interlock = Interlock(network, rules)
    interlock.start(0)
    walking = {m.link: m for m in network.movements if m.is_crossing}
    stages = {stage.index: {link for link in walking if stage.is_green(link)} for stage in junction.stages}
    origin = next(i for i, links in stages.items() if links)
    target = next(i for i, links in stages.items() if links and not links & stages[origin])
    times = {}
    for time_ms in range(0, 120_000, 100):
        asked = origin if time_ms < 40_000 else target
        for command in interlock.advance(Decision(time_s=time_ms / 1000, stage=np.array([asked])), time_ms):
            times[time_ms] = command.state
    shown = sorted(times.items())
    checked = 0
    for (_, before), (time_ms, state) in itertools.pairwise(shown):
        for link in stages[origin]:
            lost_ms = min(t for t, later in shown if t >= 40_000 and later[link] == "r")
            starting = [j for j in np.flatnonzero(junction.conflicts[link]) if state[j] in "Gg" and before[j] == "r"]
            if time_ms > lost_ms and starting:
                checked += 1
                assert time_ms - lost_ms >= 1000 * walking[link].path_m / rules.walking_speed_mps
    assert checked > 0
