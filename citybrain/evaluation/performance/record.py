"""One run of a policy with the event log of its controllers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.detection import make_sensors
from citybrain.errors import InputError, nearest_hint
from citybrain.evaluation.performance.log import EventLog
from citybrain.evaluation.performance.phases import Phase
from citybrain.evaluation.performance.recorder import Notes, RecordedPlant
from citybrain.loop import run_loop
from citybrain.messages import Event
from citybrain.network import read_network
from citybrain.network.model import Network
from citybrain.signals.contained import make_policy
from citybrain.signals.policy import NativePolicy
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

PLANNED = frozenset({"fixed-time"})
"""Policies whose greens end by a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRequest:
    """What to run and to write down; ``junctions`` are ids, none for all."""

    scenario: Scenario
    policy: str = "fixed-time"
    sensors: str = "camera"
    seed: int = 1
    junctions: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)


class _Progress:
    def __init__(self, scenario: Scenario, report: Callable[[float], None]) -> None:
        self._begin_s, self._span_s, self._report = scenario.begin_s, scenario.end_s - scenario.begin_s, report

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        self._report(min(1.0, (time_ms / 1000 - self._begin_s) / max(self._span_s, 1.0)))


def junction_indices(network: Network, ids: Sequence[str]) -> list[int]:
    """Return the indices of junctions by id; of all of them where none is named.

    Raises
    ------
    InputError
        Where an id is unknown.
    """
    known = [junction.id for junction in network.junctions]
    for name in ids:
        if name not in known:
            raise InputError(f"--junctions {name!r}: {network.source} has no such signal{nearest_hint(name, known)}")
    return [network.junction_index(name) for name in ids] or [j.index for j in network.junctions]


def record(
    request: LogRequest, progress: Callable[[float], None] = lambda _: None
) -> tuple[EventLog, dict[int, tuple[Phase, ...]]]:
    """Run the scenario's window in SUMO; returns the log, and the phases by junction index."""
    scenario = request.scenario
    network = read_network(scenario.net_file, scenario.additional_files)
    chosen = junction_indices(network, request.junctions)
    policy = make_policy(request.policy, dict(request.parameters), trusted=False)
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        folder = Path(name)
        additional: tuple[Path, ...] = ()
        if isinstance(policy, NativePolicy):
            programs = policy.programs(network, scenario.rules)
            if programs is not None:
                additional = (folder / "programs.add.xml",)
                additional[0].write_text(programs, encoding="utf-8")
        scenario = replace(scenario, additional_files=silenced(scenario.additional_files, folder))
        plant = RecordedPlant(
            SumoPlant(scenario, network, SumoLaunch(seed=request.seed, additional_files=additional)),
            network,
            scenario.rules,
            junctions=chosen,
            planned=request.policy in PLANNED,
        )
        try:
            run_loop(
                plant,
                network,
                policy,
                make_sensors(request.sensors, network, seed=request.seed),
                scenario.rules,
                scenario.end_s,
                [_Progress(scenario, progress), Notes(plant)],
            )
        finally:
            plant.close()
    return plant.log, plant.phases
