"""SUMO as a plant: libsumo in process, TraCI over a socket, or sumo-gui.

The only module that imports ``libsumo`` or ``traci``.
"""

from __future__ import annotations

import importlib
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import numpy as np

from citybrain.demand.scenario import Scenario
from citybrain.errors import PlantError
from citybrain.messages import OWN_PROGRAM, Command
from citybrain.network.model import Network
from citybrain.simulation.plant import Readings
from citybrain.simulation.sumo_fleet import SumoFleet
from citybrain.simulation.tracking import Ahead, RouteTracker

Transport = Literal["libsumo", "traci", "gui"]
_Entry = tuple[str, Ahead, float, int]  # lane, what is ahead of it, length, key


@dataclass(frozen=True, slots=True, kw_only=True)
class SumoLaunch:
    """How to open SUMO.

    Parameters
    ----------
    seed : int
        SUMO's own random seed.
    outputs : mapping
        Output options and their files, e.g. ``{"tripinfo-output": path}``.
    additional_files : sequence of path
        Loaded after the scenario's own (signal programs, edge data).
    load_state, save_state : path, optional
        A warm state to start from, or to write at ``begin_s``.
    remote : (host, port), optional
        A SUMO that waits there for a client; it is told to load this scenario, so
        the paths must be the same there.
    """

    seed: int
    transport: Transport = "libsumo"
    outputs: Mapping[str, str] | None = None
    additional_files: tuple[Path, ...] = ()
    load_state: Path | None = None
    save_state: Path | None = None
    begin_s: float | None = None
    remote: tuple[str, int] | None = None


def sumo_arguments(scenario: Scenario, launch: SumoLaunch) -> list[str]:
    """Return the command line for a run, without the program's name."""
    arguments: dict[str, str] = {
        "net-file": str(scenario.net_file),
        "route-files": ",".join(map(str, scenario.route_files)),
        "additional-files": ",".join(map(str, (*scenario.additional_files, *launch.additional_files))),
        **scenario.options,
        "begin": f"{scenario.begin_s if launch.begin_s is None else launch.begin_s:g}",
        "end": f"{scenario.end_s:g}",
        "step-length": f"{scenario.step_s:g}",
        "seed": str(launch.seed),
        "no-step-log": "true",
        "no-warnings": "true",
        "duration-log.disable": "true",
        **(launch.outputs or {}),
    }
    if launch.load_state is not None:
        arguments["load-state"] = str(launch.load_state)
    if launch.save_state is not None:
        arguments["save-state.times"] = f"{scenario.begin_s:g}"
        arguments["save-state.files"] = str(launch.save_state)
    return [part for key, value in arguments.items() if value != "" for part in (f"--{key}", value)]


def sumo_version() -> str:
    """Return the version of the installed SUMO wheel."""
    from importlib.metadata import version

    return version("eclipse-sumo")


def sumo_binary(name: str = "sumo") -> str:
    """Return the path of a SUMO program from the installed wheel.

    Raises
    ------
    PlantError
        If the wheel is not installed.
    """
    try:
        home = importlib.import_module("sumo").SUMO_HOME
    except ImportError:
        raise PlantError("SUMO is not installed: pip install eclipse-sumo") from None
    path = Path(home) / "bin" / name
    if not path.exists():
        found = shutil.which(name)
        if found is None:
            raise PlantError(f"{path}: this SUMO has no program {name!r}")
        return found
    return str(path)


