"""The demand of a written city: zones, trip tables, trips, buses, emergency sites; without the simulator."""

from __future__ import annotations

import numpy as np
import pytest
import small_city
from small_city import write_city

from citybrain.demand.buses import bus_trips
from citybrain.demand.counts import match_counts, read_counts
from citybrain.demand.day import period_of_hour
from citybrain.demand.emergency_sites import read_emergency_sites
from citybrain.demand.flows import count_flows
from citybrain.demand.od import trip_table
from citybrain.demand.periods import read_periods
from citybrain.demand.trips import Trip, draw_trips, read_trips, write_routes
from citybrain.demand.zones import read_zones
from citybrain.errors import InputError
from citybrain.network.cities import city_folder
from citybrain.network.corridors import read_city
from citybrain.network.plain import lay_roads


@pytest.fixture
def folder(tmp_path):
    return write_city(tmp_path / "city")


@pytest.fixture
def roads(folder):
    return lay_roads(read_city(folder))


@pytest.fixture
def zones(roads):
    return read_zones(roads.city, roads)


@pytest.fixture
def peak(folder):
    return read_periods(folder).periods["peak"]


def trip(name, edges, *, kind="car", depart_s=0.0):
    return Trip(
        id=name, kind=kind, depart_s=depart_s, from_edge=edges[0], to_edge=edges[-1],
        through_from=True, through_to=False, edges=tuple(edges),
    )  # fmt: skip


def test_gateways_come_first_and_zones_load_the_roads_between_their_places(zones):
    assert [zone.gateway for zone in zones] == [True] * 4 + [False]
    assert {edge for edge, _ in zones[-1].out_edges} == {"a--x", "x--a", "b--x", "x--b"}
    assert zones[0].out_edges == (("g_west--a", 1.0),)
    assert zones[0].in_edges == (("a--g_west", 1.0),)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('place = "g_west"', 'place = "g_nowhere"', "place 'g_nowhere' is not in junctions.csv"),
        ('place = "g_west"', 'place = "a"', "a is a junction, not a gateway"),
        ("homes = 10", "homes = -1", "'g_west' has homes = -1, not a size"),
    ],
)
def test_zones_that_are_wrong(tmp_path, old, new, said):
    folder = write_city(tmp_path / "city", zones=small_city.ZONES.replace(old, new))
    roads = lay_roads(read_city(folder))
    with pytest.raises(InputError, match=said):
        read_zones(roads.city, roads)


def test_the_trip_table_sums_to_the_rate_and_sends_people_home(zones, peak):
    table = trip_table(zones, peak)
    assert table.sum() == pytest.approx(peak.trips_vph)
    assert not table.diagonal().any()
    east, west = 1, 0
    assert table[east, west] > 2 * table[west, east]  # jobs in the east, homes in the west, and it is evening


def test_a_course_shapes_departures_and_keeps_the_total(zones, peak):
    trips = draw_trips(zones, trip_table(zones, peak), peak, generator=np.random.default_rng(1))
    full_rate_hours = (300 * 1.1 + 900 * 0.9) / 3600
    assert peak.rate_hours(peak.load_s, peak.end_s) == pytest.approx(full_rate_hours)
    assert len(trips) == pytest.approx(1200 * full_rate_hours, rel=0.06)
    departs = np.array([t.depart_s for t in trips])
    assert (departs[:-1] <= departs[1:]).all()
    first, last = (departs < peak.begin_s + 300).sum(), (departs > peak.end_s - 300).sum()
    assert first / last == pytest.approx((300 * 1.1 + 300 * 1.1) / (300 * 0.7), rel=0.25)
    # flows an hour are those of the measured window: the warm-up is a little busier than its mean
    assert peak.loaded_hours == pytest.approx(full_rate_hours / 0.9)


@pytest.mark.parametrize("course", ["[[0, 1], [0, 2]]", "[[10, 1], [0, 2]]", "[[0, -1]]", "[]"])
def test_a_course_that_makes_no_sense(tmp_path, course):
    text = small_city.PERIODS.replace("[[-300, 1.0], [0, 1.2], [900, 0.6]]", course)
    with pytest.raises(InputError, match=r"period 'peak' has course .*; needed rising times, factors >= 0"):
        read_periods(write_city(tmp_path / "city", periods=text))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("begin_h = 18\n", "begin_h = 19\n", "period 'peak' from 19 h to 18.25 h"),
        ("trips_vph = 1200", "trips = 1200", "period 'peak' has unknown key 'trips'"),
        ("cycle_s = [60, 120]", "cycle_s = [60]", "period 'peak' is not usable"),
        ("[1, 1, 1, 1, 1, 1, 2", "[1, 2", "day.profile has 19 values, needed 24"),
    ],
)
def test_periods_that_are_wrong(tmp_path, old, new, said):
    with pytest.raises(InputError, match=said):
        read_periods(write_city(tmp_path / "city", periods=small_city.PERIODS.replace(old, new)))


