"""Runs with and without incidents, recorded once, so that sensors and detectors can be judged on them in seconds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.incidents import IncidentSpec
from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.detection import make_sensors
from citybrain.detection.incidents.response import BlockedExits
from citybrain.errors import InputError
from citybrain.evaluation.incidents.disturbances import additional_files, disturb
from citybrain.loop import run_loop
from citybrain.messages import Command, Event
from citybrain.network import Network
from citybrain.simulation.plant import Plant, Readings
from citybrain.simulation.recording import Recorder, about_recording
from citybrain.simulation.sumo import SumoLaunch, SumoPlant, sumo_version

SAMPLE_S = 5
_POLICY_SENSORS = "camera"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToRecord:
    """A run that is to be recorded.

    Attributes
    ----------
    incidents : tuple of IncidentSpec
        Empty for an incident-free run of the same seed.
    response : str
        Sensors by which incidents are detected and answered; nothing is done about them where it is empty.
    disturbances : tuple of str
        What else happens, see :mod:`~citybrain.evaluation.incidents.disturbances`.
    """

    scenario: Scenario
    seed: int
    policy: str
    incidents: tuple[IncidentSpec, ...]
    response: str = ""
    disturbances: tuple[str, ...] = ()
    warm_state: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What is known of a recorded run beside what sensors may see of it.

    Attributes
    ----------
    incidents : tuple of (IncidentSpec, happened_s)
        ``happened_s`` is None where nobody came to be stopped.
    time_s : ndarray, shape (n_samples,)
    edge_vehicles : ndarray, shape (n_samples, n_edges)
        The truth: vehicles on each edge.
    waiting : ndarray, shape (n_samples,)
        Vehicles that wait outside for room.
    response : str
        Sensors by which incidents were answered; empty where nothing was done.
    """

    folder: Path
    network: str
    scenario: str
    window_s: tuple[float, float]
    net_file: Path
    additional_files: tuple[Path, ...]
    seed: int
    policy: str
    incidents: tuple[tuple[IncidentSpec, float | None], ...]
    time_s: NDArray[np.float64]
    edge_vehicles: NDArray[np.int16]
    waiting: NDArray[np.int32]
    response: str = ""
    disturbances: tuple[str, ...] = ()

    @property
    def time_spent_s(self) -> float:
        """Time that all vehicles spent on the road or waiting for room outside, vehicle-seconds."""
        return float(SAMPLE_S * (self.edge_vehicles.sum() + self.waiting.sum()))

    @property
    def specs(self) -> tuple[IncidentSpec, ...]:
        """What was to happen."""
        return tuple(spec for spec, _ in self.incidents)

    @property
    def pair(self) -> tuple[str, float, float, str, int, str]:
        """What a run with incidents has in common with the incident-free one that it is compared with."""
        return (self.scenario, *self.window_s, self.policy, self.seed, "+".join(self.disturbances))


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

    @property
    def over(self) -> bool:
        """Whether a recording has come to its end; a running city never does."""
        return bool(getattr(self._plant, "over", False))

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


class _EdgeCounts:
    """Counts the vehicles on every edge, every few seconds: the truth about an incident's effect."""

    def __init__(self, plant: Plant, network: Network, sumo: SumoPlant) -> None:
        self._plant, self._sumo, self._n = plant, sumo, len(network.edges)
        self._edge = np.array([lane.edge for lane in network.lanes])
        self.times_s: list[float] = []
        self.vehicles: list[NDArray[np.int16]] = []
        self.waiting: list[int] = []

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        if time_ms % (1000 * SAMPLE_S):
            return
        lane = self._plant.read().lane
        self.times_s.append(time_ms / 1000)
        self.waiting.append(self._sumo.waiting())
        self.vehicles.append(np.bincount(self._edge[lane[lane >= 0]], minlength=self._n).astype(np.int16))


class _Told:
    """Tells the share of the window that is done."""

    def __init__(self, scenario: Scenario, report: Callable[[float], None]) -> None:
        self._begin_s, self._length_s, self._report = scenario.begin_s, scenario.end_s - scenario.begin_s, report

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        if time_ms % 60_000 == 0:
            self._report((time_ms / 1000 - self._begin_s) / self._length_s)


