"""A warm state: traffic that is already there when the measured window begins.

Computed once under the scenario's own plans, cached, and shared by all
policies and seeds, so that they start from the same traffic.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import unescape

from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.errors import PlantError
from citybrain.network.cities import cache_folder
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary, sumo_version

_LOGIC_ID = re.compile(r'\bid="([^"]*)"')
WARM_SEED = 4242
"""Seed of the warm-up; never one that a comparison uses by default."""


def warm_state(scenario: Scenario) -> Path | None:
    """Return the saved state at ``begin_s``, computing it where it is missing; None without a warm-up."""
    if scenario.warmup_s <= 0:
        return None
    path = cache_folder("warm") / f"{scenario_key(scenario)}.xml.gz"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{os.getpid()}-{path.name}")
    launch = SumoLaunch(seed=WARM_SEED, begin_s=scenario.begin_s - scenario.warmup_s, save_state=temporary)
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        quiet = replace(scenario, additional_files=silenced(scenario.additional_files, Path(name)))
        arguments = sumo_arguments(quiet, launch)
        arguments[arguments.index("--end") + 1] = f"{scenario.begin_s + scenario.step_s:g}"
        done = subprocess.run([sumo_binary(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not temporary.exists():
        raise PlantError(f"{scenario.name}: the warm-up failed: {' '.join(done.stderr.split())[:300]}")
    temporary.replace(path)
    return path


def scenario_key(scenario: Scenario) -> str:
    """Return a hash of all that decides a scenario's traffic before it is measured."""
    digest = hashlib.sha256()
    for file in (scenario.net_file, *scenario.route_files, *scenario.additional_files):
        digest.update(file.read_bytes())
    digest.update(
        repr(
            (
                sorted(scenario.options.items()),
                scenario.begin_s,
                scenario.warmup_s,
                scenario.step_s,
                sumo_version(),
            )
        ).encode()
    )
    return digest.hexdigest()[:20]


def without_programs(state: Path, signals: Iterable[str], folder: Path) -> Path:
    """Return a copy of a warm state that leaves the programs of some signals alone.

    A saved state carries the program that was running, and SUMO goes back to it
    when it loads the state, whatever program an additional file has brought since.
    """
    names = frozenset(signals)
    copy = folder / f"own-programs-{state.name}"
    inside = False
    with gzip.open(state, "rt", encoding="utf-8") as before, gzip.open(copy, "wt", encoding="utf-8") as after:
        for line in before:
            text = line.strip()
            if text.startswith("<tlLogic ") and (found := _LOGIC_ID.search(text)) and unescape(found[1]) in names:
                inside = not text.endswith("/>")
            elif inside:
                inside = not text.startswith("</tlLogic>")
            else:
                after.write(line)
    return copy
