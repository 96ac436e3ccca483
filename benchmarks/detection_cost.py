"""What one look at a city costs: sensors, health and incident detection by tick, from a recording.

python benchmarks/detection_cost.py RECORDING [SENSORS ...]
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import thread_time

import numpy as np

from citybrain.detection import make_sensors
from citybrain.detection.health import SensorHealth
from citybrain.detection.incidents import LinkSigns
from citybrain.detection.incidents.discharge import Discharge
from citybrain.evaluation.incidents.lookout import LampView
from citybrain.evaluation.incidents.recording import SharedReadings, read_recorded
from citybrain.network import read_network
from citybrain.simulation.recording import ReplayPlant

STEPS = 300


def measure(folder: Path, sensors: str) -> str:
    recorded = read_recorded(folder)
    network = read_network(recorded.net_file, recorded.additional_files)
    plant = ReplayPlant(folder, network)
    shared, lamps, eyes = SharedReadings(plant), LampView(network), make_sensors(sensors, network, seed=recorded.seed)
    links, health = LinkSigns(network), SensorHealth(network)
    detector = Discharge(network, links)
    spent, vehicles = [], []
    for step in range(STEPS + 30):
        plant.step()
        view = lamps.view(plant.signal_states(), plant.time_ms)
        readings = shared.read()
        times = [thread_time()]
        observation = eyes.observe(shared, view)
        times.append(thread_time())
        health.update(observation)
        times.append(thread_time())
        detector.update(links.read(observation))
        times.append(thread_time())
        if step >= 30:
            spent.append(1000 * np.diff(times))
            vehicles.append(len(readings.lane))
    ms = np.array(spent)
    total = ms.sum(axis=1)
    parts = ", ".join(
        f"{name} {x:.1f}" for name, x in zip(("state", "health", "incidents"), np.median(ms, axis=0), strict=True)
    )
    return (
        f"{sensors}: {len(network.junctions)} junctions, {np.mean(vehicles):.0f} vehicles; median CPU ms a tick: {parts}; "
        f"all {np.median(total):.1f}, 99th percentile {np.percentile(total, 99):.1f}"
    )


if __name__ == "__main__":
    for name in sys.argv[2:] or ("camera", "loops", "probes:0.1"):
        print(measure(Path(sys.argv[1]), name))
