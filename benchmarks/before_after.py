"""The picture of the README: the time lost on Kuala Lumpur's roads under current practice and under ``adaptive``.

    python benchmarks/before_after.py             # two runs of half an hour each, one after the other
    python benchmarks/before_after.py --draw      # from the values of an earlier run

Values go to ``out/before-after.npz``, the picture to ``docs/images/kuala-lumpur-before-after.png``.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.plots import delay_rate, plot_before_after
from citybrain.evaluation.run import RunRecord, RunSpec
from citybrain.evaluation.warm import warm_state
from citybrain.evaluation.workers import run_all
from citybrain.network import read_network

ROOT = Path(__file__).resolve().parents[1]
VALUES = ROOT / "out" / "before-after.npz"
PICTURE = ROOT / "docs" / "images" / "kuala-lumpur-before-after.png"
POLICIES = ("fixed-time", "adaptive")
TITLES = ("current practice (fixed-time)", "adaptive")
END_S = 66600.0
SEED = 1
DPI = 120
COLOURS = 96


def measure() -> None:
    """Run both policies from the same warm state and keep the time lost on each road."""
    scenario = open_scenario("kuala-lumpur", end_s=END_S)
    warm = warm_state(scenario)
    specs = [
        RunSpec(scenario=scenario, policy=policy, seed=SEED, sensors="camera", warm_state=warm) for policy in POLICIES
    ]
    network = read_network(scenario.net_file, scenario.additional_files)
    rates: dict[str, np.ndarray] = {}
    for index, outcome in run_all(specs, jobs=1, progress=lambda _i, _s: None):
        if not isinstance(outcome, RunRecord):
            raise SystemExit(f"{POLICIES[index]}: {outcome.error}")
        rates[POLICIES[index]] = delay_rate(
            network, outcome.edge_delay_s, scenario.end_s - scenario.begin_s, edge_vehicles=outcome.edge_vehicles
        )
        print(f"{POLICIES[index]}: mean delay {outcome.result.mean_delay_s:.1f} s", flush=True)
    VALUES.parent.mkdir(exist_ok=True)
    np.savez_compressed(VALUES, **rates)


def draw() -> None:
    """Draw the picture from the kept values."""
    scenario = open_scenario("kuala-lumpur")
    network = read_network(scenario.net_file, scenario.additional_files)
    with np.load(VALUES) as rates:
        left, _ = plot_before_after(network, *(rates[policy] for policy in POLICIES), titles=TITLES)
    PICTURE.parent.mkdir(exist_ok=True)
    drawn = io.BytesIO()
    left.figure.savefig(drawn, dpi=DPI)
    # a map of classes has few colours: a palette makes a third of the file
    Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", action="store_true", help="use the values of an earlier run")
    if not parser.parse_args().draw:
        measure()
    draw()
