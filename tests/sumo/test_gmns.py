"""SUMO to GMNS and back: junctions, movements, stages, timings and offsets stay."""

from __future__ import annotations

import pytest

from citybrain.demand.scenario import open_scenario
from citybrain.errors import InputError
from citybrain.integrations.exchange.gmns_read import read_gmns
from citybrain.integrations.exchange.gmns_write import write_gmns
from citybrain.integrations.exchange.tables import COLUMNS, read_table, write_table
from citybrain.network.reader import read_network

pytestmark = pytest.mark.sumo


def facts(network):
    """What must stay of each junction."""

    def lane(index):
        return network.lanes[index].id if index >= 0 else ""

    return {
        junction.id: (
            {
                (m.link, lane(m.from_lane), lane(m.to_lane), m.turn)
                for m in (network.movements[i] for i in junction.movements)
            },
            junction.stages,
            junction.program,
            junction.offset_s,
        )
        for junction in network.junctions
    }


def back(net_file, folder, additional=()):
    write_gmns(net_file, folder / "gmns", additional)
    read_gmns(folder / "gmns", folder / "back.net.xml")
    return read_network(net_file, additional), read_network(folder / "back.net.xml")


def test_a_row_of_junctions(case, tmp_path):
    there, again = back(case.net, tmp_path)
    assert facts(again) == facts(there)
    assert [(e.id, e.from_node, e.to_node, e.speed_mps) for e in again.edges] == [
        (e.id, e.from_node, e.to_node, e.speed_mps) for e in there.edges
    ]
    assert [e.length_m for e in again.edges] == pytest.approx([e.length_m for e in there.edges], abs=0.05)
    for a, b in zip(again.junctions, there.junctions, strict=True):
        assert (a.conflicts == b.conflicts).all()
        assert (a.gives_way == b.gives_way).all()


def test_crossings_on_the_left_hand_side(left_hand_net, tmp_path):
    there, again = back(left_hand_net, tmp_path)
    assert again.left_hand
    assert facts(again) == facts(there)


def test_a_map_with_a_projection(resco, tmp_path):
    scenario = open_scenario("resco:cologne8")
    there, again = back(scenario.net_file, tmp_path, scenario.additional_files)
    assert facts(again) == facts(there)


def test_tables_without_our_columns_make_a_net_too(case, tmp_path):
    write_gmns(case.net, tmp_path / "gmns")
    for table, columns in COLUMNS.items():
        rows = read_table(tmp_path / "gmns" / f"{table}.csv")
        write_table(tmp_path / "gmns" / f"{table}.csv", [c for c in columns if not c.startswith("opt_")], [
            {key: value for key, value in row.items() if not key.startswith("opt_")} for row in rows
        ])  # fmt: skip
    read_gmns(tmp_path / "gmns", tmp_path / "foreign.net.xml")
    there, again = read_network(case.net), read_network(tmp_path / "foreign.net.xml")
    assert {j.id for j in again.junctions} == {j.id for j in there.junctions}
    for junction in again.junctions:
        own = there.junctions[there.junction_index(junction.id)]
        assert sum(p.duration_s for p in junction.program) == sum(p.duration_s for p in own.program)
        assert [len(s.state) for s in junction.stages] == [len(s.state) for s in own.stages]


def test_netconvert_cannot_use_them(case, tmp_path):
    write_gmns(case.net, tmp_path / "gmns")
    rows = read_table(tmp_path / "gmns" / "link.csv")
    rows[0]["opt_priority"] = "high"
    write_table(tmp_path / "gmns" / "link.csv", COLUMNS["link"], rows)
    with pytest.raises(InputError, match="SUMO cannot use these tables"):
        read_gmns(tmp_path / "gmns", tmp_path / "broken.net.xml")
    assert not (tmp_path / "broken.net.xml").exists()
