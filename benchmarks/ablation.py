"""What each part of ``adaptive`` brings: the policy without it, on paired seeds.

    python benchmarks/ablation.py                                  # four maps, three seeds, about 20 minutes
    python benchmarks/ablation.py cologne8,arterial4x4 101,102
    python benchmarks/ablation.py nets/a1.sumocfg,nets/a2.sumocfg 1 neighbour_full_s=20 spare_load=0.5,full_load=0.8

Variants of other parameters may follow, in the place of those without a part. Prints a
Markdown table of mean delays and their ratio to the whole policy.
"""

from __future__ import annotations

import sys

import numpy as np

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.run import RunRecord, RunSpec
from citybrain.evaluation.workers import run_all

WITHOUT: dict[str, dict[str, float]] = {
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


def parsed(variants: list[str]) -> dict[str, dict[str, float]]:
    """Return the parameters of variants such as ``a=1,b=2.5`` by name; whole numbers stay whole."""
    found: dict[str, dict[str, float]] = {"adaptive": {}}
    for text in variants:
        pairs = [part.split("=") for part in text.split(",")]
        found[text] = {name: int(value) if value.isdigit() else float(value) for name, value in pairs}
    return found


def main(maps: list[str], seeds: list[int], variants: dict[str, dict[str, float]]) -> None:
    """Run every variant and print the table."""
    keys = [(name, what, seed) for name in maps for what in variants for seed in seeds]
    scenarios = {name: open_scenario(name if name.endswith(".sumocfg") else f"resco:{name}") for name in maps}
    specs = [
        RunSpec(scenario=scenarios[name], policy="adaptive", seed=seed, parameters=dict(variants[what]))
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
    for what in variants:
        mean = np.array([np.mean(delay_s.get((name, what), [np.nan])) for name in maps])
        ratio = float(np.exp(np.mean(np.log(mean / whole))))
        print(f"| {what} | {' | '.join(f'{m:.1f}' for m in mean)} | {ratio:.2f} |")


if __name__ == "__main__":
    arguments = [*sys.argv[1:], "", ""]
    main(
        (arguments[0] or "cologne8,ingolstadt7,ingolstadt21,arterial4x4").split(","),
        [int(seed) for seed in (arguments[1] or "101,102,103").split(",")],
        parsed(sys.argv[3:]) if sys.argv[3:] else WITHOUT,
    )
