"""Retime the RESCO maps, or the periods of Kuala Lumpur, and write their table of docs/scoreboard.md.

    python benchmarks/retime.py                 # eight maps, about half an hour on 2 cores
    python benchmarks/retime.py --city          # Kuala Lumpur: three periods, some hours
    python benchmarks/retime.py --only-table    # from results that are there

Every map gets its own plan, pure Webster (every stage of its own plan in its order, each junction by
itself, for the busiest quarter of an hour) and what `citybrain retime` writes, on seeds that the search
never saw; in the city the plan of current practice is Webster's with offsets, so there is no third.
Results go to ``out/retime/<map>``; what is there is not run again, seed by seed.
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

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.evaluation.compare import estimate
from citybrain.evaluation.results import Results
from citybrain.evaluation.retiming.retime import changed_plans
from citybrain.evaluation.retiming.retime_results import RetimeResults
from citybrain.evaluation.run import RunRecord, RunSpec
from citybrain.evaluation.warm import warm_state
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
CITY = "kuala-lumpur"
PERIODS = ("midday", "am-peak", "pm-peak")
SEEDS = (101, 102, 103, 104, 105)
OWN, WEBSTER, RETIMED = "own plan", "Webster", "retimed"


def run(
    name: str, folder: Path, *, minutes: float, candidates: int, jobs: int, known: Path, extra: tuple[str, ...] = ()
) -> None:
    """Retime a scenario, then run its plans on the test seeds, seed by seed; what has been run is not run again."""
    if not (folder / "plans.add.xml").exists():
        command = ["-m", "citybrain.cli", "retime", name, "--minutes", str(minutes), "--jobs", str(jobs)]
        command += ["--candidates", str(candidates), "--out", str(folder), *extra]
        subprocess.run([sys.executable, *command], check=True)
    scenario = open_scenario(name)
    files = {OWN: None, RETIMED: "plans.add.xml"}
    if not name.startswith(CITY):
        files[WEBSTER] = "webster.add.xml"
        write_webster(scenario, folder / "webster.add.xml")
    delays = {OWN: own_plan(known / folder.name / "fixed-time" / "results.json")}
    delays = {plan: delays.get(plan, {}) | measured(folder).get(plan, {}) for plan in files}
    warm = warm_state(scenario)
    specs, owner = [], []
    for seed in SEEDS:
        for plan, file in files.items():
            if seed in delays[plan]:
                continue
            parameters = {"plans": str((folder / file).resolve())} if file else {}
            policy = "retimed" if file else "fixed-time"
            specs.append(RunSpec(scenario=scenario, policy=policy, seed=seed, parameters=parameters, warm_state=warm))
            owner.append(plan)
    for index, outcome in run_all(specs, jobs=jobs):
        plan, seed = owner[index], specs[index].seed
        if not isinstance(outcome, RunRecord):
            raise SystemExit(f"{name}: {plan} seed {seed}: {outcome.error}")
        delays[plan][seed] = outcome.result.mean_delay_s
        print(name, plan, seed, f"{delays[plan][seed]:.1f} s", flush=True)
        (folder / "test.json").write_text(json.dumps(delays, indent=1), encoding="utf-8")


def measured(folder: Path) -> dict[str, dict[int, float]]:
    """Return the delays that a folder holds, by plan and seed."""
    if not (folder / "test.json").exists():
        return {}
    known = json.loads((folder / "test.json").read_text(encoding="utf-8"))
    return {plan: {int(seed): delay for seed, delay in rows.items()} for plan, rows in known.items()}


def write_webster(scenario: Scenario, path: Path) -> None:
    """Write pure Webster's plan of a scenario."""
    network = read_network(scenario.net_file, scenario.additional_files)
    optimiser = Optimiser(pose(scenario, network), Settings())
    plans = changed_plans(network, optimiser.webster, optimiser.current)
    path.write_text(sumo_text(network, scenario.rules, plans), encoding="utf-8")


def own_plan(file: Path) -> dict[int, float]:
    """Delays of the map's own plan by seed, where benchmarks/scoreboard.py has run them; else empty."""
    if not file.exists():
        return {}
    runs = Results.read(file).runs
    return {run.seed: run.mean_delay_s for run in runs if run.policy == "fixed-time" and run.status == "ok"}


def table(out: Path, names: tuple[str, ...], plans: tuple[str, ...]) -> list[str]:
    """Return the table's lines; the last of the plans is compared with the others."""
    against = [OWN, *(plan for plan in plans if plan not in (OWN, RETIMED))]
    heads = ["map", *plans, *(f"of {plan}" for plan in against), "seeds", "chosen", "search s"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    ratios = []
    for name in names:
        folder = out / name
        delays = measured(folder)
        seeds = [seed for seed in SEEDS if all(seed in delays.get(plan, {}) for plan in plans)]
        if not seeds:
            continue
        (period,) = RetimeResults.read(folder / "results.json").periods
        found = {plan: estimate([delays[plan][seed] for seed in seeds]) for plan in plans}
        cells = [f"{e.mean:.1f} ± {e.mean - e.ci95[0]:.1f} ({e.worst:.1f})" for e in found.values()]
        ratios.append([found[RETIMED].mean / found[plan].mean for plan in against])
        shares = " | ".join(f"**{ratio:.2f}**" for ratio in ratios[-1])
        lines.append(
            f"| {name} | {' | '.join(cells)} | {shares} | {len(seeds)} | {period.chosen} | {period.search_s:.0f} |"
        )
    if ratios:
        means = [math.exp(sum(map(math.log, column)) / len(column)) for column in zip(*ratios, strict=True)]
        lines.append(f"| geometric mean{' |' * len(plans)} | {' | '.join(f'{mean:.2f}' for mean in means)} | | | |")
    today = datetime.now(UTC).date().isoformat()
    return [*lines, "", f"SUMO {sumo_version()}, {today}, the first of the seeds {', '.join(map(str, SEEDS))}."]


def main() -> None:
    """Run, then replace the table between its marks in docs/scoreboard.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only-table", action="store_true")
    parser.add_argument("--city", action="store_true", help="Kuala Lumpur instead of the RESCO maps")
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "retime")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--candidates", type=int, default=9)
    parser.add_argument("--known", type=Path, default=ROOT / "out" / "scoreboard", help="of benchmarks/scoreboard.py")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--maps", help="some of the maps or periods, with commas")
    parser.add_argument("--no-sumo", action="store_true", help="the platoon model's best, not judged before the test")
    parser.add_argument("--standing-queues", action="store_true")
    parser.add_argument("--spillback", action="store_true", help="search in the mesoscopic simulation too")
    given = parser.parse_args()
    family, names = (CITY, PERIODS) if given.city else ("resco", MAPS)
    if not given.only_table:
        for name in given.maps.split(",") if given.maps else names:
            run(
                f"{family}:{name}",
                given.folder / name,
                minutes=given.minutes,
                candidates=given.candidates,
                jobs=given.jobs,
                known=given.known,
                extra=tuple(
                    f"--{name.replace('_', '-')}"
                    for name in ("no_sumo", "standing_queues", "spillback")
                    if getattr(given, name)
                ),
            )
    plans = (OWN, RETIMED) if given.city else (OWN, WEBSTER, RETIMED)
    what = "retime kuala lumpur" if given.city else "retime"
    replace_table(SCOREBOARD, table(given.folder, names, plans), what=what, script="retime.py")


if __name__ == "__main__":
    main()
