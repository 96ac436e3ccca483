"""Fixed plans in bare SUMO, without the loop: the same delay to the second (tests/sumo/test_retime.py), in less time.

    python benchmarks/bare.py kuala-lumpur:midday 101 [plans.add.xml]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
from lxml import etree

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.demand.silenced import silenced
from citybrain.evaluation.metrics import read_trips
from citybrain.evaluation.warm import warm_state, without_programs
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary


def delay_s(scenario: Scenario, seed: int, plans: Path | None = None) -> float:
    """Return the mean delay of all loaded vehicles under the scenario's own plans, or under those of a file."""
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        folder = Path(name)
        quiet = replace(scenario, additional_files=silenced(scenario.additional_files, folder))
        state = warm_state(scenario)
        if plans is not None and state is not None:
            signals = [str(logic.get("id")) for logic in etree.parse(str(plans)).getroot().iter("tlLogic")]
            state = without_programs(state, signals, folder)
        launch = SumoLaunch(
            seed=seed,
            outputs={
                "tripinfo-output": str(folder / "trips.xml"),
                "tripinfo-output.write-unfinished": "true",
                "tripinfo-output.write-undeparted": "true",
            },
            additional_files=(plans,) if plans is not None else (),
            load_state=state,
        )
        subprocess.run([sumo_binary(), *sumo_arguments(quiet, launch)], check=True, capture_output=True)
        trips = read_trips(folder / "trips.xml", end_s=scenario.end_s)
        return float(pc.mean(pc.add(trips["time_loss_s"], trips["depart_delay_s"])).as_py())


if __name__ == "__main__":
    print(f"{delay_s(open_scenario(sys.argv[1]), int(sys.argv[2]), *map(Path, sys.argv[3:])):.2f} s")
