"""What each part of ``adaptive`` brings: the policy without it, on paired seeds.

    python benchmarks/ablation.py                                  # four maps, three seeds, about 20 minutes
    python benchmarks/ablation.py cologne8,arterial4x4 101,102

Prints a Markdown table of mean delays and their ratio to the whole policy.
"""

from __future__ import annotations

import sys

import numpy as np

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.run import RunRecord, RunSpec
from citybrain.evaluation.workers import run_all

WITHOUT = {
    "adaptive": {},
    "neighbours' departures": {"neighbour_s": 0.0},
    "arrivals from beyond sight": {"expected": 0.0},
    "improving the plan": {"passes": 0},
    "weighing by the room beyond": {"storage_weight": 0.0},
    "the cost of queues at the horizon": {"queue_weight": 0.0},
    "stages beside the plan's": {"combine": 0},
    "(with the network layer)": {"network_s": 120.0},
    "(network layer in the place of the room beyond)": {"network_s": 120.0, "storage_weight": 0.0},
}


def main(maps: list[str], seeds: list[int]) -> None:
    """Run every variant and print the table."""
    keys = [(name, what, seed) for name in maps for what in WITHOUT for seed in seeds]
    specs = [
        RunSpec(scenario=open_scenario(f"resco:{name}"), policy="adaptive", seed=seed, parameters=dict(WITHOUT[what]))
        for name, what, seed in keys
    ]
    delay_s: dict[tuple[str, str], list[float]] = {}
    for index, outcome in run_all(specs, jobs=2):
        name, what, seed = keys[index]
        if isinstance(outcome, RunRecord):
            delay_s.setdefault((name, what), []).append(outcome.result.mean_delay_s)
        else:
            print(f"failed: {name} {what} seed {seed}: {outcome.error}", file=sys.stderr)
    print(f"| without | {' | '.join(maps)} | ratio |\n|{'---|' * (len(maps) + 2)}")
    whole = np.array([np.mean(delay_s[name, "adaptive"]) for name in maps])
    for what in WITHOUT:
        mean = np.array([np.mean(delay_s.get((name, what), [np.nan])) for name in maps])
        ratio = float(np.exp(np.mean(np.log(mean / whole))))
        print(f"| {what} | {' | '.join(f'{m:.1f}' for m in mean)} | {ratio:.2f} |")


if __name__ == "__main__":
    arguments = [*sys.argv[1:], "", ""]
    main(
        (arguments[0] or "cologne8,ingolstadt7,ingolstadt21,arterial4x4").split(","),
        [int(seed) for seed in (arguments[1] or "101,102,103").split(",")],
    )
