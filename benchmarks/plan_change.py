"""What a change of plans costs, and what it gains: one map, a few seeds, every way from plan to plan.

    python benchmarks/plan_change.py resco:cologne8 --begin 26100 --end 27900

The map is retimed for the window first. *Cost*: in the middle of the window every junction changes over to the same
plan with its offset moved by two fifths of its cycle, which gains nothing; the cost is the delay beyond that without
a change. *Gain*: the map's own plan changes over to the retimed one; the gain is the delay below that of the own plan.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.evaluation.compare import estimate
from citybrain.evaluation.run import RunSpec, execute
from citybrain.network import Network, read_network
from citybrain.signals.plan import Plan
from citybrain.signals.retiming.files import toml_text
from citybrain.signals.retiming.optimise import Optimiser, Settings
from citybrain.signals.retiming.problem import pose
from citybrain.signals.retiming.timing import to_plans
from citybrain.signals.time_of_day import WAYS

Periods = Mapping[str, Mapping[str, Plan]]


def retimed(scenario: Scenario, network: Network, seconds: float) -> dict[str, Plan]:
    """Return the platoon model's best plan of the window."""
    optimiser = Optimiser(pose(scenario, network), Settings(seconds=seconds))
    optimiser.run()
    best = min(optimiser.candidates, key=lambda candidate: candidate.model_s)
    plans = to_plans(network, best.timing)
    return {name: plan for name, plan in plans.items() if not plan.problems(network, scenario.rules)}


def moved(plans: Mapping[str, Plan], scenario: Scenario, network: Network) -> dict[str, Plan]:
    """Return the same plans, each two fifths of its cycle later."""
    found = {}
    for name, plan in plans.items():
        cycle_s = plan.cycle_s(network, scenario.rules)
        found[name] = replace(plan, offset_s=(plan.offset_s + round(0.4 * cycle_s)) % cycle_s)
    return found


def delay_s(scenario: Scenario, file: Path, way: str, seed: int) -> float:
    """Run plans by the clock; return the mean delay of all vehicles."""
    spec = RunSpec(scenario=scenario, policy="time-of-day", seed=seed, parameters={"plans": str(file), "way": way})
    return execute(spec).result.mean_delay_s


def main() -> None:
    """Retime, run, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario")
    parser.add_argument("--begin", type=float)
    parser.add_argument("--end", type=float)
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--seconds", type=float, default=30.0, help="for the search of the plan")
    given = parser.parse_args()
    scenario = open_scenario(given.scenario, begin_s=given.begin, end_s=given.end)
    network = read_network(scenario.net_file, scenario.additional_files)
    new = retimed(scenario, network, given.seconds)
    same = moved(new, scenario, network)
    middle_s = (scenario.begin_s + scenario.end_s) / 2
    ways, seeds = given.ways.split(","), [int(seed) for seed in given.seeds.split(",")]

    def shown(folder: Path, what: str, periods: Periods, tried: list[str]) -> None:
        file = folder / "plans.toml"
        begins = {name: 0.0 if place == 0 else middle_s for place, name in enumerate(("early", "late")[: len(periods)])}
        text = toml_text(network, scenario.rules, periods, source=scenario.name, begins_s=begins)
        file.write_text(text, encoding="utf-8")
        for way in tried:
            found = estimate([delay_s(scenario, file, way, seed) for seed in seeds])
            print(f"| {what} | {way} | {found.mean:.2f} | {found.worst:.2f} |", flush=True)

    print(f"| plan | way | mean delay s, {len(seeds)} seeds | worst |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        shown(Path(name), "retimed", {"early": new}, ways[:1])
        shown(Path(name), "retimed, then the same moved", {"early": new, "late": same}, ways)
        shown(Path(name), "own, then retimed", {"early": {}, "late": new}, ways)
        runs = [RunSpec(scenario=scenario, policy="fixed-time", seed=seed) for seed in seeds]
        own = estimate([execute(run).result.mean_delay_s for run in runs])
        print(f"| own, by SUMO | | {own.mean:.2f} | {own.worst:.2f} |")


if __name__ == "__main__":
    main()
