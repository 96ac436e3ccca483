"""GMNS tables, plans for spreadsheets, GeoPackage and count layouts, without SUMO."""

from __future__ import annotations

import csv
import sqlite3
import struct

import pytest
from nets import LEFT_THEN_STRAIGHT, tiny_net

from citybrain.demand.counts import Count, read_counts
from citybrain.errors import InputError
from citybrain.integrations.exchange.count_layouts import read_layout, read_places, write_counts
from citybrain.integrations.exchange.geopackage import geometry_blob, write_geopackage
from citybrain.integrations.exchange.gmns_folder import read_folder
from citybrain.integrations.exchange.gmns_programs import read_programs
from citybrain.integrations.exchange.gmns_signals import stages_of
from citybrain.integrations.exchange.gmns_write import lane_index, lane_number, write_gmns
from citybrain.integrations.exchange.plan_csv import write_plan_csv
from citybrain.integrations.exchange.tables import COLUMNS, read_table, write_table
from citybrain.network.model import ProgramPhase
from citybrain.network.reader import read_network


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "tiny.net.xml"
    path.write_text(tiny_net(), encoding="utf-8")
    return path


@pytest.fixture
def gmns(net, tmp_path):
    write_gmns(net, tmp_path / "gmns")
    return tmp_path / "gmns"


def rewrite(folder, table, change):
    rows = read_table(folder / f"{table}.csv")
    for row in rows:
        change(row)
    write_table(folder / f"{table}.csv", COLUMNS[table], rows)


def programs(folder):
    return read_programs(folder, read_folder(folder).lamp_of)


