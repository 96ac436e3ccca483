"""SUMO as a plant: libsumo in process, TraCI over a socket, or sumo-gui.

The only module that opens ``libsumo`` or ``traci``.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from citybrain.demand.incidents import IncidentSpec
from citybrain.demand.scenario import Scenario
from citybrain.errors import PlantError
from citybrain.messages import OWN_PROGRAM, Command
from citybrain.network.model import Network
from citybrain.simulation.plant import Readings
from citybrain.simulation.sumo_advice import SumoAdvice
from citybrain.simulation.sumo_closures import SumoClosures
from citybrain.simulation.sumo_fleet import SumoFleet
from citybrain.simulation.sumo_incidents import Staged, SumoIncidents
from citybrain.simulation.sumo_launch import SumoLaunch, Transport, sumo_arguments, sumo_binary, sumo_version
from citybrain.simulation.sumo_reader import SumoReader

__all__ = ["SumoLaunch", "SumoPlant", "Transport", "sumo_arguments", "sumo_binary", "sumo_version"]


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
        self._own_program: dict[str, str] = {}
        self._open = False
        self._elsewhere = launch.remote is not None
        self._in_process = launch.transport == "libsumo" and launch.remote is None
        self._api: Any = self._start(sumo_arguments(scenario, launch), launch)
        self._reader = SumoReader(self._api, network, in_process=self._in_process)
        self._open = True
        self._time_ms = round(self._api.simulation.getTime() * 1000)
        self._incidents: SumoIncidents | None = None
        self._closures = SumoClosures(self._api)

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
            self._reader.subscribe_new()
            if self._incidents is not None:
                self._incidents.step(self._time_ms / 1000)
            self._closures.step()

    def stage(self, incidents: Sequence[IncidentSpec]) -> tuple[Staged, ...]:
        """Let incidents happen as the run goes on; return what will tell how far they have come."""
        self._incidents = SumoIncidents(self._api, self.network, incidents)
        return self._incidents.staged

    def advice(self, *, seed: int) -> SumoAdvice:
        """Return a way to advise drivers."""
        return SumoAdvice(self._api, seed=seed)

    @property
    def demand_scale(self) -> float:
        """Vehicles that depart for each one of the routes."""
        with self._losses():
            return float(self._api.simulation.getScale())

    @demand_scale.setter
    def demand_scale(self, scale: float) -> None:
        with self._losses():
            self._api.simulation.setScale(scale)

    def waiting(self) -> int:
        """Return how many vehicles wait outside for room to depart."""
        with self._losses():
            return len(self._api.simulation.getPendingVehicles())

    def run_to(self, time_ms: int) -> None:
        """Advance by as many steps as it takes; for when nobody needs to look or command in between."""
        # what departs meanwhile must be subscribed, and incidents go on
        if not self._in_process or self._incidents is not None or self._closures.closed:
            while self._time_ms < time_ms:
                self.step()
            return
        steps = -(-(time_ms - self._time_ms) // self._step_ms)
        with self._losses():
            self._time_ms += steps * self._step_ms
            self._api.simulation.step(self._time_ms / 1000)

    @contextmanager
    def _losses(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise PlantError(f"SUMO was lost at {self._time_ms / 1000:g} s: {_reason(error)}") from error

    def read(self) -> Readings:
        """Read every vehicle: plain getters in process, subscriptions over a socket."""
        with self._losses():
            return self._reader.read()

    def lane_counts(self, lanes: Sequence[str]) -> tuple[list[int], list[int]]:
        """Return vehicles and halted vehicles (below 0.1 m/s) of some lanes, without reading vehicles."""
        lane = self._api.lane
        count, halting = lane.getLastStepVehicleNumber, lane.getLastStepHaltingNumber
        with self._losses():
            return [count(name) for name in lanes], [halting(name) for name in lanes]

    def fleet(self) -> SumoFleet:
        """Return a way to start and read emergency vehicles."""
        return SumoFleet(self._api, self.network)

    def close_road(self, edge: str) -> int:
        """Close a road to through traffic; return how many vehicles looked for another way."""
        with self._losses():
            return self._closures.close(edge)

    def open_road(self, edge: str) -> None:
        """Open a closed road."""
        with self._losses():
            self._closures.open(edge)

    def vehicle_count(self) -> int:
        """Return how many vehicles are on the road."""
        with self._losses():
            return int(self._api.vehicle.getIDCount())

    def save(self, path: Path) -> None:
        """Save the state, to start another run from."""
        with self._losses():
            self._api.simulation.saveState(str(path))

    def losses(self) -> dict[str, float]:
        """Return the delay that every vehicle on the road has had since its wish to depart, seconds."""
        vehicle = self._api.vehicle
        return {name: vehicle.getTimeLoss(name) + vehicle.getDepartDelay(name) for name in vehicle.getIDList()}

    def waits(self) -> dict[str, float]:
        """Return how long every vehicle on the road has stood so far, seconds; needs the trip output."""
        vehicle = self._api.vehicle
        key = "device.tripinfo.waitingTime"
        return {name: float(vehicle.getParameter(name, key)) for name in vehicle.getIDList()}

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
