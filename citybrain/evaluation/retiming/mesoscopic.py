"""SUMO's mesoscopic simulation of the whole network: fast, and queues block the junctions behind them.

N. Eissfeldt, Vehicle-based modelling of traffic: theory and application to environmental impact modelling,
dissertation, Cologne 2004: roads are chains of queues, a vehicle goes on when its headway has passed and
the next queue has room. Lamps are the real programs (``meso-junction-control``), not penalties; but vehicles
lose no time when they start, and drive on as long as it is yellow, so each green begins later and ends
later by what the platoon model takes for the start and for the use of yellow.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.errors import PlantError
from citybrain.evaluation.metrics import read_edges
from citybrain.evaluation.warm import WARM_SEED, without_programs
from citybrain.network.model import GREEN, Network
from citybrain.signals.retiming.files import PROGRAM_ID, current_text
from citybrain.signals.retiming.locality import by_junction, next_signal
from citybrain.signals.retiming.moves import Setting, setting_of
from citybrain.signals.retiming.profiles import END_GAIN_S, START_LOST_S
from citybrain.signals.retiming.timing import Timing, to_plans
from citybrain.signals.retiming.trials import Losses
from citybrain.simulation.sumo import SumoLaunch, sumo_arguments, sumo_binary

_OPTIONS = {
    "mesosim": "true", "meso-junction-control": "true", "meso-multi-queue": "true", "meso-overtaking": "false",
    "meso-tauff": "1.25", "meso-taufj": "1.25", "meso-taujf": "1.25", "meso-taujj": "1.4",
}  # fmt: skip
_TICKS = 10  # a second


@dataclass(slots=True)
class Mesoscopic:
    """Runs plans of a scenario mesoscopically; they start from one warm state, made under the current plan.

    Parameters
    ----------
    current : Timing
        What the scenario's own programs run; a junction that keeps it keeps its program.
    folder : path
        For scratch files; kept as long as this is used.
    """

    scenario: Scenario
    network: Network
    current: Timing
    folder: Path
    jobs: int = 1
    _owner: NDArray[np.int32] = field(init=False)
    _quiet: Scenario = field(init=False)
    _state: Path | None = field(init=False, default=None)
    _texts: dict[tuple[int, Setting], str] = field(init=False, default_factory=dict)
    _own: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._owner = next_signal(self.network)
        quiet = silenced(self.scenario.additional_files, self.folder)
        options = {key: value for key, value in self.scenario.options.items() if key != "lateral-resolution"}
        self._quiet = replace(self.scenario, additional_files=quiet, options={**options, **_OPTIONS})
        self._own = {row.get("id"): effective(row) for row in etree.fromstring(current_text(self.network))}
        if self.scenario.warmup_s > 0:
            self._state = self._warm_up()

    def measure(self, timings: Sequence[Timing], seed: int) -> list[Losses]:
        """Run plans with one seed, ``jobs`` at a time.

        Raises
        ------
        PlantError
            If SUMO fails; the message is its own.
        """
        with ThreadPoolExecutor(max_workers=self.jobs) as pool:
            return list(pool.map(lambda timing: self._measure(timing, seed), timings))

    def _warm_up(self) -> Path:
        state = self.folder / "warm.xml.gz"
        quiet = self._quiet
        launch = SumoLaunch(seed=WARM_SEED, begin_s=quiet.begin_s - quiet.warmup_s, save_state=state)
        plans = self.folder / "warm.add.xml"
        plans.write_text("\n".join(["<additional>", *self._own.values(), "</additional>"]), encoding="utf-8")
        launch = replace(launch, additional_files=(plans,))
        self._sumo(sumo_arguments(replace(quiet, end_s=quiet.begin_s + quiet.step_s), launch))
        return without_programs(state, [junction.id for junction in self.network.junctions], self.folder)

    def _measure(self, timing: Timing, seed: int) -> Losses:
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name)
            plans, edges, trips = folder / "plans.add.xml", folder / "edges.xml", folder / "trips.xml"
            request = f'<edgeData id="loss" file="{edges}" excludeEmpty="true"/>'
            plans.write_text(f"<additional>\n{self._programs(timing)}\n{request}</additional>\n", encoding="utf-8")
            launch = SumoLaunch(
                seed=seed,
                load_state=self._state,
                additional_files=(plans,),
                outputs={
                    "tripinfo-output": str(trips),
                    "tripinfo-output.write-unfinished": "true",
                    "tripinfo-output.write-undeparted": "true",
                },
            )
            self._sumo(sumo_arguments(self._quiet, launch))
            loss_s, _, _ = read_edges(edges, self.network)
            mean_s = self._entering(trips, loss_s)
        return Losses(
            mean_s=mean_s,
            edge_s=loss_s,
            junction_s=by_junction(loss_s, self._owner, len(self.network.junctions)),
        )

    def _entering(self, trips: Path, loss_s: NDArray[np.float64]) -> float:
        """Add the wait for room to start to the road where it is waited; return the mean delay of all vehicles."""
        total_s, count = 0.0, 0
        for _, trip in etree.iterparse(str(trips), tag="tripinfo"):
            wait_s = float(trip.get("departDelay"))
            edge = self.network.edge_index(trip.get("departLane", "").rpartition("_")[0])
            if edge >= 0:
                loss_s[edge] += wait_s
            inserted = float(trip.get("depart")) >= 0
            total_s += wait_s + (float(trip.get("timeLoss")) if inserted else 0.0)
            count += 1
            trip.clear()
        return total_s / max(1, count)

    def _programs(self, timing: Timing) -> str:
        """Return every junction's program as vehicles use it, remembered setting by setting."""
        changed = {
            j: setting
            for j in range(len(self.network.junctions))
            if (setting := setting_of(timing, j)) != setting_of(self.current, j)
        }
        missing = [row for row in changed.items() if row not in self._texts]
        plans = to_plans(self.network, timing) if missing else {}
        for j, setting in missing:
            plan = plans[self.network.junctions[j].id]
            text = plan.to_sumo(self.network, self.scenario.rules, program_id=PROGRAM_ID)
            self._texts[j, setting] = effective(etree.fromstring(text))
        own = (self._own[row.id] for row in self.network.junctions if row.index not in changed)
        return "\n".join([*own, *(self._texts[row] for row in changed.items())])

    def _sumo(self, arguments: list[str]) -> None:
        done = subprocess.run([sumo_binary(), *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PlantError(f"{self.scenario.name}: the mesoscopic run failed: {' '.join(done.stderr.split())[:300]}")


def effective(logic: Any) -> str:
    """Return a ``tlLogic`` whose greens are those that vehicles use: they start late and drive on into yellow."""
    lamps = [list(phase.get("state")) for phase in logic for _ in range(round(float(phase.get("duration")) * _TICKS))]
    shown = np.array(lamps)
    green = np.isin(shown, sorted(GREEN))
    lost, gain = START_LOST_S * _TICKS, END_GAIN_S * _TICKS
    used = np.roll(green, lost, axis=0) & np.roll(green, gain, axis=0)
    states = np.where(used, np.roll(shown, gain, axis=0), "r")
    changes = np.flatnonzero((states != np.roll(states, 1, axis=0)).any(axis=1))
    begins = [0, *changes[changes > 0].tolist()]
    ends = [*begins[1:], len(states)]
    phases = [
        f'<phase duration="{(end - begin) / _TICKS:g}" state="{"".join(states[begin])}"/>'
        for begin, end in zip(begins, ends, strict=True)
    ]
    head = f'<tlLogic id={quoteattr(logic.get("id"))} type="static" programID="{PROGRAM_ID}" offset="{logic.get("offset")}">'
    return "".join([head, *phases, "</tlLogic>"])
