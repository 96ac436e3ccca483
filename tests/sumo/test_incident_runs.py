"""Incidents in SUMO itself: who stands, what capacity is left, that all is put back, and the command end to end."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cases import netconvert

from citybrain.cli import main
from citybrain.demand.incidents import IncidentSpec
from citybrain.demand.scenario import Scenario, read_sumocfg
from citybrain.errors import InputError
from citybrain.evaluation.incidents.recording import RunToRecord, read_recorded, record
from citybrain.evaluation.incidents.study import days_before
from citybrain.evaluation.incidents.watch import watch
from citybrain.network import read_network
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

pytestmark = pytest.mark.sumo


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    """Two lanes, 1 km, a flow over capacity, no signals."""
    folder = tmp_path_factory.mktemp("road")
    nodes = '<node id="a" x="0" y="0"/><node id="b" x="1000" y="0"/><node id="c" x="1500" y="0"/>'
    nodes += '<node id="T" x="0" y="900" type="traffic_light"/>'  # a network needs a signal, this one is far away
    nodes += "".join(
        f'<node id="{name}" x="{x}" y="{y}"/>' for name, x, y in (("p", 0, 700), ("q", 200, 900), ("r", 0, 1100))
    )
    edges = "".join(
        f'<edge id="{x}{y}" from="{x}" to="{y}" numLanes="2" speed="13.89"/>' for x, y in ("ab", "bc", "pT", "rT", "Tq")
    )
    net = netconvert(folder, nodes, edges)
    routes = folder / "road.rou.xml"
    routes.write_text(
        '<routes><flow id="f" begin="0" end="1800" vehsPerHour="4000" departLane="best" departSpeed="max">'
        '<route edges="ab bc"/></flow></routes>',
        encoding="utf-8",
    )
    return Scenario(
        name="road", net_file=net, route_files=(routes,), begin_s=0, end_s=1800, options={"time-to-teleport": "-1"}
    )


def drive(road, *incidents, seed=1):
    """Return vehicles on ``bc`` that were new, by minute, and the incidents."""
    network = read_network(road.net_file)
    plant = SumoPlant(road, network, SumoLaunch(seed=seed))
    came, known, standing = [], set(), []
    try:
        staged = plant.stage(incidents)
        for _ in range(1800):
            plant.step()
            readings = plant.read()
            beyond = network.edge_index("bc")
            on = {
                n
                for n, lane in zip(readings.ids, readings.lane, strict=True)
                if lane >= 0 and network.lanes[lane].edge == beyond
            }
            came.append(len(on - known))
            known |= on
            standing.append(int((readings.speed_mps < 0.1).sum()))
    finally:
        plant.close()
    return np.array(came).reshape(30, 60).sum(axis=1), staged, standing


def incident(kind, lanes=(0,), **changes):
    return IncidentSpec(**{
        "kind": kind, "edge": "ab", "lanes": lanes, "position_m": 700, "onset_s": 600, "duration_s": 600, **changes
    })  # fmt: skip


def test_one_lane_of_two_leaves_about_what_the_manual_says(road):
    free, _, _ = drive(road)
    hit, (staged,), _ = drive(road, incident("crash"))
    assert 600 <= staged.happened_s < 660
    assert hit[12:19].sum() / free[12:19].sum() == pytest.approx(0.35, abs=0.1)
    assert hit[22:29].sum() / free[22:29].sum() > 0.9


@pytest.mark.parametrize("kind", ["crash", "closure"])
def test_all_lanes_let_nobody_past_until_the_end(road, kind):
    hit, (staged,), _ = drive(road, incident(kind, (0, 1)))
    assert hit[14:20].sum() <= 2
    assert staged.ended_s == 1200
    assert hit[23:29].mean() > 30


def test_a_flood_slows(road):
    free, _, _ = drive(road)
    hit, _, _ = drive(road, incident("flood", (0, 1), depth_m=0.2))
    # at 3.4 m/s those who were on the road pass at a quarter of their rate, and 38 a minute of 55 could
    assert 0.2 < hit[16:20].sum() / free[16:20].sum() < 0.8


def test_the_seed_decides_everything(road):
    runs = [drive(road, incident("breakdown")) for _ in range(2)]
    assert (runs[0][0] == runs[1][0]).all()
    assert runs[0][2] == runs[1][2]


def test_the_command_writes_its_files(case, tmp_path, monkeypatch):
    spec = tmp_path / "spec.toml"
    spec.write_text(
        '[[incident]]\nkind = "crash"\nedge = "wA"\nlanes = [0]\nposition_m = 90\nonset_s = 1000\nduration_s = 480\n'
    )
    runs, out, again = tmp_path / "runs", tmp_path / "out", tmp_path / "again"

    def call(*arguments):
        monkeypatch.setattr(
            "sys.argv", ["citybrain", "incidents", *map(str, arguments), "--sensors", "camera", "--jobs", "1"]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)

    call(
        case.config,
        "--end",
        "1700",
        "--seeds",
        "1",
        "--spec",
        spec,
        "--response",
        "camera",
        "--recordings",
        runs,
        "--out",
        out,
    )
    section = json.loads((out / "results.json").read_text())["incidents"]["camera"]
    for key in ("detection_rate_pct", "false_alarms_per_day", "precision_pct", "mttd_s", "location_right_pct",
                "response_saving_pct", "incidents", "clean_hours"):  # fmt: skip
        assert key in section
    assert set(section["peers"]) == {"california-7", "snd", "exponential-smoothing", "boosted"}
    assert "<svg" in (out / "report.html").read_text()
    assert len(list(runs.iterdir())) == 3  # without incidents, with them, and answered
    call(runs, "--out", again)  # the recordings alone say the same
    judged = json.loads((again / "results.json").read_text())["incidents"]["camera"]
    assert {**judged, "step_ms": 0} == {**section, "step_ms": 0}


def test_other_days_are_watched_first(case, tmp_path):
    scenario = read_sumocfg(case.config)
    network = read_network(scenario.net_file)
    for seed in (1, 2):
        run = RunToRecord(scenario=scenario, seed=seed, policy="fixed-time", incidents=())
        record(run, network, tmp_path / str(seed))
    one = read_recorded(tmp_path / "1")
    days = days_before(tmp_path, one.scenario, one.window_s[0], seed=1)
    assert days == (tmp_path / "2",)
    alone = watch(one, network, ["loops"], ["discharge"])
    after = [watch(one, network, ["loops"], ["discharge"], days) for _ in range(2)]
    key = ("loops", "discharge")
    assert after[0].scores[key].shape == alone.scores[key].shape
    assert (
        after[0].scores[key] == after[1].scores[key]
    ).all()  # each begins at the end of that day, untouched by others
    with pytest.raises(InputError, match="holds no recordings"):
        days_before(tmp_path / "2", one.scenario, one.window_s[0], seed=2)
