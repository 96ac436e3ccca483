"""What each kind of sensor costs the adaptive policy, on RESCO maps with paired seeds.

    python benchmarks/sensors.py                 # five maps, 3 seeds, one run at a time: about half an hour
    python benchmarks/sensors.py --only-table    # from results that are there

Results go to ``out/sensors/<sensors>/<map>``; what is there is not run again. The table
goes to standard output; docs/sensors.md keeps the one that was measured last.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from pathlib import Path

from citybrain.evaluation.results import Results

ROOT = Path(__file__).resolve().parents[1]
MAPS = ("cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7")
SENSORS = (
    "perfect", "camera", "loops", "loops:entry", "probes:0.1", "camera:dead=0.1", "loops:dead=0.1", "probes:0.1,dead=0.1",
)  # fmt: skip
SEEDS = "101,102,103"


def run(folder: Path, policy: str) -> None:
    """Evaluate every sensor on every map that has no results yet; fixed-time along with perfect sensors."""
    for sensors in SENSORS:
        for name in MAPS:
            out = folder / sensors / name
            if (out / "results.json").exists():
                continue
            policies = f"fixed-time,{policy}" if sensors == "perfect" else policy
            command = ["-m", "citybrain.cli", "evaluate", f"resco:{name}", "--sensors", sensors, "--seeds", SEEDS]
            command += ["--policies", policies, "--baseline", policy, "--jobs", "1", "--out", str(out)]
            subprocess.run([sys.executable, *command], check=False, stdout=subprocess.DEVNULL)


def table(folder: Path, policy: str) -> list[str]:
    """Return the table's lines: mean delay, worst seed, and the ratio to perfect sensors."""
    lines = [f"| sensors | {' | '.join(MAPS)} | ratio to perfect |", "|---" * (len(MAPS) + 2) + "|"]
    perfect: dict[str, float] = {}
    for label, sensors, of in [("fixed-time", "perfect", "fixed-time"), *((s, s, policy) for s in SENSORS)]:
        cells, ratios = [], []
        for name in MAPS:
            path = folder / sensors / name / "results.json"
            delay = Results.read(path).policies.get(of, {}).get("mean_delay_s") if path.exists() else None
            if delay is None:
                cells.append("not run")
                continue
            if label == "perfect":
                perfect[name] = delay.mean
            share = f", {delay.mean / perfect[name] - 1:+.0%}" if name in perfect and label != "perfect" else ""
            cells.append(f"{delay.mean:.1f} ({delay.worst:.1f}){share}")
            if name in perfect:
                ratios.append(delay.mean / perfect[name])
        mean = f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}" if ratios else ""
        lines.append(f"| {label} | {' | '.join(cells)} | {mean} |")
    return lines


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-table", action="store_true")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "sensors")
    parser.add_argument("--policy", default="adaptive")
    arguments = parser.parse_args()
    if not arguments.only_table:
        run(arguments.folder, arguments.policy)
    print("\n".join(table(arguments.folder, arguments.policy)))


if __name__ == "__main__":
    main()
