"""One run with several sensor sets and all detectors watching, none of which changes anything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.incidents import IncidentSpec
from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.detection import make_sensors
from citybrain.detection.incidents import IncidentReport, LinkSigns, Tracker, detectors
from citybrain.loop import run_loop
from citybrain.messages import Command, Event, SignalView
from citybrain.network import Network
from citybrain.signals.policy import find_policy
from citybrain.simulation.plant import Plant, Readings
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

SAMPLE_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSpec:
    """A run to be watched.

    Attributes
    ----------
    incidents : tuple of IncidentSpec
        None for an incident-free run of the same seed.
    sensors : tuple of str
        Sensor sets, all of them in this one run.
    """

    scenario: Scenario
    seed: int
    policy: str
    incidents: tuple[IncidentSpec, ...]
    sensors: tuple[str, ...]
    warm_state: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a watched run leaves.

    Attributes
    ----------
    incidents : tuple of (IncidentSpec, happened_s)
        ``happened_s`` is None where nobody came to be stopped.
    time_s : ndarray, shape (n_samples,)
    scores : dict of (sensors, detector) to ndarray, shape (n_samples, n_links)
        The highest score of each link since the sample before.
    link_edge : ndarray of int64
        Edge of each link.
    reports : dict of (sensors, detector) to list of IncidentReport
        At each detector's own threshold.
    edge_vehicles : ndarray, shape (n_samples, n_edges)
        The truth: vehicles on each edge.
    detect_s : dict of sensors to float
        Wall time that ``discharge`` took a step, seconds, signs included.
    """

    spec: WatchSpec
    incidents: tuple[tuple[IncidentSpec, float | None], ...]
    time_s: NDArray[np.float64]
    scores: dict[tuple[str, str], NDArray[np.float32]]
    link_edge: NDArray[np.int64]
    reports: dict[tuple[str, str], list[IncidentReport]]
    edge_vehicles: NDArray[np.int16]
    detect_s: dict[str, float]


