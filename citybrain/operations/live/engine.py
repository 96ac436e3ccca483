"""One live run: the closed loop with the ladder, operators, emergency priority and incidents on it.

All that comes from outside goes in through :meth:`Engine.apply` before a tick, and is told in that tick's
report. The same inputs at the same ticks therefore give the same signals, bit for bit.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citybrain.demand.scenario import open_scenario
from citybrain.demand.silenced import silenced
from citybrain.detection import make_sensors
from citybrain.detection.link_times import LinkTimes
from citybrain.evaluation.emergency.vehicle import emergency_additional
from citybrain.evaluation.warm import warm_state
from citybrain.loop import ClosedLoop, Emergency
from citybrain.messages import Event, PriorityRequest
from citybrain.network import read_network
from citybrain.operations.actions import Action
from citybrain.operations.live.calls import CallDesk
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.day_plans import read_day_plans
from citybrain.operations.live.decider import Decider
from citybrain.operations.live.deeds import Deeds
from citybrain.operations.live.faults import FaultySensors
from citybrain.operations.live.ladder import Ladder
from citybrain.operations.live.overrides import Overrides
from citybrain.operations.live.reports import Hello, Input, TickReport
from citybrain.operations.live.seat import USUAL, Seat
from citybrain.operations.live.watch import IncidentDesk
from citybrain.signals.priority import PriorityService
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

_LOOK_S = 5


class Engine:
    """See the module.

    Parameters
    ----------
    seat : Seat
        Where decisions come from.
    key : bytes
        That genuine emergency requests are signed with.
    outputs : mapping, optional
        Output options of SUMO and their files.

    Raises
    ------
    InputError
        If the configuration names what does not exist.
    PlantError
        If SUMO does not start.
    """

    def __init__(self, config: RoomConfig, seat: Seat, *, key: bytes, outputs: Mapping[str, str] | None = None) -> None:
        self.config = config
        scenario = open_scenario(config.scenario, begin_s=config.begin_s, end_s=config.end_s)
        self.network = network = read_network(scenario.net_file, scenario.additional_files)
        self.rules = scenario.rules
        plans = read_day_plans(config.plans, scenario, network)
        self.incidents = IncidentDesk(network, config.detector)
        state = config.state or warm_state(scenario)
        if config.state is not None and config.state_s is not None:
            scenario = replace(scenario, begin_s=config.state_s)
        self._folder = tempfile.TemporaryDirectory(prefix="citybrain-")
        folder = Path(self._folder.name)
        quiet = replace(scenario, additional_files=silenced(scenario.additional_files, folder))
        types = () if config.state is not None else (emergency_additional(folder, siren=False, bold=False),)
        self.plant = SumoPlant(
            quiet,
            network,
            SumoLaunch(
                seed=config.seed, transport=config.transport, load_state=state, additional_files=types, outputs=outputs
            ),
        )
        self._times = LinkTimes(network, period_s=10.0)
        self.calls = CallDesk(network, self.plant, self._times, key=key, seed=config.seed)
        self.service = PriorityService(network, scenario.rules, key=key, times=self._times, own_plans=False)
        self.overrides = Overrides(network)
        self.decider = Decider(seat, Ladder(len(network.junctions), config.ladder), self.overrides, plans)
        self.overrides.wants_flash = lambda: self.decider.flashing
        self.sensors = FaultySensors(make_sensors(config.sensors, network, seed=config.seed), network)
        self.deeds = Deeds(self.plant, self.overrides, self.calls, self.service, self.incidents)
        self.loop = ClosedLoop(
            self.plant,
            network,
            self.decider,
            self.sensors,
            scenario.rules,
            emergency=Emergency(self.calls, self.service),
            overrides=self.overrides,
        )
        self.end_ms = round(scenario.end_s * 1000)
        self.tick_number = 0
        self._lamps = list(self.plant.signal_states())
        self._digest = hashlib.sha256(b"citybrain").digest()
        self._hash(self.loop.commands)
        self._pending: list[Input] = []
        self._events: list[Event] = []
        self._fleet = self.plant.fleet()
        self._edges = (np.zeros(len(network.edges), np.float32), np.zeros(len(network.edges), np.float32))
        self._state = state

    @property
    def time_ms(self) -> int:
        """The plant's clock."""
        return self.plant.time_ms

    def hello(self) -> Hello:
        """Return what is true before the first tick."""
        return Hello(
            time_ms=self.time_ms,
            end_ms=self.end_ms,
            lamps=tuple(self._lamps),
            digest=self._digest.hex(),
            state="" if self._state is None else str(self._state),
            plan_ids=tuple(self.decider.plan_ids(j) for j in range(len(self.network.junctions))),
        )

    def apply(self, given: Input) -> None:
        """Take an input in; it has its effect in the next tick."""
        self._pending.append(given)
        data = given.data
        if given.kind == "action":
            self.deeds.begin(Action.model_validate(data))
        elif given.kind == "end":
            self.deeds.end(str(data["id"]), str(data.get("how", "undone")))
        elif given.kind == "request":
            self.calls.hear(PriorityRequest(**data))
        elif given.kind == "console":
            self.decider.console_ok = bool(data["ok"])
        elif given.kind == "clock":
            self.decider.clock_ok = bool(data["ok"])
        elif given.kind == "fault":
            self._fault(data)

    def _fault(self, data: Mapping[str, Any]) -> None:
        for name in data.get("sensors", ()):
            self.sensors.kill(self.network.junction_index(name))
        for name in data.get("mend", ()):
            self.sensors.mend(self.network.junction_index(name))
        for name in data.get("lamps", ()):  # somebody else drives the lamps: what the conflict monitor is for
            self.decider.conflict[self.network.junction_index(name)] = True

    def tick(self) -> TickReport:
        """Go round once.

        Raises
        ------
        PlantError
            If the plant is lost.
        """
        self._times.look(self._fleet, self.time_ms)
        self.overrides.in_flash = self._in_flash()
        self.loop.tick()
        self.tick_number += 1
        self._hash(self.loop.commands)
        for command in self.loop.commands:
            self._lamps[command.junction] = command.state
        shown = self.plant.signal_states()
        self.decider.conflict = np.array([a != b for a, b in zip(shown, self._lamps, strict=True)], dtype=np.bool_)
        if self.loop.observation is not None:
            self._events += self.incidents.look(self.loop.observation)
        self.deeds.end_those_over()
        if self.tick_number % _LOOK_S == 1:
            speed, count = self._fleet.edge_speeds()
            self._edges = np.asarray(speed, np.float32), np.asarray(count, np.float32)
        waited_s = sum(self.loop.times.decisions_s)
        self.loop.times.decisions_s.clear()  # a room runs for months
        return self._report(1000 * waited_s)

    def _report(self, decision_ms: float) -> TickReport:
        loop, answer = self.loop, self.decider.answer
        o = loop.observation
        assert o is not None
        inputs, self._pending = self._pending, []
        if answer != USUAL:
            inputs.append(Input("policy", asdict(answer)))
        deeds = self.deeds
        events, self._events = [*deeds.events, *self._events, *self.decider.events, *loop.events], []
        ended, deeds.ended, deeds.events = deeds.ended, [], []
        view = loop.interlock.view(self.time_ms)
        level, answers = self.decider.level, self.calls.answers
        self.calls.answers = []
        because = self.decider.ladder.because
        return TickReport(
            tick=self.tick_number,
            time_ms=self.time_ms,
            lamps=tuple((command.junction, command.state) for command in loop.commands),
            digest=self._digest.hex(),
            inputs=tuple(inputs),
            stage=view.stage,
            switching=view.switching,
            elapsed_s=view.elapsed_s.astype(np.float32),
            remaining_s=view.remaining_s.astype(np.float32),
            flashing=self._in_flash(),
            level=level.copy(),
            because={int(j): because[j] for j in np.flatnonzero(self.decider.ladder.level)},
            actions={j: tuple(found) for j, found in self.overrides.actions_at().items()},
            plans=self.decider.plans_in_force(self.time_ms / 1000),
            ended=tuple(ended),
            sensors_dead=self.decider.sensors_dead,
            lane_vehicles=o.lane_vehicles.astype(np.float32),
            lane_halted=o.lane_halted.astype(np.float32),
            confidence=o.confidence.astype(np.float32),
            age_s=np.minimum(o.age_s, 1e6).astype(np.float32),
            edge_speed_mps=self._edges[0],
            edge_vehicles=self._edges[1],
            vehicles=self.plant.vehicle_count(),
            calls=self.calls.vehicles(self.service),
            incidents=self.incidents.current(self.time_ms / 1000),
            closed=deeds.closed,
            events=tuple(events),
            answers=tuple(answers),
            policy=self.decider.seat.status,
            policy_failures=self.decider.seat.failures,
            policy_why=self.decider.seat.why,
            policy_pid=self.decider.seat.pid,
            decision_ms=decision_ms,
            refusals=loop.interlock.refusals,
        )

    def _in_flash(self) -> NDArray[np.bool_]:
        flashing = self.loop.interlock.is_flashing
        return np.array([flashing(j) for j in range(len(self.network.junctions))], dtype=np.bool_)

    def _hash(self, commands: Sequence[Any]) -> None:
        text = "".join(f"{command.junction}:{command.state};" for command in commands)
        self._digest = hashlib.sha256(self._digest + text.encode()).digest()

    def close(self) -> None:
        """End the run."""
        self.decider.seat.close()
        try:
            self.plant.close()
        finally:
            self._folder.cleanup()