def test_every_table_has_the_columns_of_the_specification(gmns):
    for table, columns in COLUMNS.items():
        with (gmns / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
            assert tuple(next(csv.reader(file))) == columns


def test_roads_lanes_and_movements_by_hand(gmns):
    links = {row["link_id"]: row for row in read_table(gmns / "link.csv")}
    assert (links["a"]["from_node_id"], links["a"]["to_node_id"], links["a"]["name"]) == ("W", "C", "High Street")
    assert (links["a"]["free_speed"], links["a"]["lanes"], links["a"]["allowed_uses"]) == (
        "50.04",
        "1",
        "auto,bus,truck,bike,walk",
    )
    assert links[":C_c0"]["opt_crossing_edges"] == "b d"
    lanes = {row["lane_id"]: row["lane_num"] for row in read_table(gmns / "lane.csv")}
    assert (lanes["a_0"], lanes["a_1"]) == ("2", "1")  # the footpath is at the kerb, on the right
    turns = {
        (row["ib_link_id"], row["ob_link_id"]): (row["type"], row["start_ib_lane"])
        for row in read_table(gmns / "movement.csv")
    }
    assert turns == {
        ("a", "b"): ("thru", "1"),
        ("a", "n"): ("left", "1"),
        ("d", "e"): ("thru", "1"),
        ("n", "m"): ("thru", "1"),
    }


def test_phases_by_hand(gmns):
    phases = read_table(gmns / "signal_timing_phase.csv")
    assert [(row["min_green"], row["clearance"], row["opt_intergreen"]) for row in phases] == [
        ("20", "5", "yyrr 3; rrrr 2"), ("30", "4", "yyyr 3; rrrr 1"), ("8", "0", ""),
    ]  # fmt: skip
    green = [
        (row["timing_phase_id"], row["mvmt_id"] or row["link_id"], row["protection"])
        for row in read_table(gmns / "signal_phase_mvmt.csv")
    ]
    assert green == [
        ("C/1", "m0", "protected"), ("C/1", "m1", "protected"), ("C/2", "m0", "protected"), ("C/2", "m1", "permitted"),
        ("C/2", "m2", "protected"), ("C/3", ":C_c0", "protected"),
    ]  # fmt: skip
    assert read_table(gmns / "signal_coordination.csv")[0]["offset"] == "7"


def test_programs_come_back_as_they_were(net, gmns):
    (program,) = programs(gmns)
    junction = read_network(net).junctions[0]
    assert (program.controller, program.offset_s, program.phases) == ("C", 7.0, junction.program)


def test_without_our_columns_the_intergreen_is_yellow_and_all_red(gmns):
    rewrite(gmns, "signal_timing_phase", lambda row: row.update(opt_intergreen=""))
    (program,) = programs(gmns)
    assert [(p.state, p.duration_s) for p in program.phases] == [
        ("GGrr", 20), ("GGrr", 3), ("GGrr", 2), ("GgGr", 30), ("yyyr", 3), ("rrrr", 1), ("rrrG", 8),
    ]  # fmt: skip


def test_kept_steps_that_no_longer_fit_are_not_used(gmns):
    rewrite(
        gmns,
        "signal_timing_phase",
        lambda row: row.update(clearance="7" if row["position"] == "2" else row["clearance"]),
    )
    (program,) = programs(gmns)
    assert [(p.state, p.duration_s) for p in program.phases[4:6]] == [("yyyr", 3), ("rrrr", 4)]


@pytest.mark.parametrize(
    ("phase", "part", "offset", "first_green_s"),
    [
        ("1", "begin_of_green", "7", 7),
        ("2", "begin_of_green", "32", 7),
        ("2", "begin_of_yellow", "62", 7),
        ("1", "begin_of_red", "2", 46),
    ],
)
def test_an_offset_may_refer_to_any_part_of_any_phase(gmns, phase, part, offset, first_green_s):
    rewrite(gmns, "signal_coordination", lambda row: row.update(coord_phase=phase, coord_ref_to=part, offset=offset))
    assert programs(gmns)[0].offset_s == first_green_s


def test_a_program_that_begins_with_yellow_is_turned():
    phases = [ProgramPhase(state=s, duration_s=d) for s, d in (("yr", 3), ("rG", 9), ("ry", 3), ("Gr", 20))]
    assert [(green.state, [step.state for step in steps]) for green, steps in stages_of(phases)] == [
        ("rG", ["ry"]),
        ("Gr", ["yr"]),
    ]


@pytest.mark.parametrize("left_hand", [True, False])
def test_lane_numbers_and_back(left_hand):
    numbers = [lane_number(i, 3, left_hand=left_hand) for i in range(3)]
    assert numbers == ([1, 2, 3] if left_hand else [3, 2, 1])
    assert [lane_index(n, 3, left_hand=left_hand) for n in numbers] == [0, 1, 2]


@pytest.mark.parametrize(
    ("table", "column", "value", "complaint"),
    [
        ("link", "from_node_id", "zz", "link 'a' has from_node_id 'zz', which node.csv lacks"),
        ("movement", "ob_link_id", "zz", "movement 'm0' has ob_link_id 'zz', which link.csv lacks"),
        ("movement", "opt_lamp", "x", "opt_lamp of 'm0' is 'x', needed a number"),
        ("movement", "opt_lamp", "1.5", "opt_lamp of 'm0' is '1.5', needed a whole number"),
        ("movement", "opt_lamp", "-1", "mvmt_id 'm0' has lamp -1; lamps are numbered from 0"),
        ("signal_timing_phase", "timing_plan_id", "zz", "phase 'C/1' is of plan 'zz', which is not there"),
        ("signal_timing_phase", "ring", "2", "phase 'C/1' is in ring 2; one ring of stages can be read, so merge the rings"),
        ("signal_timing_phase", "min_green", "", "min_green of 'C/1' is '', needed a number"),
        ("signal_phase_mvmt", "timing_phase_id", "zz", "phase 'zz' is not in signal_timing_phase.csv"),
        ("signal_phase_mvmt", "mvmt_id", "zz", "mvmt_id 'zz' in phase 'C/1' has no lamp at controller 'C'"),
        ("signal_phase_mvmt", "protection", "maybe", "protection 'maybe' in phase 'C/1'; needed protected, permitted or rtor"),
        ("signal_coordination", "coord_phase", "9", "coordination refers to 'begin_of_green' of phase 9, which plan 'C/plan' lacks"),
        ("signal_coordination", "timing_plan_id", "zz", "plan 'zz' is not in signal_timing_plan.csv"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit_together(gmns, table, column, value, complaint):
    first = iter((True,))
    rewrite(gmns, table, lambda row: row.update({column: value}) if next(first, False) else None)
    with pytest.raises(InputError) as error:
        programs(gmns)
    assert complaint in str(error.value)


@pytest.mark.parametrize("table", ["node", "link"])
def test_a_missing_table(gmns, table):
    (gmns / f"{table}.csv").unlink()
    with pytest.raises(InputError, match=rf"{table}\.csv: no such table"):
        read_folder(gmns)


def test_a_missing_column(gmns):
    (gmns / "node.csv").write_text("node_id,x_coord\nC,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"column 'y_coord' is missing \(found: node_id, x_coord\)"):
        read_folder(gmns)


def test_plans_for_a_spreadsheet(net, tmp_path):
    out = tmp_path / "plans.csv"
    assert write_plan_csv(out, read_network(net)) == 3
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["begin_s"], r["green_s"], r["yellow_s"], r["all_red_s"]) for r in rows] == [
        ("0", "20", "3", "2"), ("25", "30", "3", "1"), ("59", "8", "0", "0"),
    ]  # fmt: skip
    assert {(r["cycle_s"], r["offset_s"]) for r in rows} == {("67", "7")}
    assert [r["movements"] for r in rows] == [
        "High Street: left, straight",
        "High Street: left, straight; Mill Road: straight",
        "crossing",
    ]


def test_plans_of_a_file_by_program(net, tmp_path):
    phases = "".join(f'<phase duration="{d + 1}" state="{s}"/>' for s, d in LEFT_THEN_STRAIGHT)
    plans = tmp_path / "plans.add.xml"
    plans.write_text(
        f'<additional><tlLogic id="C" programID="am" offset="3">{phases}</tlLogic><tlLogic id="C" programID="pm">{phases}</tlLogic></additional>',
        encoding="utf-8",
    )
    write_plan_csv(tmp_path / "plans.csv", read_network(net), plans, delimiter=";")
    with (tmp_path / "plans.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [(r["program"], r["offset_s"], r["green_s"]) for r in rows[::3]] == [("am", "3", "21"), ("pm", "0", "21")]


def test_a_geopackage_by_the_book(tmp_path):
    line = {"type": "LineString", "coordinates": [[101.5, 3.0], [101.7, 3.2]]}
    point = {"type": "Point", "coordinates": [101.6, 3.1]}
    features = [
        {
            "geometry": line,
            "properties": {"kind": "road", "id": "a", "name": "Jalan Ampang", "lanes": 2, "speed_kmh": 50.0},
        },
        {"geometry": point, "properties": {"kind": "signal", "id": "C", "stages": 4}},
    ]
    path = tmp_path / "city.gpkg"
    assert write_geopackage({"features": features}, path) == {"road": 1, "signal": 1}
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("SELECT name, lanes, speed_kmh FROM road").fetchall() == [("Jalan Ampang", 2, 50.0)]
    assert database.execute("SELECT table_name, min_x, max_y FROM gpkg_contents").fetchall() == [
        ("road", 101.5, 3.2),
        ("signal", 101.6, 3.1),
    ]
    (blob,) = database.execute("SELECT geom FROM road").fetchone()
    assert blob == geometry_blob(line)
    assert struct.unpack("<2sBBi4d", blob[:40]) == (b"GP", 0, 3, 4326, 101.5, 101.7, 3.0, 3.2)
    assert struct.unpack("<BII4d", blob[40:]) == (1, 2, 2, 101.5, 3.0, 101.7, 3.2)
    assert [p.name for p in tmp_path.iterdir()] == ["city.gpkg"]
    database.close()


LAYOUTS = {
    "rows": "detector,time,volume\nnorth,07:00,60\nnorth,07:15,75\neast,07:00,80\n",
    "rows with semicolons": "Station;Time;Count\nnorth;07:00:00;60\nnorth;07:15:00;75\neast;07:00:00;80\n",
    "rows with dates, two days": (
        "site_id,timestamp,total\nnorth,2026-11-16T07:00:00,50\nnorth,2026-11-17 07:00,70\n"
        "north,2026-11-16T07:15:00Z,75\neast,2026-11-16T07:00:00+08:00,80\n"
    ),
    "a column a place": "time\tnorth\teast\n07:00\t60\t80\n07:15\t75\t\n",
    "a column a time": "site,07:00-07:15,07:15-07:30\nnorth,60,75\neast,80,\n",
    "our own": "edge,begin_s,end_s,vehicles\nnorth,25200,26100,60\nnorth,26100,27000,75\neast,25200,26100,80\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_count_layouts(layout, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(LAYOUTS[layout], encoding="utf-8")
    counts = read_layout(table)
    assert {(c.edge, c.begin_s, c.end_s, c.vehicles) for c in counts} == {
        ("north", 25200, 26100, 60), ("north", 26100, 27000, 75), ("east", 25200, 26100, 80),
    }  # fmt: skip
    write_counts(tmp_path / "counts.csv", counts)
    assert read_counts(tmp_path / "counts.csv") == counts


def test_hours_flows_and_places(tmp_path):
    table, places = tmp_path / "table.csv", tmp_path / "places.csv"
    table.write_text("sensor,7,8\nnorth,600,700\nelsewhere,1,2\n", encoding="utf-8")
    places.write_text("place,edge\nnorth,e1\n", encoding="utf-8")
    counts = read_layout(table, places=read_places(places), interval_s=1800, per_hour=True)
    assert counts == [Count(edge="e1", begin_s=s, end_s=s + 1800, vehicles=v) for s, v in ((25200, 300), (28800, 350))]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds 0 rows"),
        ("a,b\n", "holds 1 rows, needed a header and one row at least"),
        ("colour,shape\nred,round\n", "cannot tell its layout from the columns colour, shape"),
        ("time,north\n07:00,many\n", "line 2: 'many' is no count"),
        ("time,north\n07:00,-3\n", "line 2: '-3' is no count"),
        ("time,north\nnoon,3\n", "line 2: 'noon' is no time; write 07:15"),
        ("time,north\n07:75,3\n", "line 2: '07:75' is no time"),
        ("time,north\n07:00,3\n", "one time only, so the length of an interval is unknown; give --interval SECONDS"),
        ("time,north,east\n07:00,3\n", "line 2: has 2 columns, the header 3"),
    ],
)
def test_counts_that_cannot_be_read(text, complaint, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_layout(table)
    assert str(error.value).startswith(str(table))
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_places_that_are_nowhere(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(LAYOUTS["rows"], encoding="utf-8")
    with pytest.raises(InputError, match=r"none of its 2 places \(east, north\) is among the 1 of --places \(south\)"):
        read_layout(table, places={"south": "e1"})


@pytest.mark.parametrize(
    ("duration", "complaint"),
    [
        ("long", "the plan of signal 'C': could not convert"),
        ("0", "the program of signal 'C' lasts 0 s"),
        ("nan", "lasts nan s"),
    ],
)
def test_plans_without_a_cycle(net, tmp_path, duration, complaint):
    plans = tmp_path / "plans.add.xml"
    plans.write_text(
        f'<additional><tlLogic id="C"><phase duration="{duration}" state="GGrr"/></tlLogic></additional>',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=complaint):
        write_plan_csv(tmp_path / "plans.csv", read_network(net), plans)
    assert not (tmp_path / "plans.csv").exists()
