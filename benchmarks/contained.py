"""What it costs to run a third party's policy in a process of its own: max-wave as a plug-in against itself in process.

python benchmarks/contained.py [SECONDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from citybrain.detection import PerfectSensors
from citybrain.loop import run_loop
from citybrain.messages import Decision, Observation
from citybrain.network.synthetic import grid_network
from citybrain.signals.contained import make_policy
from citybrain.signals.max_wave import MaxWave
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.trips import poisson_trips
from citybrain.studies.twin import RULES


class Clocked(MaxWave):
    """Asks a policy in a process of its own and here, and times both on the same observations."""

    def __init__(self, other: object) -> None:
        super().__init__(interval_s=2.0)
        self.other = other
        self.here_ms: list[float] = []
        self.there_ms: list[float] = []
        self.vehicles = 0

    def decide(self, observation: Observation) -> Decision:
        begun = time.perf_counter()
        decision = super().decide(observation)
        asked = time.perf_counter()
        answer = self.other.decide(observation)  # type: ignore[attr-defined]
        self.there_ms.append(1000 * (time.perf_counter() - asked))
        self.here_ms.append(1000 * (asked - begun))
        self.vehicles = max(self.vehicles, len(observation.vehicles))
        assert np.array_equal(decision.stage, answer.stage)
        return decision


def main(seconds: float = 200.0) -> None:
    with tempfile.TemporaryDirectory() as name:
        info = Path(name) / "copy-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: copy\nVersion: 1.0\n", encoding="utf-8")
        points = "[citybrain.policies]\ncopy = citybrain.signals.max_wave:MaxWave\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        sys.path.insert(0, name)
        for rows, columns in ((1, 1), (4, 4), (17, 17)):
            network = grid_network(rows, columns)
            begun = time.perf_counter()
            other = make_policy("copy", {})
            made_s = time.perf_counter() - begun
            other.start(network, RULES)  # type: ignore[union-attr, call-arg]
            started_s = time.perf_counter() - begun
            policy = Clocked(other)
            trips = poisson_trips(network, np.random.default_rng(1), flow_vph=500, end_s=seconds)
            run_loop(PointQueuePlant(network, trips), network, policy, PerfectSensors(network), RULES, seconds)
            here, there = (statistics.median(values) for values in (policy.here_ms, policy.there_ms))
            worst = float(np.percentile(policy.there_ms, 99))
            print(
                f"{rows * columns} junctions, up to {policy.vehicles} vehicles: made in {made_s:.2f} s, ready after "
                f"{started_s:.2f} s; a decision takes {here:.2f} ms here, {there:.2f} ms (p99 {worst:.1f}) there"
            )


if __name__ == "__main__":
    main(*(float(n) for n in sys.argv[1:]))
