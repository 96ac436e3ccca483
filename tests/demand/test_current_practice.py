"""Webster splits, common cycles and offsets against figures worked out by hand."""

from __future__ import annotations

import pytest
from lxml import etree
from small_city import write_city

from citybrain.demand.current_practice import (
    SATURATION_PCU,
    Link,
    common_cycle_s,
    greens_s,
    lane_ratios,
    offsets_s,
    split_of,
    write_plans,
)
from citybrain.demand.flows import Flows
from citybrain.network.corridors import read_city
from citybrain.network.plain import lay_roads
from citybrain.network.programs import SignalLayout, read_layouts
from citybrain.network.stages import StageLink
from citybrain.network.written import built_net


def crossroads():
    """Two one-lane roads that cross, two stages with 5 s between them."""
    links = (
        StageLink(index=0, approach="w", lane="w_0", turn="straight", heading_deg=90, to_edge="e"),
        StageLink(index=1, approach="s", lane="s_0", turn="straight", heading_deg=0, to_edge="n"),
    )
    return SignalLayout(id="c", n_links=2, links=links, stages=(frozenset({0}), frozenset({1})), crossing_m=0.0)


def flows(**pcu):
    return Flows(edge_vph={}, movement_pcu={("w", "e"): pcu["w"], ("s", "n"): pcu["s"]})


def split(**pcu):
    layout = crossroads()
    return split_of(layout, lane_ratios(layout, flows(**pcu)))


def test_load_and_cycle_are_websters():
    found = split(w=SATURATION_PCU * 0.4, s=SATURATION_PCU * 0.2)
    assert found.load == pytest.approx(0.6)
    assert found.lost_s == 10.0
    assert found.webster_s == pytest.approx((1.5 * 10 + 5) / 0.4)


def test_green_is_shared_in_proportion_to_the_flow_ratios():
    greens = greens_s(split(w=SATURATION_PCU * 0.4, s=SATURATION_PCU * 0.2), 100)
    assert sum(greens) == 90
    assert greens == [60, 30]


def test_a_quiet_road_keeps_its_least_green():
    assert greens_s(split(w=SATURATION_PCU * 0.5, s=0.0), 60) == [40, 10]


def test_a_lane_that_two_movements_share_fills_last():
    links = (
        StageLink(index=0, approach="w", lane="w_0", turn="near", to_edge="n"),
        StageLink(index=1, approach="w", lane="w_0", turn="straight", to_edge="e"),
        StageLink(index=2, approach="w", lane="w_1", turn="straight", to_edge="e"),
    )
    layout = SignalLayout(id="c", n_links=3, links=links, stages=(frozenset({0, 1, 2}),), crossing_m=0.0)
    counted = Flows(edge_vph={}, movement_pcu={("w", "n"): 300.0, ("w", "e"): 600.0})
    ratios = lane_ratios(layout, counted)
    # 900 in all, so 450 a lane: the 300 that turn leave room for 150 going straight
    assert ratios["w_0"] == pytest.approx(450 / SATURATION_PCU, rel=0.01)
    assert ratios["w_1"] == pytest.approx(450 / SATURATION_PCU, rel=0.01)


def test_a_group_takes_the_longest_cycle_within_bounds():
    light, heavy = split(w=150.0, s=150.0), split(w=SATURATION_PCU * 0.5, s=SATURATION_PCU * 0.29)
    assert common_cycle_s([light], least_s=60, most_s=120) == 60
    assert common_cycle_s([light, heavy], least_s=60, most_s=120) == 96
    assert common_cycle_s([light, heavy], least_s=60, most_s=90) == 90


def test_offsets_let_the_upstream_green_arrive_in_green():
    links = [Link(start="a", end="b", from_edge="in", to_edge="ab", pcu=500, travel_s=30.0)]
    starts = {("a", "in"): 10.0, ("b", "ab"): 25.0}
    offsets = offsets_s(links, starts, cycle_s=90)
    release, arrival = offsets["a"] + 10.0, offsets["b"] + 25.0
    assert (arrival - release - 30.0) % 90 == pytest.approx(0.0)


@pytest.mark.sumo
def test_plans_of_a_small_city_are_complete_and_share_a_cycle(tmp_path, monkeypatch):
    monkeypatch.setenv("CITYBRAIN_CACHE", str(tmp_path / "cache"))
    folder = write_city(tmp_path / "city")
    layouts = read_layouts(built_net(folder))
    counted = Flows(edge_vph={}, movement_pcu={("g_west--a.stop", "a--x"): 700.0, ("x--b.stop", "b--g_east"): 600.0})
    cycles = write_plans(
        layouts, counted, lay_roads(read_city(folder)), tmp_path / "plans.add.xml", cycle_bounds_s=(60, 120)
    )
    logics = etree.parse(str(tmp_path / "plans.add.xml")).getroot().findall("tlLogic")
    assert sorted(logic.get("id") for logic in logics) == ["a", "b", "x"]
    for logic in logics:
        group = "B" if logic.get("id") == "b" else "A"
        assert sum(float(phase.get("duration")) for phase in logic) == cycles[group]
        served = {i for phase in logic for i, lamp in enumerate(phase.get("state")) if lamp == "G"}
        assert served == set(range(len(logic[0].get("state"))))
