"""What a measured run costs against bare SUMO that writes the same outputs.

Run: python benchmarks/overhead.py [SCENARIO] [REPEATS]

Each repeat times, one after the other and in changing order, a bare ``sumo`` process on the scenario's own
plans, and ``execute`` in a fresh child (as ``citybrain evaluate`` runs it: start of the process, reading of
the network and of the outputs included) with fixed-time and with max-pressure. A policy also changes how
much traffic SUMO has to carry; the simulator's share is printed for that.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.evaluation.results import RunResult
from citybrain.evaluation.run import RunRecord, RunSpec, _edge_data_request, run_outputs
from citybrain.evaluation.workers import run_all
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary

TARGETS = {"fixed-time": 1.15, "max-pressure": 1.35}
SEED = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the wall, and of processor time, which other work on the machine disturbs less."""

    wall_s: float
    cpu_s: float


@contextmanager
def timed(costs: list[Cost]) -> Iterator[None]:
    """Add what the children of this process cost meanwhile."""
    begun, before = perf_counter(), os.times()
    yield
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    costs.append(Cost(perf_counter() - begun, cpu_s))


def bare(scenario: Scenario, costs: list[Cost]) -> None:
    """Run ``sumo`` with the outputs of a measured run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        launch = SumoLaunch(seed=SEED, outputs=run_outputs(folder), additional_files=(_edge_data_request(folder),))
        with timed(costs):
            subprocess.run([sumo_binary(), *sumo_arguments(scenario, launch)], check=True, capture_output=True)


def ours(scenario: Scenario, policy: str, costs: list[Cost]) -> RunResult:
    """Run a policy in a child process, start of the process included."""
    with timed(costs):
        ((_, outcome),) = run_all([RunSpec(scenario=scenario, policy=policy, seed=SEED)], jobs=1)
    assert isinstance(outcome, RunRecord), outcome
    return outcome.result


def main(name: str, repeats: int) -> int:
    scenario = open_scenario(name)
    costs: dict[str, list[Cost]] = {"bare": [], **{policy: [] for policy in TARGETS}}
    results: dict[str, RunResult] = {}
    for repeat in range(repeats):
        for what in list(costs)[:: 1 if repeat % 2 == 0 else -1]:
            if what == "bare":
                bare(scenario, costs[what])
            else:
                results[what] = ours(scenario, what, costs[what])
        latest = ", ".join(f"{k} {v[-1].wall_s:.2f} s ({v[-1].cpu_s:.2f} s cpu)" for k, v in costs.items())
        print(f"repeat {repeat + 1}: {latest}", flush=True)
    print(f"\n{name}, seed {SEED}, medians of {repeats} paired repeats, against bare SUMO with the same outputs")
    missed = 0
    for policy, target in TARGETS.items():
        pairs = list(zip(costs[policy], costs["bare"], strict=True))
        wall = statistics.median(a.wall_s / b.wall_s for a, b in pairs)
        cpu = statistics.median(a.cpu_s / b.cpu_s for a, b in pairs)
        run = results[policy]
        print(
            f"{policy:13} {wall:.2f} x on the wall, {cpu:.2f} x processor time (target {target:.2f}); "
            f"simulator {run.simulator_s:.2f} s, control {run.control_s:.2f} s, mean delay {run.mean_delay_s:.0f} s"
        )
        missed += wall > target
    return 1 if missed else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(arguments[0] if arguments else "resco:ingolstadt21", int(arguments[1]) if arguments[1:] else 5))
