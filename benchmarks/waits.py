"""The longest waits at every junction, against those under the scenario's own plans.

    python benchmarks/waits.py resco:cologne8 resco:ingolstadt21          # seeds 101, 102, 103
    python benchmarks/waits.py kuala-lumpur --seeds 101 --policy adaptive

A vehicle's wait at a junction is the time it stands (below 0.1 m/s) on its way to the stop
line, from the signal before to its crossing; one that still waits at the end counts with what it
has waited. Prints, for junctions that at least 100 vehicles crossed under both, how the
99th percentile compares.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.scenario import open_scenario
from citybrain.demand.silenced import silenced
from citybrain.detection import make_sensors
from citybrain.evaluation.warm import warm_state
from citybrain.loop import run_loop
from citybrain.messages import Command
from citybrain.network import read_network
from citybrain.network.model import Network
from citybrain.signals.policy import NativePolicy, find_policy, network_for
from citybrain.simulation.plant import Readings
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

HALTED_MPS = 0.1
LEAST_VEHICLES = 100


class Waits:
    """A plant that is read once a step, and notes how long everybody stood before each junction."""

    def __init__(self, plant: SumoPlant, network: Network) -> None:
        self.plant = plant
        self._of = np.array([m.junction for m in network.movements] + [-1])
        self._key, self._junction, self._wait_s = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        self.junction: list[NDArray[np.int64]] = []
        self.wait_s: list[NDArray[np.float64]] = []
        self._readings: Readings | None = None
        self._step_s = 1.0

    @property
    def time_ms(self) -> int:
        return self.plant.time_ms

    def step(self) -> None:
        before = self.plant.time_ms
        self.plant.step()
        self._step_s = (self.plant.time_ms - before) / 1000
        self._readings = self.plant.read()
        self._note(self._readings)

    def read(self) -> Readings:
        return self.plant.read() if self._readings is None else self._readings

    def signal_states(self) -> Sequence[str]:
        return self.plant.signal_states()

    def apply(self, commands: Sequence[Command]) -> None:
        self.plant.apply(commands)

    def close(self) -> None:
        """Count those who are still waiting, and close the plant."""
        self._leave(self._junction >= 0)
        self.plant.close()

    def _note(self, r: Readings) -> None:
        order = np.argsort(r.key, kind="stable")
        key, junction = r.key[order], self._of[r.movement[order]]
        place = np.minimum(np.searchsorted(key, self._key), max(len(key) - 1, 0))
        here = key[place] == self._key if len(key) else np.zeros(len(self._key), np.bool_)
        same = here & (junction[place] == self._junction) if len(key) else here
        self._leave(~same & (self._junction >= 0))
        wait_s = np.zeros(len(key))
        wait_s[place[same]] = self._wait_s[same]
        wait_s += self._step_s * ((r.speed_mps[order] < HALTED_MPS) & (junction >= 0))
        self._key, self._junction, self._wait_s = key, junction, wait_s

    def _leave(self, rows: NDArray[np.bool_]) -> None:
        self.junction.append(self._junction[rows])
        self.wait_s.append(self._wait_s[rows])


def waits(name: str, policy_name: str, seed: int, minutes: float | None) -> list[NDArray[np.float64]]:
    """Return the waits at each junction of one run."""
    scenario = open_scenario(name)
    network = read_network(scenario.net_file, scenario.additional_files)
    warm = warm_state(scenario)
    if minutes is not None:
        scenario = replace(scenario, end_s=scenario.begin_s + 60 * minutes)
    policy = find_policy(policy_name).make()
    network = network_for(policy, network)
    if isinstance(policy, NativePolicy) and policy.programs(network, scenario.rules) is not None:
        raise SystemExit(f"{policy_name} brings programs of its own; compare fixed-time and policies of the loop")
    with tempfile.TemporaryDirectory() as folder:
        scenario = replace(scenario, additional_files=silenced(scenario.additional_files, Path(folder)))
        plant = Waits(SumoPlant(scenario, network, SumoLaunch(seed=seed, load_state=warm)), network)
        try:
            run_loop(
                plant, network, policy, make_sensors("perfect", network, seed=seed), scenario.rules, scenario.end_s
            )
        finally:
            plant.close()
    junction, wait_s = np.concatenate(plant.junction), np.concatenate(plant.wait_s)
    return [wait_s[junction == j] for j in range(len(network.junctions))]


def main() -> None:
    """Compare and print one line a scenario."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="+")
    parser.add_argument("--seeds", default="101,102,103")
    parser.add_argument("--policy", default="adaptive")
    parser.add_argument("--minutes", type=float, default=None, help="only the first minutes of the window")
    a = parser.parse_args()
    print("| scenario | junctions compared | median of p99 / p99 | worst, junction | above 2 | longest wait, s |")
    print("|---|---|---|---|---|---|")
    for name in a.scenarios:
        pooled: dict[str, list[NDArray[np.float64]]] = {}
        for policy in ("fixed-time", a.policy):
            runs = [waits(name, policy, int(seed), a.minutes) for seed in a.seeds.split(",")]
            pooled[policy] = [np.concatenate(at) for at in zip(*runs, strict=True)]
        network = read_network(open_scenario(name).net_file)
        ratio, where = [], []
        for junction, own, new in zip(network.junctions, pooled["fixed-time"], pooled[a.policy], strict=True):
            if min(len(own), len(new)) >= LEAST_VEHICLES:
                # a second of waiting is what can be told apart
                ratio.append(np.percentile(new, 99) / max(np.percentile(own, 99), 1.0))
                where.append(junction.id)
        worst = int(np.argmax(ratio))
        longest = [max((w.max() for w in pooled[p] if len(w)), default=0.0) for p in ("fixed-time", a.policy)]
        print(
            f"| {name} | {len(ratio)} | {np.median(ratio):.2f} | {ratio[worst]:.2f}, `{where[worst]}` | "
            f"{sum(r > 2 for r in ratio)} | {longest[0]:.0f}, {longest[1]:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
