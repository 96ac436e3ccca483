"""Retime the RESCO maps and write the table of docs/scoreboard.md.

    python benchmarks/retime.py                 # eight maps, about half an hour on 2 cores
    python benchmarks/retime.py --only-table    # from results that are there

Every map gets its own plan, pure Webster (every stage of its own plan in its order, each junction by
itself, for the busiest quarter of an hour) and what `citybrain retime` writes, on seeds that the search
never saw. Results go to ``out/retime/<map>``; a map whose results are there is not run again.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from pages import SCOREBOARD, replace_table

from citybrain.demand.scenario import open_scenario
from citybrain.evaluation.compare import estimate
from citybrain.evaluation.results import Results
from citybrain.evaluation.retiming.results import RetimeResults
from citybrain.evaluation.retiming.retime import changed_plans
from citybrain.evaluation.run import RunRecord, RunSpec
from citybrain.evaluation.workers import run_all
from citybrain.network import read_network
from citybrain.signals.retiming.files import sumo_text
from citybrain.signals.retiming.optimise import Optimiser, Settings
from citybrain.signals.retiming.problem import pose
from citybrain.simulation.sumo import sumo_version

ROOT = Path(__file__).resolve().parents[1]
MAPS = (
    "cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4",
)  # fmt: skip
SEEDS = (101, 102, 103, 104, 105)
PLANS = ("own plan", "Webster", "retimed")


def run(name: str, out: Path, *, minutes: float, candidates: int, jobs: int, known: Path) -> None:
    """Retime a map, then run the three plans on the test seeds."""
    folder = out / name
    if (folder / "test.json").exists():
        return
    if not (folder / "plans.add.xml").exists():
        command = ["-m", "citybrain.cli", "retime", f"resco:{name}", "--minutes", str(minutes), "--jobs", str(jobs)]
        command += ["--candidates", str(candidates), "--out", str(folder)]
        subprocess.run([sys.executable, *command], check=True)
    scenario = open_scenario(f"resco:{name}")
    network = read_network(scenario.net_file)
    optimiser = Optimiser(pose(scenario, network), Settings())
    (folder / "webster.add.xml").write_text(
        sumo_text(network, scenario.rules, changed_plans(network, optimiser.webster, optimiser.current)),
        encoding="utf-8",
    )
    files = {"own plan": None, "Webster": "webster.add.xml", "retimed": "plans.add.xml"}
    specs, owner = [], []
    delays: dict[str, dict[int, float]] = {plan: {} for plan in PLANS}
    delays["own plan"] = own_plan(known / name / "results.json")
    for plan, file in files.items():
        if delays[plan]:
            continue
        for seed in SEEDS:
            parameters = {"plans": str((folder / file).resolve())} if file else {}
            policy = "retimed" if file else "fixed-time"
            specs.append(RunSpec(scenario=scenario, policy=policy, seed=seed, parameters=parameters))
            owner.append(plan)
    for index, outcome in run_all(specs, jobs=jobs):
        if not isinstance(outcome, RunRecord):
            raise SystemExit(f"{name}: {owner[index]} seed {specs[index].seed}: {outcome.error}")
        delays[owner[index]][specs[index].seed] = outcome.result.mean_delay_s
    (folder / "test.json").write_text(json.dumps(delays, indent=1), encoding="utf-8")


def own_plan(file: Path) -> dict[int, float]:
    """Delays of the map's own plan by seed, where benchmarks/scoreboard.py has run them; else empty."""
    if not file.exists():
        return {}
    runs = Results.read(file).runs
    found = {run.seed: run.mean_delay_s for run in runs if run.policy == "fixed-time" and run.status == "ok"}
    return found if set(found) >= set(SEEDS) else {}


def table(out: Path) -> list[str]:
    """Return the table's lines."""
    lines = [
        "| map | own plan | pure Webster | retimed | of own plan | of Webster | chosen | search s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ratios = []
    for name in MAPS:
        folder = out / name
        if not (folder / "test.json").exists():
            continue
        delays = json.loads((folder / "test.json").read_text(encoding="utf-8"))
        (period,) = RetimeResults.read(folder / "results.json").periods
        found = {plan: estimate(list(delays[plan].values())) for plan in PLANS}
        cells = [f"{e.mean:.1f} ± {e.mean - e.ci95[0]:.1f} ({e.worst:.1f})" for e in found.values()]
        pair = [found["retimed"].mean / found[plan].mean for plan in PLANS[:2]]
        ratios.append(pair)
        shares = " | ".join(f"**{ratio:.2f}**" for ratio in pair)
        lines.append(f"| {name} | {' | '.join(cells)} | {shares} | {period.chosen} | {period.search_s:.0f} |")
    if ratios:
        mean = [math.exp(sum(math.log(pair[k]) for pair in ratios) / len(ratios)) for k in range(2)]
        lines.append(f"| geometric mean | | | | {mean[0]:.2f} | {mean[1]:.2f} | | |")
    today = datetime.now(UTC).date().isoformat()
    lines += ["", f"SUMO {sumo_version()}, {today}, seeds {', '.join(map(str, SEEDS))}."]
    return lines


def main() -> None:
    """Run, then replace the table between the marks in docs/scoreboard.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-table", action="store_true")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "retime")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--candidates", type=int, default=9)
    parser.add_argument("--known", type=Path, default=ROOT / "out" / "scoreboard", help="of benchmarks/scoreboard.py")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--maps", default=",".join(MAPS))
    arguments = parser.parse_args()
    if not arguments.only_table:
        for name in arguments.maps.split(","):
            run(
                name,
                arguments.folder,
                minutes=arguments.minutes,
                candidates=arguments.candidates,
                jobs=arguments.jobs,
                known=arguments.known,
            )
    lines = table(arguments.folder)
    replace_table(SCOREBOARD, lines, what="retime", script="retime.py")


if __name__ == "__main__":
    main()
