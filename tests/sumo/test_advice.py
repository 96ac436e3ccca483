"""Drivers who are advised in SUMO: who takes another way, and who does not."""

from __future__ import annotations

import pytest
from cases import netconvert

from citybrain.demand.scenario import Scenario
from citybrain.network import read_network
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

pytestmark = pytest.mark.sumo


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """From a to d over b, 1 km, or over c, a little longer; a signal far away."""
    folder = tmp_path_factory.mktemp("fork")
    places = {"s": (-300, 0), "a": (0, 0), "b": (500, 50), "c": (500, -250), "d": (1000, 0), "e": (1300, 0)}
    places |= {"p": (0, 1700), "q": (200, 1900), "r": (0, 2100)}
    nodes = "".join(f'<node id="{name}" x="{x}" y="{y}"/>' for name, (x, y) in places.items())
    nodes += '<node id="T" x="0" y="1900" type="traffic_light"/>'
    edges = "".join(
        f'<edge id="{x}{y}" from="{x}" to="{y}" numLanes="1" speed="13.89"/>'
        for x, y in ("sa", "ab", "bd", "ac", "cd", "de", "pT", "rT", "Tq")
    )
    net = netconvert(folder, nodes, edges)
    routes = folder / "fork.rou.xml"
    routes.write_text(
        '<routes><flow id="f" begin="0" end="1200" vehsPerHour="600" departSpeed="max"><route edges="sa ab bd de"/></flow></routes>',
        encoding="utf-8",
    )
    return Scenario(name="fork", net_file=net, route_files=(routes,), begin_s=0, end_s=1200, options={})


def share_over_c(fork, *, compliance, cost_s, told_s=1200.0):
    """Return which share of the vehicles that get to d come over c, and how many were diverted."""
    network = read_network(fork.net_file)
    plant = SumoPlant(fork, network, SumoLaunch(seed=1))
    edge = {e.id: i for i, e in enumerate(network.edges)}
    over = {"bd": set(), "cd": set()}
    try:
        advice = plant.advice(seed=1)
        times_s = {e.id: e.length_m / e.speed_mps for e in network.edges} | {"bd": cost_s}
        for second in range(1200):
            plant.step()
            if second % 20 == 0:
                advice.advise({"bd": compliance} if second < told_s else {}, times_s)
            readings = plant.read()
            for name, lane in zip(readings.ids, readings.lane, strict=True):
                for road, seen in over.items():
                    if lane >= 0 and network.lanes[lane].edge == edge[road]:
                        seen.add(name)
    finally:
        plant.close()
    return len(over["cd"]) / (len(over["bd"]) + len(over["cd"])), advice.diverted, len(over["cd"])


def test_the_share_that_follows_takes_the_other_way(fork):
    share, diverted, over_c = share_over_c(fork, compliance=0.4, cost_s=600.0)
    assert share == pytest.approx(0.4, abs=0.1)
    assert abs(diverted - over_c) <= 5  # some have not arrived yet


def test_nobody_leaves_a_way_that_is_still_the_fastest(fork):
    assert share_over_c(fork, compliance=1.0, cost_s=40.0)[:2] == (0.0, 0)


def test_advice_that_is_withdrawn_leads_nobody_off(fork):
    all_along, _, _ = share_over_c(fork, compliance=1.0, cost_s=600.0)
    half, _, _ = share_over_c(fork, compliance=1.0, cost_s=600.0, told_s=600.0)
    assert all_along > 0.9
    assert 0.3 < half < 0.7
