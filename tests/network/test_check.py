"""The network check on networks made in plain Python: every rule finds what it is for, and nothing else."""

from __future__ import annotations

import dataclasses
import json

import pytest
from builders import one_junction

from citybrain.network.car_roads import car_graph, sort_roads
from citybrain.network.check import check_network
from citybrain.network.check_rules import RULES
from citybrain.network.model import Network
from citybrain.network.netfacts import NetFacts
from citybrain.network.synthetic import grid_network

CROSS = [(0, 1)]


def rules(network: Network, **options) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in check_network(network, **options).findings:
        found.setdefault(finding.rule, []).append(finding.id)
    return found


def without_links(network: Network, *edge_ids: str) -> Network:
    """The same roads, with nothing leading on from some of them."""
    cut = {network.edge_index(edge) for edge in edge_ids}
    lanes = tuple(dataclasses.replace(lane, links=()) if lane.edge in cut else lane for lane in network.lanes)
    return dataclasses.replace(network, lanes=lanes)


def scaled(network: Network, factor: float) -> Network:
    edges = tuple(
        dataclasses.replace(
            edge, length_m=edge.length_m * factor, shape=tuple((x * factor, y * factor) for x, y in edge.shape)
        )
        for edge in network.edges
    )
    return dataclasses.replace(network, edges=edges)


@pytest.mark.parametrize("left_hand", [False, True])
def test_a_sound_grid_has_no_finding(left_hand):
    report = check_network(grid_network(2, 3, lanes=2, stages=4, left_hand=left_hand, crossings=True))
    assert report.findings == ()
    assert (report.junctions, report.movements, report.crossings, report.unserved) == (6, 72, 24, 0)
    assert (report.edges, report.lanes, report.road_km, report.lane_km) == (34, 68, 10.2, 20.4)
    assert report.left_hand is left_hand
    assert report.connectivity.largest_share == 1.0


def test_a_movement_without_green_is_an_error_and_named():
    report = check_network(one_junction(["Gr", "Gr"], CROSS))
    (error,) = report.errors
    assert (error.rule, error.id) == ("unserved-movement", "J")
    assert error.what == "link 1, straight from in-1_0 to out-1_0, has no green in any stage"
    assert report.unserved == 1
    assert not report.as_dict()["ok"]


def test_a_turn_on_red_counts_as_served():
    assert "unserved-movement" not in rules(one_junction(["Gs", "Gr"], CROSS))


def test_conflicting_protected_greens_are_an_error():
    report = check_network(one_junction(["GG", "rG"], CROSS))
    assert [finding.what for finding in report.errors] == ["links 0 and 1 conflict and are both 'G' in stage GG"]
    assert "conflicting-greens" not in rules(one_junction(["Gg", "rG"], CROSS))


def test_what_the_reader_mended_is_a_warning_with_its_junction():
    network = one_junction(["Gr", "rG"], CROSS)
    warned = dataclasses.replace(network, warnings=("junction J: links 0 and 1 conflict", "signal X: none is green"))
    assert rules(warned)["mended-program"] == ["J", "X"]
    assert not check_network(warned).errors


def test_one_stage_and_no_conflict_are_suspicious():
    found = rules(one_junction(["GG"]))
    assert found["single-stage"] == ["J"]
    assert found["no-conflict"] == ["J"]


def test_signals_closer_than_25_m_and_short_roads_between_them():
    found = rules(scaled(grid_network(1, 2), 0.05))  # 15 m apart
    assert found["close-signals"] == ["0-0"]
    assert found["short-edge"] == ["0-1>0-0", "0-0>0-1"]
    assert not {"close-signals", "short-edge"} & set(rules(scaled(grid_network(1, 2), 0.1)))


def test_turns_that_wait_in_the_only_lane():
    assert len(rules(grid_network(1, 1, lanes=1, stages=2))["shared-turn-lane"]) == 4
    assert "shared-turn-lane" not in rules(grid_network(1, 1, lanes=1, stages=4))
    assert "shared-turn-lane" not in rules(grid_network(1, 1, lanes=2, stages=2))


def test_a_lane_that_leads_nowhere():
    network = grid_network(1, 1, lanes=2, stages=4)
    lanes = tuple(dataclasses.replace(lane, links=()) if lane.id == "north-0>0-0_1" else lane for lane in network.lanes)
    assert rules(dataclasses.replace(network, lanes=lanes))["lost-lane"] == ["north-0>0-0"]


def test_a_road_that_leads_nowhere_is_stranded():
    network = without_links(grid_network(3, 3), "1-1>1-2")
    report = check_network(network)
    assert report.connectivity.stranded == ("1-1>1-2",)
    (finding,) = [f for f in report.findings if f.rule == "stranded-road"]
    assert finding.what == "road, 300 m, does not lead back to the rest"
    assert finding.severity == "warning"


def test_a_torn_network_is_an_error():
    network = grid_network(2, 2)
    torn = without_links(network, *(edge.id for edge in network.edges if edge.id[0].isdigit()))
    assert rules(torn)["cut-off"] == ["network"]


def test_lanes_closed_to_cars_do_not_count():
    network = grid_network(1, 2)
    assert rules(network, facts=NetFacts())["cut-off"] == ["network"]
    facts = NetFacts(car_lanes=frozenset(lane.id for lane in network.lanes))
    assert "cut-off" not in rules(network, facts=facts)


def test_one_way_roads_at_the_edge_of_the_map_are_as_they_must_be():
    network = one_junction(["Gr", "rG"], CROSS)
    roads = sort_roads(network, car_graph(network))  # two roads that only cross: no way back
    assert (len(roads.core), len(roads.stranded)) == (1, 0)
    assert len(roads.one_way_in | roads.one_way_out) == 1
    assert len(roads.one_way_through) == 2
    grid = grid_network(2, 2)
    closed = {"0-0>west-0"}
    lanes = frozenset(lane.id for lane in grid.lanes if grid.edges[lane.edge].id not in closed)
    connectivity = check_network(grid, facts=NetFacts(car_lanes=lanes)).connectivity
    assert connectivity.one_way_in == ("west-0>0-0",)
    assert connectivity.stranded == ()


def test_dead_ends_inside_the_map_but_not_at_its_rim_or_at_gateways():
    network = grid_network(5, 5)
    inner = tuple(
        dataclasses.replace(edge, to_node="yard") if edge.id == "2-2>2-3"
        else dataclasses.replace(edge, from_node="yard") if edge.id == "2-3>2-2"
        else edge
        for edge in network.edges
    )  # fmt: skip
    inner_network = dataclasses.replace(network, edges=inner)
    assert rules(inner_network)["dead-end"] == ["yard"]
    assert "dead-end" not in rules(inner_network, gateways={"yard"})


def test_the_report_is_plain_json():
    report = check_network(one_junction(["Gr", "Gr"], CROSS), name="here")
    content = json.loads(json.dumps(report.as_dict()))
    assert content["name"] == "here"
    assert content["counts"]["errors"] == 1
    assert set(content["findings"][0]) == {"severity", "rule", "id", "what", "why", "fix"}


def test_rules_have_names_of_their_own_and_say_why_and_what_to_do():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.why and rule.fix for rule in RULES)