class SumoPlant:
    """A SUMO run that implements :class:`~citybrain.simulation.plant.Plant`.

    Raises
    ------
    PlantError
        If SUMO does not start; the message is SUMO's own first error.
    """

    def __init__(self, scenario: Scenario, network: Network, launch: SumoLaunch) -> None:
        self.network = network
        self._step_ms = round(scenario.step_s * 1000)
        self._tracker = RouteTracker(network)
        self._ahead: dict[str, _Entry] = {}
        self._passed: list[tuple[int, int]] = []
        self._lane_length: dict[str, float] = {}
        self._own_program: dict[str, str] = {}
        self._open = False
        self._elsewhere = launch.remote is not None
        self._in_process = launch.transport == "libsumo" and launch.remote is None
        self._api: Any = self._start(sumo_arguments(scenario, launch), launch)
        self._open = True
        self._time_ms = round(self._api.simulation.getTime() * 1000)

    def _start(self, arguments: list[str], launch: SumoLaunch) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            api = importlib.import_module("libsumo" if self._in_process else "traci")
        try:
            if launch.remote is not None:
                host, port = launch.remote
                connection = api.connect(port=port, host=host, numRetries=20)
                connection.load(arguments)
                return connection
            if self._in_process:
                api.start(["sumo", *arguments])
                return api
            binary = sumo_binary("sumo-gui" if launch.transport == "gui" else "sumo")
            extra = ["--start", "--quit-on-end"] if launch.transport == "gui" else []
            label = f"citybrain-{os.getpid()}-{id(self)}"
            api.start([binary, *arguments, *extra], label=label)
            return api.getConnection(label)
        except Exception as error:
            raise PlantError(f"SUMO did not start: {_reason(error)}") from error

    @property
    def time_ms(self) -> int:
        """Time of the simulation in milliseconds."""
        return int(self._time_ms)

    def step(self) -> None:
        """Advance SUMO by one step."""
        with self._losses():
            # a SUMO that was running before it loaded this scenario needs to be told where the step ends
            self._api.simulationStep(*([(self._time_ms + self._step_ms) / 1000] if self._elsewhere else []))
            self._time_ms += self._step_ms
            if not self._in_process:
                self._subscribe_new()

    @contextmanager
    def _losses(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise PlantError(f"SUMO was lost at {self._time_ms / 1000:g} s: {_reason(error)}") from error

    def read(self) -> Readings:
        """Read every vehicle: plain getters in process, subscriptions over a socket."""
        with self._losses():
            rows = self._rows_in_process() if self._in_process else self._rows_subscribed()
        n = len(rows)
        passed, self._passed = self._passed, []
        ids = tuple(row[0] for row in rows)
        ahead = [row[1] for row in rows]
        position = np.fromiter((row[3] for row in rows), np.float64, n)
        return Readings(
            ids=ids,
            lane=np.fromiter((a.lane for a in ahead), np.int32, n),
            position_m=position,
            speed_mps=np.fromiter((row[4] for row in rows), np.float64, n),
            length_m=np.fromiter((row[2] for row in rows), np.float64, n),
            stop_lane=np.fromiter((a.stop_lane for a in ahead), np.int32, n),
            movement=np.fromiter((a.movement for a in ahead), np.int32, n),
            distance_m=np.fromiter((a.reach_m for a in ahead), np.float64, n) - position,
            passed=np.array([movement for movement, _ in passed], dtype=np.int32),
            key=np.fromiter((row[5] for row in rows), np.int64, n),
            passed_key=np.array([key for _, key in passed], dtype=np.int64),
            crossing=np.fromiter((a.crossing for a in ahead), np.int32, n),
        )

    def _rows_in_process(self) -> list[tuple[str, Ahead, float, float, float, int]]:
        vehicle = self._api.vehicle
        get_lane, get_position, get_speed = vehicle.getLaneID, vehicle.getLanePosition, vehicle.getSpeed
        known, rows, current = self._ahead, [], {}
        for name in vehicle.getIDList():
            lane_id = get_lane(name)
            if not lane_id:  # between two places while it is teleported
                continue
            entry = known.get(name)
            if entry is None or entry[0] != lane_id:
                entry = self._locate(name, lane_id, entry)
            current[name] = entry
            rows.append((name, entry[1], entry[2], get_position(name), get_speed(name), entry[3]))
        self._ahead = current
        return rows

    def _subscribe_new(self) -> None:
        constants = importlib.import_module("traci.constants")
        variables = (constants.VAR_LANE_ID, constants.VAR_LANEPOSITION, constants.VAR_SPEED)
        for name in self._api.simulation.getDepartedIDList():
            self._api.vehicle.subscribe(name, variables)

    def _rows_subscribed(self) -> list[tuple[str, Ahead, float, float, float, int]]:
        constants = importlib.import_module("traci.constants")
        results = self._api.vehicle.getAllSubscriptionResults()
        rows, current = [], {}
        for name in self._api.vehicle.getIDList():
            values = results.get(name)
            if values is None:  # inserted before this client came
                self._api.vehicle.subscribe(
                    name, (constants.VAR_LANE_ID, constants.VAR_LANEPOSITION, constants.VAR_SPEED)
                )
                values = self._api.vehicle.getSubscriptionResults(name)
            lane_id = values[constants.VAR_LANE_ID]
            if not lane_id:
                continue
            entry = self._ahead.get(name)
            if entry is None or entry[0] != lane_id:
                entry = self._locate(name, lane_id, entry)
            current[name] = entry
            rows.append(
                (name, entry[1], entry[2], values[constants.VAR_LANEPOSITION], values[constants.VAR_SPEED], entry[3])
            )
        self._ahead = current
        return rows

    def _locate(self, name: str, lane_id: str, known: _Entry | None) -> _Entry:
        vehicle = self._api.vehicle
        length = self._lane_length.get(lane_id)
        if length is None:
            length = self._lane_length[lane_id] = self._api.lane.getLength(lane_id)
        own_length = known[2] if known is not None else vehicle.getLength(name)
        key = known[3] if known is not None else crc32(name.encode())
        ahead = self._tracker.locate(lane_id, length, vehicle.getRoute(name), vehicle.getRouteIndex(name))
        if known is not None:
            crossing = known[1].crossing
            if self._crossed(known[1], ahead):
                crossing = known[1].movement
                self._passed.append((crossing, key))
            if ahead.lane < 0 and crossing >= 0:
                ahead = ahead._replace(crossing=crossing)
        return lane_id, ahead, own_length, key

    def _crossed(self, before: Ahead, now: Ahead) -> bool:
        """Whether a vehicle left its stop-line lane, and not for a lane beside it."""
        if before.movement < 0 or before.lane != before.stop_lane:
            return False
        lanes = self.network.lanes
        return now.lane < 0 or lanes[now.lane].edge != lanes[before.lane].edge

    def fleet(self) -> SumoFleet:
        """Return a way to start and read emergency vehicles."""
        return SumoFleet(self._api, self.network)

    def losses(self) -> dict[str, float]:
        """Return the delay that every vehicle on the road has had since its wish to depart, seconds."""
        vehicle = self._api.vehicle
        return {name: vehicle.getTimeLoss(name) + vehicle.getDepartDelay(name) for name in vehicle.getIDList()}

    def exists(self, name: str) -> bool:
        """Whether a vehicle is still in the simulation, if only between two places."""
        return name in self._api.vehicle.getIDList()

    def teleporting(self) -> Sequence[str]:
        """Return the vehicles that SUMO moves elsewhere in this step because they stood too long."""
        return tuple(self._api.simulation.getStartingTeleportIDList())

    def signal_states(self) -> Sequence[str]:
        """Return the lamps of every junction, in the network's order."""
        get = self._api.trafficlight.getRedYellowGreenState
        with self._losses():
            return [get(junction.id) for junction in self.network.junctions]

    def apply(self, commands: Sequence[Command]) -> None:
        """Set the lamps; SUMO keeps them until the next command."""
        with self._losses():
            for command in commands:
                lights, name = self._api.trafficlight, command.junction_id
                if command.state == OWN_PROGRAM:  # it went on unseen while lamps were set
                    lights.setProgram(name, self._own_program[name])
                    continue
                if name not in self._own_program:
                    self._own_program[name] = lights.getProgram(name)
                lights.setRedYellowGreenState(name, command.state)

    def close(self) -> None:
        """Close the simulation and its outputs."""
        if self._open:
            self._open = False
            try:
                if self._elsewhere:  # another load ends this run, and returns when its outputs are complete
                    self._api.load(
                        [
                            "--net-file",
                            self.network.source,
                            "--begin",
                            f"{self._time_ms / 1000:g}",
                            "--no-step-log",
                            "true",
                        ]
                    )
                self._api.close()
            except Exception as error:
                raise PlantError(f"SUMO did not close: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
