"""The written Kuala Lumpur against real signal positions and real distances between them.

The reference files are not part of the project; they lie in ``shared/kl`` beside the repository, or where
``CITYBRAIN_KL_REFERENCE`` says, and the tests skip without them.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import networkx as nx
import pytest

from citybrain.network.cities import city_folder
from citybrain.network.corridors import distance_m, read_city
from citybrain.network.plain import lay_roads

NEAR_M = 60.0
READ_AREA = (3.12, 3.18, 101.67, 101.72)
"""Where real signals were read at all: south, north, west, east."""
REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("CITYBRAIN_KL_REFERENCE", REPOSITORY.parent / "shared" / "kl"))

pytestmark = pytest.mark.skipif(not (REFERENCE / "signals.csv").is_file(), reason=f"{REFERENCE}: no reference files")


def rows(name):
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def city():
    return read_city(city_folder("kuala-lumpur"))


@pytest.fixture(scope="module")
def real():
    """Position of each real signal cluster."""
    return {r["id"]: (float(r["lat"]), float(r["lon"])) for r in rows("signals.csv") if r["kind"] == "signals"}


@pytest.fixture(scope="module")
def nearest(city, real):
    """Distance to our nearest signal, and its id, for each real cluster."""
    ours = [(place.point, place.id) for place in city.signals]
    return {name: min((distance_m(at, point), place) for point, place in ours) for name, at in real.items()}


def test_the_model_covers_the_real_signals_and_has_them_where_they_are(city, real, nearest):
    points = [place.point for place in city.places.values()]
    south, north = min(p[0] for p in points), max(p[0] for p in points)
    west, east = min(p[1] for p in points), max(p[1] for p in points)
    inside = [name for name, (lat, lon) in real.items() if south <= lat <= north and west <= lon <= east]
    assert len(inside) >= 100
    assert sum(nearest[name][0] <= NEAR_M for name in inside) >= 0.85 * len(inside)


def test_few_of_ours_stand_where_the_real_map_has_none(city):
    everything = [(float(r["lat"]), float(r["lon"])) for r in rows("signals.csv")]
    south, north, west, east = READ_AREA
    ours = [p for p in city.signals if south <= p.lat <= north and west <= p.lon <= east]
    alone = [p.id for p in ours if min(distance_m(p.point, at) for at in everything) > NEAR_M]
    assert len(alone) <= 0.2 * len(ours), alone


def test_distances_between_signals_are_those_of_the_bus_routes(city, nearest):
    roads = lay_roads(city)
    graph = nx.DiGraph()
    graph.add_nodes_from(roads.roads)
    for c in roads.connections:
        graph.add_edge(c.from_road, c.to_road, metres=roads.roads[c.to_road].length_m)
    right = total = 0
    for row in rows("signal_links.csv"):
        path_m, straight_m = float(row["path_length_m"]), float(row["straight_m"])
        # a path much longer than the straight line, or shorter, is an artefact of flyovers and short links
        if not (0.85 * straight_m <= path_m <= 1.5 * straight_m and path_m >= NEAR_M):
            continue
        total += 1
        (_, start), (_, end) = nearest[row["from_id"]], nearest[row["to_id"]]
        ours_m = shortest_m(graph, roads.roads, start, end)
        right += ours_m is not None and 0.8 * path_m <= ours_m <= 1.2 * path_m
    assert total >= 100
    assert right >= 0.8 * total


def shortest_m(graph, roads, start, end):
    """Shortest way from signal to signal over lanes that connect."""
    found = []
    for road in roads.values():
        if road.start == start:
            away = nx.single_source_dijkstra_path_length(graph, road.id, weight="metres", cutoff=3000)
            found += [road.length_m + m for name, m in away.items() if roads[name].end == end]
    return min(found, default=None)


def test_emergency_sites_are_on_the_network(city):
    from citybrain.demand.emergency_sites import read_emergency_sites

    sites = read_emergency_sites(lay_roads(city))
    for row in rows("emergency_sites.csv"):
        at = float(row["lat"]), float(row["lon"])
        assert min(distance_m(at, site.point) for site in sites) < 100, row