def record(
    run: RunToRecord, network: Network, folder: Path, progress: Callable[[float], None] = lambda _: None
) -> None:
    """Run in this process and leave a recording in ``folder``. Raises what the run raises."""
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        scenario = replace(run.scenario, additional_files=silenced(run.scenario.additional_files, Path(name)))
        loaded = additional_files(run.disturbances, Path(name))
        launch = SumoLaunch(seed=run.seed, load_state=run.warm_state, additional_files=loaded)
        sumo = SumoPlant(scenario, network, launch)
        try:
            staged = sumo.stage(run.incidents) if run.incidents else ()
            disturbed = disturb(run.disturbances, sumo, network, scenario, policy=run.policy, seed=run.seed)
            plant = SharedReadings(disturbed.plant)
            recorder, edges = Recorder(folder, plant, network), _EdgeCounts(plant, network, sumo)
            observers: list[Any] = [*disturbed.observers, recorder, edges, _Told(scenario, progress)]
            sensors = BlockedExits(make_sensors(_POLICY_SENSORS, network, seed=run.seed), network)
            if run.response:
                from citybrain.evaluation.incidents.responder import Responder

                advice = sumo.advice(seed=run.seed)
                observers.append(
                    Responder(
                        plant,
                        network,
                        run.response,
                        seed=run.seed,
                        fleet=sumo.fleet(),
                        advice=advice,
                        exits=sensors,
                    )
                )
            run_loop(
                plant,
                network,
                disturbed.policy,
                sensors,
                scenario.rules,
                scenario.end_s,
                observers,
                emergency=disturbed.emergency,
            )
        finally:
            sumo.close()
    np.savez_compressed(
        folder / "edges.npz",
        time_s=np.array(edges.times_s),
        vehicles=np.array(edges.vehicles),
        waiting=np.array(edges.waiting, np.int32),
    )
    recorder.finish(
        {
            "scenario": run.scenario.name,
            "begin_s": run.scenario.begin_s,
            "end_s": run.scenario.end_s,
            "net_file": str(run.scenario.net_file),
            "additional_files": [str(file) for file in run.scenario.additional_files],
            "seed": run.seed,
            "policy": run.policy,
            "response": run.response,
            "disturbances": list(run.disturbances),
            "sumo_version": sumo_version(),
            "incidents": [s.spec.model_dump(mode="json") | {"happened_s": s.happened_s} for s in staged],
        }
    )


def read_recorded(folder: Path) -> Recorded:
    """Return what is known of a recorded run.

    Raises
    ------
    InputError
        If the folder holds no finished recording.
    """
    about = about_recording(folder)
    try:
        return _recorded(folder, about)
    except FileNotFoundError:
        raise
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise InputError(f"{folder}: a broken recording ({why}); delete it and record it again") from None


def _recorded(folder: Path, about: dict[str, Any]) -> Recorded:
    """Return what the files of a recording say."""
    # opened here: numpy leaves a file that is no archive open
    with (folder / "edges.npz").open("rb") as file, np.load(file) as edges:
        time_s, vehicles, waiting = edges["time_s"], edges["vehicles"], edges["waiting"]
    incidents = []
    for row in about["incidents"]:
        happened_s = row.pop("happened_s")
        incidents.append((IncidentSpec.model_validate(row), happened_s))
    return Recorded(
        folder=folder,
        network=about["network"],
        scenario=about["scenario"],
        window_s=(about["begin_s"], about["end_s"]),
        net_file=Path(about["net_file"]),
        additional_files=tuple(map(Path, about["additional_files"])),
        seed=about["seed"],
        policy=about["policy"],
        incidents=tuple(incidents),
        time_s=time_s,
        edge_vehicles=vehicles,
        waiting=waiting,
        response=about["response"],
        disturbances=tuple(about.get("disturbances", ())),
    )


def as_json(run: RunToRecord) -> dict[str, Any]:
    """Return what decides a run's course, to name its recording by."""
    disturbed = {"disturbances": list(run.disturbances)} if run.disturbances else {}
    return {
        **disturbed,
        "scenario": run.scenario.name,
        "time_to_teleport_s": run.scenario.options.get("time-to-teleport", ""),
        "begin_s": run.scenario.begin_s,
        "end_s": run.scenario.end_s,
        "seed": run.seed,
        "policy": run.policy,
        "response": run.response,
        "incidents": [spec.model_dump(mode="json") for spec in run.incidents],
    }