class SharedReadings:
    """A plant whose vehicles are read once a step, however many sensors look."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._read_ms = -1
        self._readings: Readings | None = None

    @property
    def time_ms(self) -> int:
        """Time of the plant in milliseconds."""
        return self._plant.time_ms

    def step(self) -> None:
        """Advance by one step."""
        self._plant.step()

    def read(self) -> Readings:
        """Return the readings of this step."""
        if self._readings is None or self._read_ms != self.time_ms:
            self._readings, self._read_ms = self._plant.read(), self.time_ms
        return self._readings

    def signal_states(self) -> Sequence[str]:
        """Return the lamps of every junction."""
        return self._plant.signal_states()

    def apply(self, commands: Sequence[Command]) -> None:
        """Show what the interlock commands."""
        self._plant.apply(commands)

    def close(self) -> None:
        """End the run."""
        self._plant.close()


class LampView:
    """What the lamps show, as stages: a city knows its own lamps, whoever commands them."""

    def __init__(self, network: Network) -> None:
        self._stages = [{stage.state: stage.index for stage in j.stages} for j in network.junctions]
        n = len(network.junctions)
        self._stage, self._since_ms = np.zeros(n, np.int32), np.zeros(n, np.int64)
        self._shown = [""] * n

    def view(self, states: Sequence[str], time_ms: int) -> SignalView:
        """Return the stages; a state that is none of them is an intergreen."""
        switching = np.zeros(len(states), np.bool_)
        for j, state in enumerate(states):
            stage = self._stages[j].get(state)
            switching[j] = stage is None
            if stage is not None:
                self._stage[j] = stage
            if state != self._shown[j]:
                self._shown[j], self._since_ms[j] = state, time_ms
        return SignalView(
            stage=self._stage.copy(),
            switching=switching,
            elapsed_s=(time_ms - self._since_ms) / 1000,
            remaining_s=np.zeros(len(states)),
        )


class _Watcher:
    """Observes the loop with sensor sets and detectors of its own."""

    def __init__(self, plant: SharedReadings, network: Network, spec: WatchSpec) -> None:
        self._plant, self._network, self._lamps = plant, network, LampView(network)
        self._sensors = {name: make_sensors(name, network, seed=spec.seed) for name in spec.sensors}
        self.links = {name: LinkSigns(network) for name in spec.sensors}
        self._detectors = {
            (name, kind): make(network, self.links[name]) for name in spec.sensors for kind, make in detectors().items()
        }
        self.trackers = {
            key: Tracker(network, self.links[key[0]], scorer.threshold) for key, scorer in self._detectors.items()
        }
        self.kept: dict[tuple[str, str], list[NDArray[np.float32]]] = {key: [] for key in self._detectors}
        self._best: dict[tuple[str, str], NDArray[np.float64]] = {}
        self.times_s: list[float] = []
        self.vehicles: list[NDArray[np.int16]] = []
        self.detect_s = dict.fromkeys(spec.sensors, 0.0)
        self.steps = 0
        self._edge = np.array([lane.edge for lane in network.lanes])

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        from time import perf_counter

        view = self._lamps.view(self._plant.signal_states(), time_ms)
        time_s = time_ms / 1000
        for name, sensors in self._sensors.items():
            observation = sensors.observe(self._plant, view)
            begun = perf_counter()
            signs = self.links[name].read(observation)
            self.detect_s[name] += perf_counter() - begun
            for kind in detectors():
                key = (name, kind)
                begun = perf_counter()
                scorer = self._detectors[key]
                score = scorer.update(signs)
                self.trackers[key].update(time_s, score, scorer.lane_scores, scorer.distance_m)
                if kind == "discharge":
                    self.detect_s[name] += perf_counter() - begun
                best = self._best.get(key)
                self._best[key] = score.copy() if best is None else np.maximum(best, score)
        self.steps += 1
        if self.steps % SAMPLE_S == 0:
            self.times_s.append(time_s)
            for key, best in self._best.items():
                self.kept[key].append(best.astype(np.float32))
            self._best = {}
            lane = self._plant.read().lane
            count = np.bincount(self._edge[lane[lane >= 0]], minlength=len(self._network.edges))
            self.vehicles.append(count.astype(np.int16))


def watch(spec: WatchSpec, network: Network, progress: Callable[[float], None] = lambda _: None) -> Watched:
    """Run in this process. Raises what the run raises."""
    scenario = spec.scenario
    policy = find_policy(spec.policy).make()
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        scenario = replace(scenario, additional_files=silenced(scenario.additional_files, Path(name)))
        sumo = SumoPlant(scenario, network, SumoLaunch(seed=spec.seed, load_state=spec.warm_state))
        try:
            staged = sumo.stage(spec.incidents)
            plant = SharedReadings(sumo)
            watcher = _Watcher(plant, network, spec)
            told = _Told(scenario, progress)
            observers: list[Any] = [watcher, told]
            policy_sensors = make_sensors(spec.sensors[0], network, seed=spec.seed)
            run_loop(plant, network, policy, policy_sensors, scenario.rules, scenario.end_s, observers)
        finally:
            sumo.close()
    return Watched(
        spec=spec,
        incidents=tuple((s.spec, s.happened_s) for s in staged),
        time_s=np.array(watcher.times_s),
        scores={key: np.array(rows) for key, rows in watcher.kept.items()},
        link_edge=next(iter(watcher.links.values())).edge,
        reports={key: tracker.reports for key, tracker in watcher.trackers.items()},
        edge_vehicles=np.array(watcher.vehicles),
        detect_s={key: value / max(watcher.steps, 1) for key, value in watcher.detect_s.items()},
    )


class _Told:
    """Tells the share of the window that is done."""

    def __init__(self, scenario: Scenario, report: Callable[[float], None]) -> None:
        self._begin_s, self._length_s, self._report = scenario.begin_s, scenario.end_s - scenario.begin_s, report

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        if time_ms % 60_000 == 0:
            self._report((time_ms / 1000 - self._begin_s) / self._length_s)
