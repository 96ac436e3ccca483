"""What a decision of ``adaptive`` costs, from 281 junctions to 28,100: synthetic states, no simulator.

    python benchmarks/adaptive_cost.py [junctions ...]

Grids of four-arm junctions with two lanes an approach and four stages, some ten vehicles
an approach, a third of them standing; every junction is free to change its stage.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from time import perf_counter

import numpy as np

from citybrain.messages import Observation, SignalView, Vehicles
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.network.synthetic import grid_network
from citybrain.signals.adaptive import Adaptive

VEHICLES_PER_LANE = 5.0
SIGHT_M = 250.0


def states(network: Network, seed: int, count: int) -> list[Observation]:
    """Return observations of a busy city at successive seconds."""
    rng = np.random.default_rng(seed)
    moves = [m for m in network.movements if not m.is_crossing]
    lanes = sorted({m.from_lane for m in moves})
    by_lane: dict[int, list[int]] = {lane: [] for lane in lanes}
    for m in moves:
        by_lane[m.from_lane].append(m.index)
    n = len(network.lanes)
    found = []
    for second in range(count):
        number = rng.poisson(VEHICLES_PER_LANE, len(lanes))
        lane = np.repeat(lanes, number)
        standing = rng.random(len(lane)) < 1 / 3
        place = np.arange(len(lane)) - np.repeat(np.cumsum(number) - number, number)
        movement = np.array([by_lane[one][rng.integers(len(by_lane[one]))] for one in lane], dtype=np.int32)
        stages = np.array([len(j.stages) for j in network.junctions])
        found.append(
            Observation(
                time_s=float(second),
                vehicles=Vehicles(
                    lane=lane.astype(np.int32),
                    movement=movement,
                    distance_m=np.where(standing, 7.5 * place, rng.uniform(20, SIGHT_M, len(lane))),
                    speed_mps=np.where(standing, 0.0, 12.0),
                    weight=np.ones(len(lane)),
                    road_lane=lane.astype(np.int32),
                ),
                lane_vehicles=np.bincount(lane, minlength=n).astype(float),
                lane_halted=np.bincount(lane[standing], minlength=n).astype(float),
                lane_tail_m=np.full(n, 100.0),
                lane_tail_speed_mps=np.full(n, 12.0),
                confidence=np.ones(n),
                age_s=np.zeros(n),
                passed=np.zeros(len(network.movements)),
                inside=np.zeros(len(network.movements)),
                signals=SignalView(
                    stage=(rng.random(len(stages)) * stages).astype(np.int32),
                    switching=np.zeros(len(stages), dtype=np.bool_),
                    elapsed_s=rng.uniform(6, 40, len(stages)),
                    remaining_s=np.zeros(len(stages)),
                ),
            )
        )
    return found


def measure(junctions: int, decisions: int) -> tuple[int, float, float]:
    """Return junctions, median and 99th percentile of a decision, milliseconds."""
    rows = max(1, math.isqrt(junctions))
    network = grid_network(rows, math.ceil(junctions / rows), lanes=2, stages=4)
    policy = Adaptive()
    policy.start(network, SignalRules())
    kept = states(network, 1, min(decisions, 20))
    policy.decide(kept[0])  # compiles
    times_ms = []
    for k in range(decisions):
        state = replace(kept[k % len(kept)], time_s=k + 1.0)
        begun = perf_counter()
        policy.decide(state)
        times_ms.append((perf_counter() - begun) * 1000)
    return len(network.junctions), float(np.median(times_ms)), float(np.percentile(times_ms, 99))


if __name__ == "__main__":
    print("junctions  median ms   p99 ms   microseconds a junction")
    for junctions in [int(a) for a in sys.argv[1:]] or [281, 2810, 28100]:
        n, median_ms, p99_ms = measure(junctions, 300 if junctions < 1000 else 20)
        print(f"{n:9d} {median_ms:10.1f} {p99_ms:8.1f} {median_ms / n * 1000:12.1f}", flush=True)
