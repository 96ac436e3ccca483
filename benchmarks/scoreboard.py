"""Run every policy on the RESCO maps and write the table of docs/scoreboard.md.

    python benchmarks/scoreboard.py                 # eight maps, 5 seeds, about 15 minutes on 2 cores
    python benchmarks/scoreboard.py --only-table    # from results that are there

Results go to ``out/scoreboard/<map>``; a map whose results are there is not run again.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from pathlib import Path

from citybrain.evaluation.results import Results

ROOT = Path(__file__).resolve().parents[1]
MAPS = (
    "cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4",
)  # fmt: skip
PEERS = ("actuated", "delay-based", "max-pressure", "max-wave", "greedy")
OURS = "adaptive"
SEEDS = "101,102,103,104,105"
START, END = "<!-- resco table: written by benchmarks/scoreboard.py -->", "<!-- end of resco table -->"


def run(folder: Path, policies: tuple[str, ...]) -> None:
    """Evaluate all policies on every map that has no results yet."""
    for name in MAPS:
        out = folder / name
        if (out / "results.json").exists():
            continue
        command = ["-m", "citybrain.cli", "evaluate", f"resco:{name}", "--policies", ",".join(policies)]
        subprocess.run([sys.executable, *command, "--seeds", SEEDS, "--jobs", "2", "--out", str(out)], check=False)


def table(folder: Path, policies: tuple[str, ...]) -> list[str]:
    """Return the table's lines: mean [95 % interval] worst seed."""
    there = [name for name in MAPS if (folder / name / "results.json").exists()]
    results = {name: Results.read(folder / name / "results.json") for name in there}
    lines = [f"| map | {' | '.join(('fixed-time', *policies))} |", "|---" * (len(policies) + 2) + "|"]
    ratios = []
    for name, found in results.items():
        cells = []
        for policy in ("fixed-time", *policies):
            delay = found.policies.get(policy, {}).get("mean_delay_s")
            cells.append(
                "failed"
                if delay is None
                else f"{delay.mean:.1f} ± {delay.mean - delay.ci95[0]:.1f} ({delay.worst:.1f})"
            )
        lines.append(f"| {name} | {' | '.join(cells)} |")
        if OURS in found.policies:
            peers = {p: m["mean_delay_s"].mean for p, m in found.policies.items() if p != OURS}
            best = min(peers, key=lambda p: peers[p])
            ratio = found.policies[OURS]["mean_delay_s"].mean / peers[best]
            ratios.append((name, best, ratio))
    if ratios:
        lines += ["", "| map | best peer | adaptive / best peer |", "|---|---|---|"]
        lines += [f"| {name} | {best} | {ratio:.2f} |" for name, best, ratio in ratios]
        mean = math.exp(sum(math.log(r) for _, _, r in ratios) / len(ratios))
        lines.append(f"| geometric mean | | {mean:.2f} |")
    first = next(iter(results.values()))
    lines += ["", f"SUMO {first.sumo_version}, {first.created[:10]}, seeds {SEEDS}, sensors {first.sensors}."]
    return lines


def main() -> None:
    """Run, then replace the table between the marks in docs/scoreboard.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-table", action="store_true")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "scoreboard")
    parser.add_argument("--policies", default=",".join((*PEERS, OURS)))
    arguments = parser.parse_args()
    policies = tuple(arguments.policies.split(","))
    if not arguments.only_table:
        run(arguments.folder, policies)
    lines = table(arguments.folder, policies)
    page = ROOT / "docs" / "scoreboard.md"
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(START)
    _, _, tail = rest.partition(END)
    page.write_text("\n".join([head + START, "", *lines, "", END + tail]), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
