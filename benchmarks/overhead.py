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
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.evaluation.results import RunResult
from citybrain.evaluation.run import RunSpec, _edge_data_request, execute, run_outputs
from citybrain.evaluation.workers import _context
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary

TARGETS = {"fixed-time": 1.15, "max-pressure": 1.35}
SEED = 1


class Cost(NamedTuple):
    """Seconds on the wall, and of processor time, which other work on the machine disturbs less."""

    wall_s: float
    cpu_s: float


def bare(scenario: Scenario) -> Cost:
    """What a ``sumo`` process with the outputs of a measured run costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        launch = SumoLaunch(seed=SEED, outputs=run_outputs(folder), additional_files=(_edge_data_request(folder),))
        begun, before = perf_counter(), os.times()
        subprocess.run([sumo_binary(), *sumo_arguments(scenario, launch)], check=True, capture_output=True)
        after = os.times()
        cpu_s = after.children_user - before.children_user + after.children_system - before.children_system
        return Cost(perf_counter() - begun, cpu_s)


def ours(scenario: Scenario, policy: str) -> tuple[Cost, RunResult]:
    """What a run in a child process costs, start of the process included, and its row."""
    begun = perf_counter()
    ours, theirs = _context().Pipe(duplex=False)
    child = _context().Process(target=_child, args=(RunSpec(scenario=scenario, policy=policy, seed=SEED), theirs))
    child.start()
    result, cpu_s = ours.recv()
    child.join()
    return Cost(perf_counter() - begun, cpu_s), result


def _child(spec: RunSpec, pipe: Connection) -> None:
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 1)
        os.dup2(caught.fileno(), 2)
        pipe.send((execute(spec).result, process_time()))


def main(name: str, repeats: int) -> int:
    scenario = open_scenario(name)
    costs: dict[str, list[Cost]] = {"bare": [], **{policy: [] for policy in TARGETS}}
    results: dict[str, RunResult] = {}
    for repeat in range(repeats):
        for what in list(costs)[:: 1 if repeat % 2 == 0 else -1]:
            if what == "bare":
                cost = bare(scenario)
            else:
                cost, results[what] = ours(scenario, what)
            costs[what].append(cost)
        latest = ", ".join(f"{what} {own[-1].wall_s:.2f} s (cpu {own[-1].cpu_s:.2f} s)" for what, own in costs.items())
        print(f"repeat {repeat + 1}: {latest}; load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"\n{name}, seed {SEED}, medians of {repeats} paired repeats, against bare SUMO with the same outputs")
    missed = 0
    for policy, target in TARGETS.items():
        pairs = list(zip(costs[policy], costs["bare"], strict=True))
        wall = statistics.median(own.wall_s / base.wall_s for own, base in pairs)
        cpu = statistics.median(own.cpu_s / base.cpu_s for own, base in pairs)
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
