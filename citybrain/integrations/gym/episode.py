"""One episode: a scenario, stepped from decision to decision instead of in one loop.

The order within a second is that of :func:`citybrain.loop.run_loop`: advance, detect, interlock, apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.scenario import Scenario, open_scenario
from citybrain.detection import Sensors, check_sensors, make_sensors
from citybrain.errors import InputError
from citybrain.evaluation.warm import warm_state
from citybrain.integrations.gym.lane_counts import LaneCounts
from citybrain.messages import Decision, Observation
from citybrain.network import Network, read_network
from citybrain.network.intergreens import SignalRules
from citybrain.network.synthetic import grid_network
from citybrain.signals.interlock import Interlock
from citybrain.simulation.plant import Plant
from citybrain.simulation.pointqueue import PointQueuePlant
from citybrain.simulation.sumo import SumoLaunch, SumoPlant
from citybrain.studies.twin import RULES, TwinScenario, is_twin, open_twin, twin_trips

COUNTS = "counts"
Transport = Literal["libsumo", "traci", "gui"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What stays the same from episode to episode."""

    scenario: Scenario | TwinScenario
    network: Network
    rules: SignalRules
    sensors: str
    transport: Transport

    @property
    def end_s(self) -> float:
        """When an episode ends."""
        return self.scenario.end_s

    def read_lanes(self) -> NDArray[np.int64]:
        """Return the lanes before and beyond the stop lines."""
        movements = self.network.movements
        lanes = {m.from_lane for m in movements} | {m.to_lane for m in movements}
        return np.array(sorted(lanes - {-1}), dtype=np.int64)

    @property
    def in_process(self) -> bool:
        """Whether an episode needs the one SUMO that a process can hold."""
        return self.transport == "libsumo" and not isinstance(self.scenario, TwinScenario)


def open_world(
    scenario: str,
    *,
    sensors: str,
    begin_s: float | None,
    end_s: float | None,
    transport: Transport,
    rules: SignalRules | None,
) -> World:
    """Open a scenario by name or path.

    Raises
    ------
    InputError
        If it, its window or the sensors are wrong, or no junction of it has stages.
    """
    if sensors != COUNTS:
        check_sensors(sensors)
    opened: Scenario | TwinScenario
    if is_twin(scenario):
        opened, own = open_twin(scenario, begin_s, end_s), RULES
        network = grid_network(opened.rows, opened.columns)
    else:
        opened = open_scenario(scenario, begin_s=begin_s, end_s=end_s)
        own = opened.rules
        network = read_network(opened.net_file, opened.additional_files)
    if not any(len(junction.stages) > 1 for junction in network.junctions):
        raise InputError(f"{scenario}: none of its {len(network.junctions)} junctions has two stages to choose from")
    return World(scenario=opened, network=network, rules=rules or own, sensors=sensors, transport=transport)


class Episode:
    """A run that waits for decisions.

    Parameters
    ----------
    seed : int
        Of the traffic and of the sensors' errors.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.interlock = Interlock(world.network, world.rules)
        self._plant = _open_plant(world, seed)
        self._sensors = _make_sensors(world, seed)
        self._passed = np.zeros(len(world.network.movements))
        # where nobody looks on the way, SUMO may go on by itself until a lamp may change
        self._may_jump = isinstance(self._plant, SumoPlant) and not self._sensors.continuous
        self._plant.apply(self.interlock.start(self._plant.time_ms, self._plant.signal_states()))

    @property
    def time_s(self) -> float:
        """Simulated time."""
        return self._plant.time_ms / 1000

    @property
    def over(self) -> bool:
        """Whether the scenario's window is over."""
        return self._plant.time_ms >= round(self.world.end_s * 1000)

    def observe(self) -> Observation:
        """Return what the sensors see now."""
        observation = self._look()
        passed, self._passed = self._passed, np.zeros_like(self._passed)
        return replace(observation, passed=passed)

    def advance(self, stage: NDArray[np.int32], interval_s: float) -> Observation:
        """Hold a decision for ``interval_s`` (or to the end) and return what is seen then."""
        until_ms = min(self._plant.time_ms + round(interval_s * 1000), round(self.world.end_s * 1000))
        decision = Decision(time_s=self.time_s, stage=stage)
        plant, interlock = self._plant, self.interlock
        while True:
            plant.apply(interlock.advance(decision, plant.time_ms))
            if self._may_jump and interlock.quiet_until_ms(decision, plant.time_ms) >= until_ms:
                plant.run_to(until_ms)  # type: ignore[attr-defined]
                return self.observe()
            plant.step()
            if plant.time_ms >= until_ms:
                return self.observe()
            if self._sensors.continuous:
                self._look()

    def _look(self) -> Observation:
        observation = self._sensors.observe(self._plant, self.interlock.view(self._plant.time_ms))
        self._passed += observation.passed
        return observation

    def signal_states(self) -> Sequence[str]:
        """Return the lamps of every junction."""
        return self._plant.signal_states()

    def close(self) -> None:
        """End the simulation."""
        self._plant.close()


def _make_sensors(world: World, seed: int) -> Sensors:
    if world.sensors == COUNTS:
        return LaneCounts(world.network, world.read_lanes())
    return make_sensors(world.sensors, world.network, seed=seed)


def _open_plant(world: World, seed: int) -> Plant:
    scenario = world.scenario
    if isinstance(scenario, TwinScenario):
        return PointQueuePlant(world.network, twin_trips(scenario, world.network, seed), begin_s=scenario.begin_s)
    launch = SumoLaunch(seed=seed, transport=world.transport, load_state=warm_state(scenario))
    return SumoPlant(scenario, world.network, launch)
