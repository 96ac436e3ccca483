"""The delay that no signal control can remove: every signal green for all, nobody gives way.

    python benchmarks/floor.py [map ...]
    python benchmarks/floor.py kuala-lumpur        # the floor alone, seed 101, from the warm state

What is left is geometry and the vehicles ahead. Delay above this floor is controllable; the table also
says what share of the best peer's controllable delay ``adaptive`` removes, from ``out/scoreboard``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from lxml import etree

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.demand.validate import open_maybe_gzip
from citybrain.evaluation.metrics import read_trips
from citybrain.evaluation.results import Results
from citybrain.evaluation.warm import warm_state, without_programs
from citybrain.network import read_network
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary

MAPS = (
    "cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4",
)  # fmt: skip
SEEDS = (101, 102, 103, 104, 105)
BOLD = {"jmIgnoreFoeProb": "1", "jmIgnoreFoeSpeed": "100", "jmIgnoreJunctionFoeProb": "1"}
SCOREBOARD = Path(__file__).resolve().parents[1] / "out" / "scoreboard"


def without_signals(scenario: Scenario, folder: Path) -> Scenario:
    """Return the scenario with green for all, driven by vehicles that give way to nobody."""
    network = read_network(scenario.net_file, scenario.additional_files)
    lines = [
        f'<tlLogic id="{j.id}" type="static" programID="floor" offset="0">'
        f'<phase duration="3600" state="{"G" * j.n_links}"/></tlLogic>'
        for j in network.junctions
    ]
    programs = folder / "green.add.xml"
    programs.write_text(f"<additional>{''.join(lines)}</additional>", encoding="utf-8")
    routes = []
    for place, file in enumerate(scenario.route_files):
        with open_maybe_gzip(file) as stream:
            tree = etree.parse(stream)
        root = tree.getroot()
        if place == 0 and root.find("vType[@id='DEFAULT_VEHTYPE']") is None:
            root.insert(0, etree.Element("vType", id="DEFAULT_VEHTYPE"))
        for kind in root.iter("vType"):
            kind.attrib.update(BOLD)
        routes.append(folder / f"{place}.rou.xml")
        tree.write(str(routes[-1]))
    additional = []
    for place, file in enumerate(scenario.additional_files):
        tree = etree.parse(str(file))
        for element in list(tree.getroot()):
            if element.tag in ("tlLogic", "WAUT", "wautJunction"):
                tree.getroot().remove(element)
        for kind in tree.getroot().iter("vType"):
            kind.attrib.update(BOLD)
        additional.append(folder / f"{place}.add.xml")
        tree.write(str(additional[-1]))
    return replace(scenario, route_files=tuple(routes), additional_files=(*additional, programs))


def floor_s(name: str, seeds: Sequence[int]) -> float:
    """Return the mean delay of all loaded vehicles over the seeds."""
    delays = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        own = open_scenario(name)
        warm = warm_state(own)
        if warm is not None:
            signals = [junction.id for junction in read_network(own.net_file, own.additional_files).junctions]
            warm = without_programs(warm, signals, folder)
        scenario = without_signals(own, folder)
        for seed in seeds:
            outputs = {
                "tripinfo-output": str(folder / "trips.xml"),
                "tripinfo-output.write-unfinished": "true",
                "tripinfo-output.write-undeparted": "true",
            }
            arguments = sumo_arguments(scenario, SumoLaunch(seed=seed, outputs=outputs, load_state=warm))
            subprocess.run([sumo_binary(), *arguments], check=True, capture_output=True)
            trips = read_trips(folder / "trips.xml", end_s=scenario.end_s)
            delays.append(pc.mean(pc.add(trips["time_loss_s"], trips["depart_delay_s"])).as_py())
    return float(np.mean(delays))


def delay_s(name: str, policy: str) -> float:
    """Return a policy's mean delay from the scoreboard's results, NaN where there is none."""
    path = SCOREBOARD / name / policy / "results.json"
    return Results.read(path).policies[policy]["mean_delay_s"].mean if path.exists() else float("nan")


def main(maps: list[str]) -> None:
    """Print the table."""
    print(
        "| map | floor, s | best peer | adaptive | controllable delay of the best peer removed |\n|---|---|---|---|---|"
    )
    for name in maps:
        if name not in MAPS:
            print(f"| {name} | {floor_s(name, SEEDS[:1]):.1f} | | | |", flush=True)
            continue
        floor = floor_s(f"resco:{name}", SEEDS)
        peers = ("fixed-time", "actuated", "delay-based", "max-pressure", "max-wave", "greedy")
        best, ours = np.nanmin([delay_s(name, policy) for policy in peers]), delay_s(name, "adaptive")
        share = (best - ours) / (best - floor)
        print(f"| {name} | {floor:.1f} | {best:.1f} | {ours:.1f} | {100 * share:.0f} % |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(MAPS))
