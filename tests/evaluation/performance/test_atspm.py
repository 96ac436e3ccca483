"""The ``atspm`` package reads the log, and finds what our own measures find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from citybrain.detection import make_sensors
from citybrain.evaluation.performance import measures
from citybrain.evaluation.performance.channels import ADVANCE, PRESENCE
from citybrain.evaluation.performance.recorder import Notes, RecordedPlant
from citybrain.loop import run_loop
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.policy import find_policy
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips

pytestmark = [pytest.mark.sumo, pytest.mark.filterwarnings("ignore")]  # as slow as a simulation: imports of 5 s


def test_atspm_agrees(tmp_path: Path) -> None:
    atspm = pytest.importorskip("atspm", reason="pip install atspm")

    network = grid_network(1, 2, lanes=2, stages=4)
    rules = SignalRules(yellow_s=3, all_red_s=1, min_green_s=5, max_green_s=30)
    trips = poisson_trips(network, np.random.default_rng(5), flow_vph=500.0, end_s=1800.0)
    plant = RecordedPlant(PointQueuePlant(network, trips), network, rules)
    sensors = make_sensors("perfect", network, seed=1)
    run_loop(plant, network, find_policy("greedy").make(), sensors, rules, 1800.0, [Notes(plant)])
    parquet, csv, detectors = plant.log.write(tmp_path / "log")
    found = {}
    for source in (parquet, csv):
        out = tmp_path / source.suffix[1:]
        processor = atspm.SignalDataProcessor(
            raw_data=str(source),
            detector_config=str(detectors),
            bin_size=60,
            output_dir=str(out),
            output_format="parquet",
            output_to_separate_folders=False,
            verbose=0,
            aggregations=[
                {"name": "has_data", "params": {"no_data_min": 5, "min_data_points": 3}},
                {"name": "arrival_on_green", "params": {"latency_offset_seconds": 0}},
                {
                    "name": "split_failures",
                    "params": {
                        "red_time": 5,
                        "red_occupancy_threshold": 0.8,
                        "green_occupancy_threshold": 0.8,
                        "by_approach": True,
                        "by_cycle": False,
                    },
                },
                {"name": "terminations", "params": {}},
                {"name": "actuations", "params": {}},
                {"name": "timeline", "params": {"min_duration": 0.2, "cushion_time": 60}},
            ],
        )
        processor.run()
        found[source.suffix] = {
            path.stem: list(zip(*pyarrow.parquet.read_table(path).to_pydict().values(), strict=True))
            for path in out.rglob("*.parquet")
        }
    assert found[".csv"].keys() == found[".parquet"].keys() >= {"terminations", "split_failures", "arrival_on_green"}
    rows = found[".parquet"]
    ended, failed, arrived = {}, {}, {}
    for junction in network.junctions:
        events = plant.log.device(junction.index)
        for number in range(1, 9):
            key = junction.id, number
            for _, how in measures.terminations(events, number):
                name = {"gap-out": "GapOut", "max-out": "MaxOut", "force-off": "ForceOff"}[how]
                ended[*key, name] = ended.get((*key, name), 0) + 1
            own = [c for c in plant.channels if c.junction == junction.index and c.phase == number]
            uses = measures.split_failures(events, number, [c.number for c in own if c.function == PRESENCE])
            failed[key] = sum(use.failed for use in uses)
            arrived[key] = measures.arrivals_on_green(events, number, [c.number for c in own if c.function == ADVANCE])
    assert {(d, p, how): n for _, d, p, how, n in rows["terminations"]} == ended
    theirs = {(row[1], row[2]): row[-1] for row in rows["split_failures"]}
    assert sum(failed.values()) > 3
    assert theirs.keys() == failed.keys()
    differ = [theirs[key] - failed[key] for key in failed]  # they also judge a red cut short by the end of the log
    assert set(differ) <= {0, 1}
    assert sum(differ) <= 2
    for _, device, phase, total, share in rows["arrival_on_green"]:
        own = arrived[device, phase]  # they also count before the first and after the last whole cycle
        assert 0 <= total - own.total <= 0.15 * total + 5
        assert share == pytest.approx(own.percent / 100, abs=0.12)
