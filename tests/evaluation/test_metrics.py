"""Metrics from outputs small enough to add up by hand."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from builders import one_junction

from citybrain.errors import PlantError
from citybrain.evaluation.metrics import (
    TRIP_SCHEMA,
    Statistics,
    read_edges,
    read_series,
    read_statistics,
    read_trips,
    summarise,
)

TRIPINFO = """<tripinfos>
  <tripinfo id="done" depart="100.00" departDelay="2.50" arrival="160.00" duration="60.00" routeLength="800.00"
    waitingTime="12.00" waitingCount="2" timeLoss="20.00" vType="car"><emissions CO2_abs="150000.0" fuel_abs="1"/></tripinfo>
  <tripinfo id="driving" depart="150.00" departDelay="0.00" arrival="-1.00" duration="50.00" routeLength="300.00"
    waitingTime="30.00" waitingCount="1" timeLoss="35.00" vType="bus"><emissions CO2_abs="90000.0" fuel_abs="1"/></tripinfo>
  <tripinfo id="outside" depart="-1" departDelay="40.00" arrival="-1.00" duration="-1.00" routeLength="-1.00"
    waitingTime="-1.00" waitingCount="-1" timeLoss="-1.00" vType="car"/>
</tripinfos>
"""
NOTHING = Statistics(teleported=0, collisions=0, emergency_brakes=0)


@pytest.fixture
def trips(tmp_path):
    path = tmp_path / "tripinfo.xml"
    path.write_text(TRIPINFO, encoding="utf-8")
    return read_trips(path, end_s=200.0)


def test_every_loaded_vehicle_is_a_row_with_its_fate(trips):
    assert trips.schema == TRIP_SCHEMA
    assert trips["vehicle"].to_pylist() == ["done", "driving", "outside"]
    assert trips["status"].to_pylist() == ["arrived", "unfinished", "never_inserted"]
    assert trips["type"].to_pylist() == ["car", "bus", "car"]


def test_departure_is_the_time_the_vehicle_wanted_to_start(trips):
    assert trips["depart_s"].to_pylist() == [97.5, 150.0, 160.0]  # the last has waited for 40 s at 200 s
    assert trips["depart_delay_s"].to_pylist() == [2.5, 0.0, 40.0]


def test_a_vehicle_outside_has_done_nothing_yet(trips):
    last = {name: trips[name].to_pylist()[2] for name in trips.schema.names[5:]}
    assert last == {
        "duration_s": 0.0, "time_loss_s": 0.0, "waiting_s": 0.0, "stops": 0, "distance_m": 0.0, "co2_mg": 0.0,
    }  # fmt: skip


def test_means_are_over_all_loaded_vehicles(trips):
    row = summarise(trips, Statistics(teleported=1, collisions=2, emergency_brakes=3), policy="p", seed=4)
    assert row.vehicles.model_dump() == {
        "loaded": 3, "inserted": 2, "arrived": 1, "unfinished": 1, "never_inserted": 1, "teleported": 1,
    }  # fmt: skip
    assert row.mean_delay_s == pytest.approx((20 + 2.5 + 35 + 40) / 3)
    assert row.mean_travel_time_s == pytest.approx((60 + 2.5 + 50 + 40) / 3)
    assert row.mean_waiting_s == pytest.approx((12 + 2.5 + 30 + 40) / 3)
    assert row.stops_per_vehicle == pytest.approx(3 / 3)
    assert row.mean_speed_kmh == pytest.approx(3.6 * 1100 / 110)
    assert row.co2_kg == pytest.approx(0.24)
    assert (row.collisions, row.emergency_brakes) == (2, 3)
    assert (row.policy, row.seed, row.status, row.error) == ("p", 4, "ok", None)


def test_a_run_without_traffic_has_zeros_not_errors():
    row = summarise(pa.table({name: [] for name in TRIP_SCHEMA.names}, schema=TRIP_SCHEMA), NOTHING, policy="p", seed=1)
    assert (row.vehicles.loaded, row.mean_delay_s, row.mean_speed_kmh, row.co2_kg) == (0, 0.0, 0.0, 0.0)


def test_statistics(tmp_path):
    path = tmp_path / "statistics.xml"
    path.write_text(
        '<statistics><teleports total="3" jam="2" yield="1"/>'
        '<safety collisions="1" emergencyStops="0" emergencyBraking="5"/></statistics>',
        encoding="utf-8",
    )
    assert read_statistics(path) == Statistics(teleported=3, collisions=1, emergency_brakes=5)


def test_series(tmp_path):
    path = tmp_path / "summary.xml"
    path.write_text(
        '<summary><step time="0.00" running="1" waiting="0" halting="0" meanSpeed="13.0"/>'
        '<step time="60.00" running="7" waiting="2" halting="3" meanSpeed="4.5"/></summary>',
        encoding="utf-8",
    )
    series = read_series(path)
    assert {name: values.tolist() for name, values in series.items()} == {
        "time_s": [0.0, 60.0], "running": [1.0, 7.0], "halting": [0.0, 3.0], "waiting_to_insert": [0.0, 2.0],
        "mean_speed_mps": [13.0, 4.5],
    }  # fmt: skip


def test_edges_of_the_network_get_their_delay_and_others_are_left_out(tmp_path):
    network = one_junction(["GG"])
    path = tmp_path / "edges.xml"
    path.write_text(
        '<meandata><interval begin="0" end="60" id="x">'
        '<edge id="in-0" timeLoss="12.5" speed="6.0" entered="4" departed="3"/>'
        '<edge id="footpath" timeLoss="99" speed="1" entered="1" departed="0"/>'
        '<edge id="out-1" timeLoss="1.5" entered="2" departed="0"/></interval></meandata>',
        encoding="utf-8",
    )
    lost, speed, vehicles = read_edges(path, network)
    one, two, empty = (network.edge_index(name) for name in ("in-0", "out-1", "in-1"))
    assert (lost[one], speed[one], vehicles[one]) == (12.5, 6.0, 7.0)
    assert (lost[two], vehicles[two]) == (1.5, 2.0)
    assert math.isnan(speed[two])
    assert (lost[empty], vehicles[empty]) == (0.0, 0.0)
    assert np.nansum(lost) == 14.0


@pytest.mark.parametrize("reader", [lambda p: read_trips(p, end_s=1.0), read_statistics, read_series])
def test_a_missing_output_is_an_error_of_the_plant(tmp_path, reader):
    with pytest.raises(PlantError, match=r"SUMO wrote no gone\.xml"):
        reader(tmp_path / "gone.xml")


@pytest.mark.parametrize("reader", [lambda p: read_trips(p, end_s=1.0), read_statistics, read_series])
@pytest.mark.parametrize("text", ["", TRIPINFO[:-15]])
def test_an_output_cut_short_is_an_error_of_the_plant(tmp_path, reader, text):
    path = tmp_path / "cut.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlantError, match=r"cut\.xml is not complete"):
        reader(path)
