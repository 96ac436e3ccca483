"""Calibration on a corridor of two junctions, counts and speeds taken from a run of the same corridor."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace

import pytest

from citybrain.cli import main
from citybrain.cli_calibrate import PICTURE
from citybrain.demand.calibration import calibrate
from citybrain.demand.calibration_files import CONFIG, REPORT, ROUTES, read_targets, write_calibration
from citybrain.demand.calibration_report import CountFit, Fit, SpeedFit
from citybrain.demand.counts import Count, geh
from citybrain.demand.driven import Drive, other_elements, read_drives, write_drives
from citybrain.demand.scenario import open_scenario
from citybrain.demand.speeds import Speed
from citybrain.demand.trips import read_trips
from citybrain.errors import InputError


def count(edge="wA", vehicles=30.0, begin_s=0.0, end_s=300.0):
    return Count(edge=edge, begin_s=begin_s, end_s=end_s, vehicles=vehicles)


def speed(edge="BA", speed_kmh=20.0):
    return Speed(edge=edge, begin_s=0.0, end_s=300.0, speed_kmh=speed_kmh)


@pytest.mark.sumo
def test_counts_are_met_and_the_rest_of_the_demand_stays(case):
    scenario = open_scenario(str(case.config))
    done = calibrate(scenario, [count("wA", 30), count("n1A", 20)], [], rounds=3)
    assert max(fit.geh for fit in done.fits[0].counts) > 5
    assert max(fit.geh for fit in done.fits[done.best].counts) < 3
    from_the_east = sum(drive.edges[0] == "eB" for drive in done.drives)
    assert from_the_east == sum(trip.edges[0] == "eB" for trip in read_trips(case.routes))
    assert len({drive.id for drive in done.drives}) == len(done.drives)


@pytest.mark.sumo
def test_a_model_that_drives_too_fast_gets_more_trips(case):
    scenario = open_scenario(str(case.config))
    done = calibrate(scenario, [], [speed("BA", 20.0)], rounds=3)
    before, after = done.fits[0], done.fits[done.best]
    assert before.speed_bias > 0.3
    assert after.vehicles > before.vehicles
    assert abs(after.speed_bias) < before.speed_bias


@pytest.mark.sumo
def test_what_is_written_runs_and_counts_the_same(case, tmp_path):
    scenario = open_scenario(str(case.config))
    done = calibrate(scenario, [count("wA", 30)], [], rounds=1)
    write_calibration(scenario, done, tmp_path / "o", seed=1)
    report = json.loads((tmp_path / "o" / REPORT).read_text(encoding="utf-8"))
    again = calibrate(open_scenario(str(tmp_path / "o" / CONFIG)), [count("wA", 30)], [], rounds=1)
    assert again.fits[0].counts[0].geh == pytest.approx(report["counts"][0]["geh"], abs=1.5)
    assert report["before"]["mean_geh"] == report["rounds"][0]["mean_geh"]
    assert report["counts"][0]["counted_vph"] == 360.0
    assert sum(1 for _ in read_trips(tmp_path / "o" / ROUTES)) == report["after"]["vehicles"]


@pytest.mark.sumo
def test_the_command_and_what_it_refuses(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(rows, *options, out="o"):
        with (tmp_path / "c.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("edge", "begin_s", "end_s", "vehicles"), *rows])
        arguments = ["network", "calibrate", str(case.config), "--out", out, "--counts", "c.csv", *options]
        monkeypatch.setattr(sys, "argv", ["citybrain", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return left.value.code or 0, printed.out, printed.err

    for rows, said in (
        ([("wX", 0, 300, 5)], "c.csv: edge 'wX' is not among the"),
        ([("wA", 0, 900, 5)], "edge 'wA' is measured from 0 s to 900 s, the scenario runs from 0 s to 300 s; leave"),
        ([("wA", 0, 300, 5), ("wA", 0, 300, 6)], "c.csv: edge 'wA' stands twice for 0 s to 300 s; keep one"),
        ([("wA", 0, 300, "many")], "c.csv, line 2: begin_s, end_s and vehicles must be numbers"),
        ([("wA", 0, 300, -4)], "c.csv, line 2: -4 vehicles from 0 s to 300 s"),
        ([], "c.csv: has 0 rows below its heading, needed 1 or more"),
    ):
        code, _, err = run(rows)
        assert (code, err.count("\n")) == (2, 1)
        assert said in err
        assert not (tmp_path / "o").exists()

    code, out, _ = run([("wA", 0, 300, 25)], "--rounds", "1")
    assert code == 0
    assert "mean GEH of the counts" in out
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == sorted([CONFIG, PICTURE, REPORT, ROUTES])
    code, _, err = run([("wA", 0, 300, 25)], "--rounds", "1")
    assert code == 2
    assert "holds a calibration already" in err


def test_tables_are_checked_against_the_scenario(case, tmp_path):
    scenario = open_scenario(str(case.config))
    with pytest.raises(InputError, match=r"give --counts FILE, --speeds FILE or both"):
        read_targets(scenario, None, None)
    table = tmp_path / "s.csv"
    table.write_text("edge,begin_s,end_s,speed_kmh\nwA,0,300,0\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"s.csv, line 2: 0 km/h from 0 s to 300 s; needed a speed above 0"):
        read_targets(scenario, None, table)
    table.write_bytes(b"edge,begin_s,end_s,speed_kmh\nStra\xdfe,0,300,30\n")
    for files in ((table, None), (None, table)):
        with pytest.raises(InputError, match=r"s.csv: is not UTF-8 text|s.csv: column 'vehicles' is missing"):
            read_targets(scenario, *files)
    table.write_text("edge,begin_s,end_s\nwA,0,300\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"s.csv: column 'speed_kmh' is missing"):
        read_targets(scenario, None, table)
    with pytest.raises(InputError, match=r"gone.csv: no such file"):
        read_targets(scenario, tmp_path / "gone.csv", None)


def test_vehicles_in_additional_files_are_refused(case, tmp_path):
    hidden = tmp_path / "more.add.xml"
    hidden.write_text(
        '<additional><vehicle id="x" depart="0"><route edges="wA"/></vehicle></additional>', encoding="utf-8"
    )
    scenario = replace(open_scenario(str(case.config)), additional_files=(hidden,))
    with pytest.raises(InputError, match=r"more.add.xml: holds vehicle 'x'; name the file under route-files"):
        calibrate(scenario, [count()], [])


def test_a_fit_in_figures():
    fit = Fit(
        vehicles=10,
        counts=(CountFit(count=count(vehicles=100), modelled_vph=1200.0), CountFit(count=count(), modelled_vph=100.0)),
        speeds=(SpeedFit(speed=speed(speed_kmh=20), modelled_kmh=30.0), SpeedFit(speed=speed(), modelled_kmh=None)),
    )
    assert fit.counts[0].geh == 0.0
    assert fit.counts[1].geh == pytest.approx(geh(100, 360))
    assert fit.good_geh_share == 0.5
    assert (fit.mean_speed_error, fit.speed_bias) == (0.5, 0.5)
    # nobody drove on the second edge: an error of 100 %
    assert fit.score == pytest.approx((((geh(100, 360) / 5) ** 2 + 5**2 + 10**2) / 4) ** 0.5)


def test_drives_keep_what_the_vehicle_wants_and_forget_how_the_run_went(tmp_path):
    (tmp_path / "v.xml").write_text(
        """<routes><vType id="car"/><vehicle id="a" type="car" depart="3.00" departLane="0" departSpeed="9.3"
        speedFactor="1.1" arrival="9" arrivalPos="random"><stop lane="x_0" duration="5"/>
        <route edges="x y" exitTimes="5.00 -1"/></vehicle></routes>""",
        encoding="utf-8",
    )
    (drive,) = read_drives(tmp_path / "v.xml")
    assert (drive.edges, drive.exit_s, drive.depart_s) == (("x", "y"), (5.0, -1.0), 3.0)
    assert drive.attributes == {"type": "car", "departLane": "best", "departSpeed": "max", "arrivalPos": "random"}
    assert other_elements([tmp_path / "v.xml"]) == ['<vType id="car"/>']
    write_drives([drive, Drive(id="b", depart_s=1.0, edges=("x",))], tmp_path / "w.xml", others=['<vType id="car"/>'])
    again = read_drives(tmp_path / "w.xml")
    assert [d.id for d in again] == ["b", "a"]
    assert again[1].stops == ('<stop lane="x_0" duration="5"/>',)
