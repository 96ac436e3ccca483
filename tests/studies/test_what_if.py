"""Changes to a small town, and what traffic makes of them."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from lxml import etree

from citybrain.demand.scenario import open_scenario
from citybrain.errors import InputError
from citybrain.network import read_network
from citybrain.studies.edits import edited
from citybrain.studies.grid import files_digest
from citybrain.studies.spec import read_spec
from citybrain.studies.sweep import SweepRequest, sweep
from citybrain.studies.what_if import WhatIf

GOOD = 'scenarios = ["a.sumocfg"]\n[[what_if]]\nname = "x"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD, "what_if 'x' changes nothing"),
        (GOOD + 'closed = ["a"]', "unknown key 'closed' (did you mean 'close'?)"),
        (GOOD + "move = { part = 0.1, by_s = 1 }", "unknown key 'part'"),
        (GOOD + "speed_kmh = { a = 0 }", "speed_kmh.a = 0: input should be greater than 0"),
        (GOOD + 'close = ["a"]\n[[what_if]]\nname = "x"\nclose = ["b"]', "two what_if are called 'x'"),
        ('scenarios = ["twin:1x1"]\n[[what_if]]\nname = "x"\nclose = ["a"]', "needs a network of SUMO"),
    ],
)
def test_bad_what_ifs(tmp_path, text, words):
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_spec(tmp_path / "s.toml")
    assert words in str(error.value)


@pytest.fixture
def change(case, tmp_path, monkeypatch):
    monkeypatch.setenv("CITYBRAIN_CACHE", str(tmp_path / "cache"))
    scenario = open_scenario(str(case.config))
    return lambda **edits: edited(scenario, WhatIf(name="x", **edits), files_digest(scenario))


@pytest.mark.sumo
def test_edits_reach_the_net_and_the_routes(change, case):
    calm = change(speed_kmh={"AB": 36})
    net = read_network(calm.net_file)
    assert net.edges[net.edge_index("AB")].speed_mps == pytest.approx(10.0)
    assert len(list(etree.parse(str(calm.route_files[0])).getroot().iter("vehicle"))) == case.vehicles
    wide = read_network(change(lanes={"AB": 1}).net_file)
    assert len(wide.edges[wide.edge_index("AB")].lanes) == 2
    assert len(wide.junctions) == 2
    turn = change(forbid_turns=(("wA", "An1"),))
    ways = [v.find("route").get("edges") for v in etree.parse(str(turn.route_files[0])).getroot().iter("vehicle")]
    assert "wA An1" not in ways
    assert len(ways) < case.vehicles  # there is no other way
    assert "trips have no way left" in turn.notes[-1]


@pytest.mark.sumo
def test_moved_demand_is_the_same_trips_at_other_times(change, case):
    def departures(scenario):
        return {
            v.get("id"): float(v.get("depart"))
            for v in etree.parse(str(scenario.route_files[0])).getroot().iter("vehicle")
        }

    before = departures(open_scenario(str(case.config)))
    after = departures(change(move={"share": 0.5, "by_s": 30}))
    shifts = [after[name] - start for name, start in before.items()]
    assert set(shifts) == {0.0, 30.0} or {round(s, 1) for s in shifts} == {0.0, 30.0}
    assert 0.3 < sum(s > 1 for s in shifts) / len(shifts) < 0.7
    assert list(after.values()) == sorted(after.values())


@pytest.mark.sumo
@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"close": ("AC",)}, "names edge 'AC', which is not there (did you mean"),
        ({"forbid_turns": (("wA", "Bn2"),)}, "which nobody can make"),
        ({"lanes": {"AB": -1}}, "has 1 lanes, -1 leaves none"),
    ],
)
def test_what_is_not_there_cannot_be_changed(change, edits, words):
    with pytest.raises(InputError) as error:
        change(**edits)
    assert words in str(error.value)


@pytest.mark.sumo
def test_a_what_if_is_compared_like_a_policy(case, tmp_path, monkeypatch):
    monkeypatch.setenv("CITYBRAIN_CACHE", str(tmp_path / "cache"))
    spec = case.folder / "what-if.toml"
    spec.write_text(
        'scenarios = ["case.sumocfg"]\nsensors = ["perfect"]\nseeds = 2\nend_s = 200\nkeep_emissions = true\n'
        '[[what_if]]\nname = "crawl"\nspeed_kmh = { wA = 10, AB = 10 }\n'
        '[[what_if]]\nname = "shut"\nclose = ["n1A"]\n',
        encoding="utf-8",
    )
    done = sweep(SweepRequest(spec=spec, out=tmp_path / "out"))
    assert not done.failed, done.failed
    rows = {(row["variant"], row["seed"]): row for row in done.table.to_pylist()}
    assert len(rows) == 6
    for seed in (1, 2):
        plain, crawl, shut = (rows[f"fixed-time{s}", seed] for s in ("", " + crawl", " + shut"))
        assert crawl["mean_travel_time_s"] > 1.1 * plain["mean_travel_time_s"]
        assert crawl["loaded"] == plain["loaded"]
        assert shut["loaded"] < plain["loaded"]
        assert shut["what_if"] == "shut"
    kept = pq.read_table(tmp_path / "out" / "runs" / done.runs[0].key / "emissions.parquet").to_pydict()
    assert {"wA", "AB"} <= set(kept["edge"])
    row = rows["fixed-time", 1]
    assert 0.5 < sum(kept["co2_g"]) / 1000 / row["co2_kg"] <= 1.01  # what is on the road when it ends counts in both
    assert 0 < sum(kept["nox_g"]) < sum(kept["co2_g"]) / 100
    page = (tmp_path / "out" / "emissions.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 9
    assert "particles by street, fixed-time + crawl" in page
