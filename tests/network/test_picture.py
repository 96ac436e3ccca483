"""The picture and the GeoJSON of a network, read back."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from nets import tiny_net

from citybrain.errors import InputError
from citybrain.network.geojson import network_geojson, write_geojson
from citybrain.network.netfacts import Location, NetFacts, read_facts
from citybrain.network.picture import plot_network, save_picture, scale_length_m
from citybrain.network.synthetic import grid_network

UTM = Location(
    net_offset="-385640,-6671920", projection="+proj=utm +zone=35 +ellps=WGS84 +datum=WGS84 +units=m +no_defs"
)


def named_grid():
    network = grid_network(2, 3, left_hand=True)
    edges = tuple(
        dataclasses.replace(edge, name=f"Row {edge.id[0]}" if edge.id[0].isdigit() else "") for edge in network.edges
    )
    return dataclasses.replace(network, edges=edges)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_the_picture_draws_on_the_axes_it_is_given():
    ax = Figure().add_subplot()
    assert plot_network(grid_network(1, 2), ax=ax) is ax


def test_importing_it_opens_no_window():
    code = "import citybrain.network.picture, sys; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_it_shows_counts_names_scale_and_north():
    ax = plot_network(named_grid(), title="here")
    assert ax.get_title(loc="left") == "here"
    found = texts(ax)
    assert "6 signalised junctions, 10 km of directed road, 10 lane-km, driving on the left" in found
    assert {"N", "Row 0", "Row 1", "200 m"} <= set(found)


def test_roads_are_drawn_by_class_and_signals_by_group():
    network = grid_network(1, 2)
    classes = {"0-0>0-1": "highway.motorway_link", "0-1>0-0": "highway.primary"}
    ax = plot_network(network, road_class=classes, groups={"0-0": "A", "0-1": "B"})
    lines = [len(c.get_segments()) for c in ax.collections if isinstance(c, LineCollection)]
    assert lines == [12, 1, 1]  # streets without a type, one arterial, one expressway
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["expressway", "arterial", "street", "signals, group A (1)", "signals, group B (1)"]


def test_the_file_ending_chooses_the_format(tmp_path):
    save_picture(plot_network(grid_network(1, 1)), tmp_path / "a.svg")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()


def test_the_scale_bar_is_a_round_length():
    assert [scale_length_m(width) for width in (10_000, 700, 1300)] == [1000, 100, 200]


def test_geojson_is_in_degrees_and_names_what_it_holds(tmp_path):
    network = grid_network(1, 2)
    collection = network_geojson(network, NetFacts(location=UTM, road_class={"0-0>0-1": "street"}), groups={"0-0": "A"})
    write_geojson(collection, tmp_path / "net.geojson")
    features = json.loads((tmp_path / "net.geojson").read_text(encoding="utf-8"))["features"]
    assert len(features) == len(network.edges) + 2
    signal = features[-2]
    assert signal["properties"] == {
        "kind": "signal",
        "id": "0-0",
        "name": "",
        "group": "A",
        "stages": 2,
        "movements": 12,
    }
    # UTM 35 N, 385640 E 6671920 N
    assert signal["geometry"]["coordinates"] == pytest.approx([24.9386, 60.1690], abs=0.001)
    road = next(f for f in features if f["id"] == "0-0>0-1")
    assert road["properties"]["class"] == "street"
    assert len(road["geometry"]["coordinates"]) == 2


def test_geojson_is_refused_where_the_net_has_no_projection():
    with pytest.raises(InputError, match=r"grid 1 x 1: has no projection \(projParameter '!'\)"):
        network_geojson(grid_network(1, 1), NetFacts())


def test_facts_of_a_net_file(tmp_path):
    net = tmp_path / "tiny.net.xml"
    net.write_text(tiny_net(), encoding="utf-8")
    facts = read_facts(net)
    assert "a_1" in facts.car_lanes
    assert "a_0" not in facts.car_lanes  # a footpath
    assert not facts.location.is_geographic


def test_facts_of_a_broken_file_and_of_none(tmp_path):
    net = tmp_path / "bad.net.xml"
    with pytest.raises(InputError, match=r"bad.net.xml: no such network file"):
        read_facts(net)
    net.write_text("<net><edge", encoding="utf-8")
    with pytest.raises(InputError, match=r"bad.net.xml: not a SUMO network"):
        read_facts(net)


def test_part_of_a_street_is_not_named_beside_the_street():
    network = named_grid()
    edges = tuple(
        dataclasses.replace(edge, name="Row 0 flyover") if edge.id == "0-0>0-1" else edge for edge in network.edges
    )
    found = texts(plot_network(dataclasses.replace(network, edges=edges)))
    assert "Row 0" in found
    assert "Row 0 flyover" not in found
