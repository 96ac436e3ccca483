"""Routes of a small city, from the trip table to the file, through SUMO."""

from __future__ import annotations

import numpy as np
import pytest
from small_city import write_city

from citybrain.demand import city
from citybrain.demand.city_routes import route_period
from citybrain.demand.flows import count_flows
from citybrain.demand.measured import EdgeMeasure, mean_speed_kmh, read_edge_data
from citybrain.demand.periods import read_periods
from citybrain.demand.trips import read_trips, write_routes
from citybrain.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CITYBRAIN_CACHE", str(tmp_path / "cache"))
    made = write_city(tmp_path / "city")
    monkeypatch.setattr(city, "city_folder", lambda _name: made)
    return made


@pytest.mark.sumo
def test_every_trip_gets_a_route_and_counts_are_met(folder):
    period = read_periods(folder).periods["peak"]
    (folder / "counts.csv").write_text("edge,begin_s,end_s,vehicles\na--g_south,64800,65700,100\n", encoding="utf-8")
    trips = route_period(folder, period, rounds=4, micro_rounds=1)
    assert [t.depart_s for t in trips] == sorted(t.depart_s for t in trips)
    assert sum(t.kind == "bus" for t in trips) == 4
    assert all(t.edges for t in trips)
    counted = count_flows(trips, hours=period.loaded_hours).edge_vph
    assert counted["a--g_south"] == pytest.approx(400, rel=0.15)
    again = route_period(folder, period, rounds=4, micro_rounds=1)
    assert again == trips


@pytest.mark.sumo
def test_scenarios_are_made_of_the_routes_that_are_there(folder):
    written = read_periods(folder)
    assert city.city_periods("small") == ()
    for name in ("peak", "night"):
        trips = route_period(folder, written.periods[name], rounds=1, micro_rounds=0)
        (folder / "routes").mkdir(exist_ok=True)
        write_routes(trips, folder / "routes" / f"{name}.rou.xml.gz")
    assert city.city_periods("small") == ("peak", "night", "day")
    peak = city.build_city("small", "peak")
    assert (peak.begin_s, peak.end_s, peak.warmup_s) == (64800.0, 65700.0, 300.0)
    assert all(file.is_file() for file in (peak.net_file, *peak.route_files, *peak.additional_files))
    day = city.build_city("small", "day")
    hours = np.array([trip.depart_s for trip in read_trips(day.route_files[0])]) // 3600
    assert (hours == 18).sum() == pytest.approx(1200, rel=0.05)
    assert (hours == 3).sum() == pytest.approx(240, rel=0.05)
    text = day.additional_files[1].read_text(encoding="utf-8")
    assert '<wautSwitch time="18000" to="peak"/>' in text or 'to="peak"' in text
    with pytest.raises(InputError, match="small has no period 'noon'"):
        city.build_city("small", "noon")


def test_mean_speed_is_length_over_time():
    measures = [
        EdgeMeasure(edge="fast", begin_s=0, end_s=60, left=5, speed_mps=20.0),
        EdgeMeasure(edge="slow", begin_s=0, end_s=60, left=5, speed_mps=5.0),
        EdgeMeasure(edge="empty", begin_s=0, end_s=60, left=0, speed_mps=None),
    ]
    length_m = {"fast": 1000.0, "slow": 500.0, "empty": 900.0}
    # 1000 m in 50 s and 500 m in 100 s
    assert mean_speed_kmh(measures, length_m) == pytest.approx(1500 / 150 * 3.6)
    assert mean_speed_kmh(measures, length_m, among={"slow"}) == pytest.approx(18.0)
    assert mean_speed_kmh(measures, {"empty": 900.0}) is None
    assert measures[0].vph == 300.0


def test_edge_data_leaves_junctions_out(tmp_path):
    (tmp_path / "e.xml").write_text(
        """<meandata><interval begin="0" end="60" id="x"><edge id=":c_0" sampledSeconds="5" speed="3" left="1"/>
        <edge id="a" sampledSeconds="0.00" left="0"/><edge id="b" sampledSeconds="9" speed="4.5" left="2" arrived="1"/>
        </interval></meandata>""",
        encoding="utf-8",
    )
    a, b = read_edge_data(tmp_path / "e.xml")
    assert (a.edge, a.speed_mps) == ("a", None)
    assert (b.left, b.speed_mps) == (3.0, 4.5)
