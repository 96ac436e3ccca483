from __future__ import annotations

import gzip

import pytest
from nets import tiny_net

from citybrain.demand.scenario import Scenario
from citybrain.demand.validate import all_edge_ids, check_demand
from citybrain.errors import InputError


@pytest.fixture
def scenario(tmp_path):
    """A function that makes a scenario of the tiny net and the given route file."""
    net = tmp_path / "tiny.net.xml"
    net.write_text(tiny_net(), encoding="utf-8")

    def make(routes="", name="tiny.rou.xml", additional=()):
        path = tmp_path / name
        if routes:
            text = f"<routes>{routes}</routes>".encode()
            path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return Scenario(
            name="tiny", net_file=net, route_files=(path,), additional_files=additional, begin_s=0, end_s=10
        )

    return make


GOOD = """<vType id="car"/><vehicle id="v" depart="1"><route edges="a b"/></vehicle>
<trip id="t" depart="2" from="a" to="n" via="n"/><flow id="f" begin="0" end="9" number="3" from="d" to="e"/>
<flow id="z" begin="0" end="9" number="3" fromTaz="1" toTaz="2"/><route id="r" edges="a n m"/>"""


@pytest.mark.parametrize("name", ["tiny.rou.xml", "tiny.rou.xml.gz"])
def test_good_demand_passes(scenario, name):
    check_demand(scenario(GOOD, name=name))


def test_all_edges_count_those_for_pedestrians_too(scenario):
    assert {"a", "b", "d", "e", "n", "m", ":C_c0"} <= all_edge_ids(scenario(GOOD).net_file)


@pytest.mark.parametrize(
    ("routes", "owner", "edge"),
    [
        ('<vehicle id="v7" depart="1"><route edges="a bb"/></vehicle>', "vehicle 'v7'", "'bb'"),
        ('<trip id="t" depart="2" from="x" to="b"/>', "trip 't'", "'x'"),
        ('<trip id="t" depart="2" from="a" to="y"/>', "trip 't'", "'y'"),
        ('<flow id="f" begin="0" end="9" number="3" from="a" via="q" to="b"/>', "flow 'f'", "'q'"),
        ('<route id="r" edges="a -b"/>', "route 'r'", "'-b'"),
        ('<person id="p" depart="0"><walk edges="a w"/></person>', "person 'p'", "'w'"),
    ],
)
def test_an_unknown_edge_is_named_with_its_file_and_vehicle(scenario, routes, owner, edge):
    bad = scenario(routes)
    with pytest.raises(InputError) as caught:
        check_demand(bad)
    message = str(caught.value)
    assert message.startswith(f"{bad.route_files[0]}: {owner} uses edge {edge}, which is not in the network")
    assert "\n" not in message


def test_missing_files_are_named(scenario, tmp_path):
    with pytest.raises(InputError, match=r"gone\.rou\.xml: no such file \(named by tiny\)"):
        check_demand(scenario(name="gone.rou.xml"))
    with pytest.raises(InputError, match=r"gone\.add\.xml: no such file"):
        check_demand(scenario(GOOD, additional=(tmp_path / "gone.add.xml",)))


def test_no_route_files_means_no_traffic(scenario):
    from dataclasses import replace

    with pytest.raises(InputError, match="names no route-files; there would be no traffic"):
        check_demand(replace(scenario(GOOD), route_files=()))


@pytest.mark.parametrize("content", [b"", b"<routes><vehicle", b"hello"])
@pytest.mark.parametrize("name", ["bad.rou.xml", "bad.rou.xml.gz"])
def test_broken_route_files_are_refused(scenario, content, name):
    bad = scenario(GOOD, name=name)
    bad.route_files[0].write_bytes(content)
    with pytest.raises(InputError) as caught:
        check_demand(bad)
    assert f"{bad.route_files[0]}: broken XML" in str(caught.value)
    assert "\n" not in str(caught.value)