def test_routes_survive_the_file(tmp_path):
    trips = [trip("c1", ["g_west--a", "a--x"]), trip("m2", ["a--x"], kind="motorcycle", depart_s=7.5)]
    write_routes(trips, tmp_path / "r.rou.xml.gz")
    assert list(read_trips(tmp_path / "r.rou.xml.gz")) == trips


def test_flows_count_vehicles_on_edges_and_car_units_on_movements():
    flows = count_flows([trip("1", ["p", "q"]), trip("2", ["p", "r"], kind="lorry")], hours=0.5)
    assert flows.edge_vph == {"p": 4.0, "q": 2.0, "r": 2.0}
    assert flows.movement_pcu == {("p", "q"): 2.0, ("p", "r"): pytest.approx(3.8)}


def test_matching_counts_keeps_the_demand_as_large(tmp_path):
    (tmp_path / "c.csv").write_text("edge,begin_s,end_s,vehicles,source\np,0,3600,300,x\n", encoding="utf-8")
    counts = read_counts(tmp_path / "c.csv")
    trips = [trip(f"{k}", ["p" if k < 200 else "q"], depart_s=k) for k in range(1000)]
    matched = match_counts(
        trips, {count.edge: count.vph for count in counts}, {"p": 200.0}, keep_total=True,
        generator=np.random.default_rng(1),
    )  # fmt: skip
    assert sum(t.edges == ("p",) for t in matched) == pytest.approx(300, rel=0.1)
    assert len(matched) == pytest.approx(1000, rel=0.03)
    assert len({t.id for t in matched}) == len(matched)


def test_buses_run_by_headway_on_the_shortest_way(roads):
    buses = bus_trips(roads, service="peak", begin_s=0.0, end_s=1500.0)
    assert [bus.depart_s for bus in buses] == [0.0, 300.0, 600.0, 900.0, 1200.0]
    assert buses[0].edges[0] == "g_west--a"
    assert buses[0].edges[-1] == "b--g_east"
    assert bus_trips(roads, service="night", begin_s=0.0, end_s=1500.0) == []


def test_each_hour_of_the_day_takes_the_period_most_like_it(folder):
    written = read_periods(folder)
    assert period_of_hour(18, written.periods, written.profile) == "peak"
    assert period_of_hour(3, written.periods, written.profile) == "night"
    assert period_of_hour(23, written.periods, written.profile) == "night"


def test_a_site_lies_on_the_roads_at_its_gate(roads):
    (site,) = read_emergency_sites(roads)
    # 0.0015 degrees of longitude from junction a, of the 0.0025 to the crossing
    along_m = 0.0015 * 111_320 * np.cos(np.radians(3.15))
    assert site.edges[0] == ("a--x", pytest.approx(along_m, abs=15))
    assert site.edges[1][0].startswith("x--a")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"x--a"', '"x--b2"', "'Fire station' is on road 'x--b2', which the city does not have"),
        ('"x--a"', '"g_south--a"', "'Fire station' is .* m from road 'g_south--a', at most 120 m makes sense"),
    ],
)
def test_sites_that_are_wrong(tmp_path, old, new, said):
    roads = lay_roads(read_city(write_city(tmp_path / "city", emergency_sites=small_city.SITES.replace(old, new))))
    with pytest.raises(InputError, match=said):
        read_emergency_sites(roads)


def test_kuala_lumpur_has_sites_at_two_fire_stations_and_seven_hospital_gates():
    sites = read_emergency_sites(lay_roads(read_city(city_folder("kuala-lumpur"))))
    kinds = [site.kind for site in sites]
    assert (kinds.count("fire station"), kinds.count("hospital")) == (2, 7)
    assert all(site.edges for site in sites)


def test_kuala_lumpur_is_written_consistently():
    city = read_city(city_folder("kuala-lumpur"))
    roads = lay_roads(city)
    zones = read_zones(city, roads)
    assert len(city.signals) == 281
    assert {place.group for place in city.signals} == {"A", "B"}
    assert {zone.name for zone in zones if zone.gateway} == {p.id for p in city.places.values() if p.kind == "gateway"}
    for name, period in read_periods(city.folder).periods.items():
        assert trip_table(zones, period).sum() == pytest.approx(period.trips_vph), name
        assert bus_trips(roads, service="peak", begin_s=period.load_s, end_s=period.end_s)
