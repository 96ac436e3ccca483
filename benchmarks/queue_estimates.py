"""How well sensors know the queue at the start of green: ``python benchmarks/queue_estimates.py RECORDING [SENSORS ...]``.

The queue of a stop line are the vehicles that wait for it at less than 5 km/h, however far upstream; its truth is in the
recording. It is compared at the moment in which a lane's signal turns green, after the first ten minutes. Printed are
the mean absolute error and the bias in vehicles, the mean queue, and the relative error (sum of absolute errors over
the sum of queues), by lane, by approach (all lanes of a road) and, by lane, of queues of at least five vehicles.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.detection import make_sensors
from citybrain.detection.lamps import Lamps
from citybrain.evaluation.incidents.lookout import LampView
from citybrain.evaluation.incidents.recording import SharedReadings, read_recorded
from citybrain.network import read_network
from citybrain.simulation.recording import ReplayPlant

SETTLE_S = 600.0
QUEUED_MPS = 5 / 3.6
LONG = 5
SENSORS = ("camera", "loops", "probes:0.5", "probes:0.25", "probes:0.1")


def measure(folder: Path, sensors: tuple[str, ...]) -> list[str]:
    """Return a line for each sensor set."""
    recorded = read_recorded(folder)
    network = read_network(recorded.net_file, recorded.additional_files)
    plant = ReplayPlant(folder, network)
    shared, view, lamps = SharedReadings(plant), LampView(network), Lamps(network)
    eyes = {name: make_sensors(name, network, seed=recorded.seed) for name in sensors}
    n, edge = len(network.lanes), np.array([lane.edge for lane in network.lanes])
    begin_s, was_green = recorded.window_s[0] + SETTLE_S, np.ones(n, np.bool_)
    lanes: dict[str, list[NDArray[np.float64]]] = {name: [] for name in sensors}
    roads: dict[str, list[NDArray[np.float64]]] = {name: [] for name in sensors}
    while not plant.over:
        plant.step()
        signals = view.view(plant.signal_states(), plant.time_ms)
        green = lamps.lane_green(lamps.green(signals)) > 0
        began, was_green = np.flatnonzero(green & ~was_green), green
        readings = shared.read()
        waits = (readings.stop_lane >= 0) & (readings.speed_mps < QUEUED_MPS)
        truth = np.bincount(readings.stop_lane[waits], minlength=n).astype(np.float64)
        for name, eye in eyes.items():
            seen = eye.observe(shared, signals)
            if seen.time_s < begin_s or not len(began):
                continue
            v = seen.vehicles
            slow = v.speed_mps < QUEUED_MPS
            found = np.bincount(v.lane[slow], v.weight[slow], n)
            lanes[name].append(np.array([truth[began], found[began]]))
            on = np.unique(edge[began])
            roads[name].append(np.array([np.bincount(edge, x, edge.max() + 1)[on] for x in (truth, found)]))
    title = f"{recorded.scenario}, seed {recorded.seed}"
    return [f"{title}, {name}: {_summary(lanes[name], roads[name])}" for name in sensors]


def _summary(lanes: list[NDArray[np.float64]], roads: list[NDArray[np.float64]]) -> str:
    parts = []
    by_lane, by_road = np.concatenate(lanes, axis=1), np.concatenate(roads, axis=1)
    for what, (truth, found) in (
        ("lanes", by_lane),
        ("approaches", by_road),
        (f"lanes with {LONG} or more", by_lane[:, by_lane[0] >= LONG]),
    ):
        error = found - truth
        parts.append(
            f"{what}: MAE {np.abs(error).mean():.2f}, bias {error.mean():+.2f}, mean queue {truth.mean():.2f}, "
            f"relative {100 * np.abs(error).sum() / max(truth.sum(), 1):.0f} % of {len(truth)} greens"
        )
    return "; ".join(parts)


if __name__ == "__main__":
    for line in measure(Path(sys.argv[1]), tuple(sys.argv[2:]) or SENSORS):
        print(line)
