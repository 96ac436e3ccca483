"""Run every policy on the RESCO maps and write the table of docs/scoreboard.md.

    python benchmarks/scoreboard.py                 # eight maps, 5 seeds, about 15 minutes on 2 cores
    python benchmarks/scoreboard.py --only-table    # from results that are there

Results go to ``out/scoreboard/<map>/<policy>``; what is there is not run again.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from pathlib import Path

from pages import SCOREBOARD, replace_table

from citybrain.evaluation.results import Results

ROOT = Path(__file__).resolve().parents[1]
MAPS = (
    "cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4",
)  # fmt: skip
PEERS = ("actuated", "delay-based", "max-pressure", "max-wave", "greedy")
OURS = "adaptive"
SEEDS = "101,102,103,104,105"


def run(folder: Path, policies: tuple[str, ...], maps: tuple[str, ...]) -> None:
    """Evaluate every policy on every map that has no results yet; the seeds pair them."""
    for name in maps:
        for policy in ("fixed-time", *policies):
            out = folder / name / policy
            if (out / "results.json").exists():
                continue
            command = ["-m", "citybrain.cli", "evaluate", f"resco:{name}", "--policies", policy, "--baseline", policy]
            command += ["--sensors", "perfect", "--seeds", SEEDS]
            subprocess.run([sys.executable, *command, "--jobs", "2", "--out", str(out)], check=False)


def table(folder: Path, policies: tuple[str, ...]) -> list[str]:
    """Return the table's lines: mean, half of the 95 % interval, worst seed; then the ratios to the best peer."""
    found = {
        (name, policy): Results.read(path)
        for name in MAPS
        for policy in ("fixed-time", *policies)
        if (path := folder / name / policy / "results.json").exists()
    }
    delays = {key: results.policies[key[1]]["mean_delay_s"] for key, results in found.items() if results.policies}
    lines = [f"| map | {' | '.join(('fixed-time', *policies))} |", "|---" * (len(policies) + 2) + "|"]
    ratios = []
    for name in MAPS:
        cells = []
        for policy in ("fixed-time", *policies):
            d = delays.get((name, policy))
            cells.append("failed" if d is None else f"{d.mean:.1f} ± {d.mean - d.ci95[0]:.1f} ({d.worst:.1f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
        peers = {policy: d.mean for (where, policy), d in delays.items() if where == name and policy != OURS}
        if peers and (name, OURS) in delays:
            best = min(peers, key=lambda p: peers[p])
            ratios.append((name, best, delays[name, OURS].mean / peers[best]))
    if ratios:
        lines += ["", "| map | best peer | adaptive / best peer |", "|---|---|---|"]
        lines += [f"| {name} | {best} | {ratio:.2f} |" for name, best, ratio in ratios]
        mean = math.exp(sum(math.log(r) for _, _, r in ratios) / len(ratios))
        lines.append(f"| geometric mean | | {mean:.2f} |")
    one = next(iter(found.values()))
    days = sorted({results.created[:10] for results in found.values()})
    lines += ["", f"SUMO {one.sumo_version}, {' to '.join(days)}, seeds {SEEDS}, sensors {one.sensors}."]
    return lines


def main() -> None:
    """Run, then replace the table between the marks in docs/scoreboard.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-table", action="store_true")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "scoreboard")
    parser.add_argument("--policies", default=",".join((*PEERS, OURS)))
    parser.add_argument("--maps", default=",".join(MAPS))
    arguments = parser.parse_args()
    policies = tuple(arguments.policies.split(","))
    if not arguments.only_table:
        run(arguments.folder, policies, tuple(arguments.maps.split(",")))
    lines = table(arguments.folder, policies)
    replace_table(SCOREBOARD, lines, what="resco", script="scoreboard.py")


if __name__ == "__main__":
    main()
