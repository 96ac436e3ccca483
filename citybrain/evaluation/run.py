"""One run: a policy on a scenario with a seed, and what is measured of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from lxml import etree
from numpy.typing import NDArray

from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.detection import make_sensors
from citybrain.errors import PlantError
from citybrain.evaluation.emissions import emissions_request, read_emissions
from citybrain.evaluation.metrics import read_edges, read_series, read_statistics, read_trips, summarise
from citybrain.evaluation.results import RunResult
from citybrain.evaluation.warm import without_programs
from citybrain.loop import run_loop
from citybrain.messages import Event
from citybrain.network import read_network
from citybrain.signals.contained import make_policy
from citybrain.signals.policy import NativePolicy, network_for
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

SERIES_PERIOD_S = 60
_PROGRESS_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """All that decides the outcome of a run."""

    scenario: Scenario
    policy: str
    seed: int
    parameters: dict[str, Any] = field(default_factory=dict)
    sensors: str = "perfect"
    transport: Literal["libsumo", "traci", "gui"] = "libsumo"
    remote: tuple[str, int] | None = None
    warm_state: Path | None = None
    trusted: bool = False
    """Run a third party's policy in the process of the simulation."""
    emissions: bool = False
    """Keep what each road emits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What a run leaves: its row, its trips, and data for the report.

    Attributes
    ----------
    trips : pyarrow.Table
        One row for each loaded vehicle, see :data:`citybrain.evaluation.metrics.TRIP_SCHEMA`.
    edge_delay_s : ndarray, shape (n_edges,)
        Time lost on each edge of the network by all vehicles, vehicle-seconds.
    edge_speed_mps, edge_vehicles : ndarray, shape (n_edges,)
        Mean speed (NaN where nobody drove) and vehicles that entered.
    series : dict of ndarray
        ``time_s``, ``running``, ``halting``, ``waiting_to_insert``, ``mean_speed_mps`` every minute.
    emissions : pyarrow.Table, optional
        One row an edge, see :data:`citybrain.evaluation.emissions.SCHEMA`.
    decisions : tuple of Event
        Explanations kept for the report (last few of each junction).
    """

    result: RunResult
    trips: pa.Table
    edge_delay_s: NDArray[np.float64]
    edge_speed_mps: NDArray[np.float64]
    edge_vehicles: NDArray[np.float64]
    series: dict[str, NDArray[np.float64]]
    decisions: tuple[Event, ...] = ()
    emissions: pa.Table | None = None


class _Progress:
    """Tells the share of the window that is done, a few times a run."""

    def __init__(self, begin_s: float, end_s: float, report: Callable[[float], None]) -> None:
        self.begin_ms, self.length_ms = begin_s * 1000, max(1.0, (end_s - begin_s) * 1000)
        self.report = report
        self._next = 1 / _PROGRESS_STEPS

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        done = (time_ms - self.begin_ms) / self.length_ms
        if done >= self._next:
            self._next = done + 1 / _PROGRESS_STEPS
            self.report(min(done, 1.0))


class _Explanations:
    """Keeps the latest decisions with a reason, a few for each junction."""

    def __init__(self, per_junction: int = 3) -> None:
        self.per_junction = per_junction
        self._kept: dict[str, list[Event]] = {}

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        for event in events:
            if event.kind == "decision":
                kept = self._kept.setdefault(event.junction_id, [])
                kept.append(event)
                del kept[: -self.per_junction]

    def events(self) -> tuple[Event, ...]:
        return tuple(event for kept in self._kept.values() for event in kept)


def execute(spec: RunSpec, progress: Callable[[float], None] = lambda _: None) -> RunRecord:
    """Run in this process and measure. Raises what the run raises; see :mod:`.workers`."""
    begun = perf_counter()
    scenario = spec.scenario
    network = read_network(scenario.net_file, scenario.additional_files)
    parameters = dict(spec.parameters)
    if spec.policy in scenario.intervals_s:
        parameters.setdefault("interval_s", scenario.intervals_s[spec.policy])
    policy = make_policy(spec.policy, parameters, trusted=spec.trusted)
    network = network_for(policy, network)
    explanations = _Explanations()
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        folder = Path(name)
        scenario = replace(scenario, additional_files=silenced(scenario.additional_files, folder))
        additional = [_edge_data_request(folder)]
        if spec.emissions:
            additional.append(emissions_request(folder))
        warm = spec.warm_state
        if isinstance(policy, NativePolicy):
            programs = policy.programs(network, scenario.rules)
            if programs is not None:
                path = folder / "programs.add.xml"
                path.write_text(programs, encoding="utf-8")
                additional.append(path)
                if warm is not None:
                    signals = [str(logic.get("id")) for logic in etree.fromstring(programs.encode()).iter("tlLogic")]
                    warm = without_programs(warm, signals, folder)
        plant = SumoPlant(
            scenario,
            network,
            SumoLaunch(
                seed=spec.seed,
                transport=spec.transport,
                remote=spec.remote,
                outputs=run_outputs(folder),
                additional_files=tuple(additional),
                load_state=warm,
            ),
        )
        try:
            loop = run_loop(
                plant,
                network,
                policy,
                make_sensors(spec.sensors, network, seed=spec.seed),
                scenario.rules,
                scenario.end_s,
                [_Progress(scenario.begin_s, scenario.end_s, progress), explanations],
            )
        finally:
            plant.close()
        if spec.remote is not None and not (folder / "tripinfo.xml").exists():
            raise PlantError(
                f"the SUMO at {spec.remote[0]}:{spec.remote[1]} wrote its outputs elsewhere; it must share {folder}"
            )
        trips = read_trips(folder / "tripinfo.xml", end_s=scenario.end_s)
        statistics = read_statistics(folder / "statistics.xml")
        delay, speed, vehicles = read_edges(folder / "edges.xml", network)
        series = read_series(folder / "summary.xml")
        emissions = read_emissions(folder) if spec.emissions else None
    result = summarise(
        trips,
        statistics,
        policy=spec.policy,
        seed=spec.seed,
        interlock_refusals=loop.refusals,
        simulator_s=loop.times.simulator_s,
        control_s=loop.times.control_s,
        decision_p99_ms=loop.times.decision_p99_ms,
        wall_s=perf_counter() - begun,
    )
    replaced = getattr(policy, "failure", None)
    if replaced is not None:  # what was measured is not the policy's
        result = result.model_copy(update={"status": "failed", "error": replaced})
    return RunRecord(
        result=result,
        trips=trips,
        edge_delay_s=delay,
        edge_speed_mps=speed,
        edge_vehicles=vehicles,
        series=series,
        decisions=explanations.events(),
        emissions=emissions,
    )


def run_outputs(folder: Path) -> dict[str, str]:
    """Return the SUMO outputs that a measured run writes."""
    return {
        "tripinfo-output": str(folder / "tripinfo.xml"),
        "tripinfo-output.write-unfinished": "true",
        "tripinfo-output.write-undeparted": "true",
        "device.emissions.probability": "1",
        "statistic-output": str(folder / "statistics.xml"),
        "summary-output": str(folder / "summary.xml"),
        "summary-output.period": str(SERIES_PERIOD_S),
    }


def _edge_data_request(folder: Path) -> Path:
    path = folder / "edges.add.xml"
    path.write_text(
        f'<additional><edgeData id="citybrain" file="{folder / "edges.xml"}" excludeEmpty="true"/></additional>',
        encoding="utf-8",
    )
    return path
