"""Saved simulation states from which the twins of a study start, with what the links took until then."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.errors import PlantError
from citybrain.evaluation.warm import WARM_SEED, scenario_key, warm_state
from citybrain.network.cities import cache_folder
from citybrain.network.model import Network
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary

_LOOKED_BACK_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A state to start from.

    Attributes
    ----------
    edge_times : Path
        Mean travel times of the edges over the ten minutes before.
    """

    time_s: float
    state: Path
    edge_times: Path

    def prior_s(self, network: Network) -> NDArray[np.float64]:
        """Return seconds to drive each edge as they were until the fork; NaN-free, free flow where nobody drove."""
        times = np.array([edge.length_m / max(edge.speed_mps, 1.0) for edge in network.edges])
        for element in etree.parse(str(self.edge_times)).getroot().iter("edge"):
            index = network.edge_index(str(element.get("id")))
            if index >= 0 and element.get("traveltime"):
                times[index] = max(times[index], float(element.get("traveltime")))
        return times

    def prior_flow_vps(self, network: Network) -> NDArray[np.float64]:
        """Return vehicles a second that left each edge until the fork."""
        flow = np.zeros(len(network.edges))
        root = etree.parse(str(self.edge_times)).getroot()
        for interval in root.iter("interval"):
            span_s = max(float(interval.get("end", 0)) - float(interval.get("begin", 0)), 1.0)
            for element in interval.iter("edge"):
                index = network.edge_index(str(element.get("id")))
                if index >= 0:
                    flow[index] = (float(element.get("left", 0)) + float(element.get("arrived", 0))) / span_s
        return flow


def forks(scenario: Scenario, times_s: Sequence[float]) -> list[Fork]:
    """Return a state at each time under the scenario's own plans, computed once and cached.

    Raises
    ------
    PlantError
        If SUMO fails; names the scenario.
    """
    folder = cache_folder("forks") / scenario_key(scenario)
    names = [f"{time_s:g}" for time_s in times_s]
    found = [
        Fork(time_s=t, state=folder / f"{n}.xml.gz", edge_times=folder / f"{n}.edges.xml")
        for t, n in zip(times_s, names, strict=True)
    ]
    if not all(fork.state.exists() and fork.edge_times.exists() for fork in found):
        folder.mkdir(parents=True, exist_ok=True)
        _simulate(scenario, found)
    return found


def _simulate(scenario: Scenario, found: Sequence[Fork]) -> None:
    warm = warm_state(scenario)
    with tempfile.TemporaryDirectory(prefix="citybrain-", dir=found[0].state.parent) as name:
        work = Path(name)
        wanted = []
        for fork in found:
            begin = max(scenario.begin_s, fork.time_s - _LOOKED_BACK_S)
            wanted.append(
                f'<edgeData id="{fork.time_s:g}" file="{work / fork.edge_times.name}" begin="{begin:g}" '
                f'end="{fork.time_s:g}"/>'
            )
        request = work / "wanted.add.xml"
        request.write_text(f"<additional>{''.join(wanted)}</additional>", encoding="utf-8")
        quiet = replace(
            scenario,
            additional_files=silenced(scenario.additional_files, work),
            end_s=max(fork.time_s for fork in found) + scenario.step_s,
        )
        launch = SumoLaunch(
            seed=WARM_SEED,
            load_state=warm,
            additional_files=(request,),
            outputs={
                "save-state.times": ",".join(f"{fork.time_s:g}" for fork in found),
                "save-state.files": ",".join(str(work / fork.state.name) for fork in found),
            },
        )
        done = subprocess.run(
            [sumo_binary(), *sumo_arguments(quiet, launch)], capture_output=True, text=True, check=False
        )
        made = [(work / path.name, path) for fork in found for path in (fork.state, fork.edge_times)]
        if done.returncode != 0 or not all(before.exists() for before, _ in made):
            raise PlantError(f"{scenario.name}: no state to start from: {' '.join(done.stderr.split())[:300]}")
        for before, after in made:
            before.replace(after)
