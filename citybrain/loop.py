"""The closed loop: advance, detect, decide, prioritise, interlock, apply, emit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

import numpy as np

from citybrain.detection.sensors import Sensors
from citybrain.messages import (
    HOLD,
    Decision,
    Event,
    Observation,
    PriorityRequest,
    PriorityStatus,
    SignalView,
)
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.interlock import Interlock
from citybrain.signals.monitor import Monitor
from citybrain.signals.policy import NativePolicy, Policy
from citybrain.signals.priority import PriorityService
from citybrain.simulation.plant import Plant


class Observer(Protocol):
    """Consumes what the loop emits. None is ever called from a policy."""

    def step(self, time_ms: int, events: Sequence[Event]) -> None:
        """Take note of one step."""


class EmergencyRadio(Protocol):
    """Brings the requests of emergency vehicles, and takes the answers back to them."""

    def requests(self, time_ms: int) -> Sequence[PriorityRequest]:
        """Return the messages that arrive now."""

    def reply(self, statuses: Sequence[PriorityStatus]) -> None:
        """Send answers."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """Emergency priority of a run: who hears the vehicles, and who serves them."""

    radio: EmergencyRadio
    service: PriorityService


@dataclass(slots=True)
class LoopTimes:
    """Where the time of a run went, in seconds of wall clock."""

    simulator_s: float = 0.0
    control_s: float = 0.0
    decisions_s: list[float] = field(default_factory=list)

    @property
    def decision_p99_ms(self) -> float:
        """99th percentile of the time a decision took; 0 where none was taken."""
        return float(np.percentile(self.decisions_s, 99) * 1000) if self.decisions_s else 0.0


@dataclass(slots=True)
class LoopResult:
    """What a loop leaves behind, apart from the plant's own outputs."""

    times: LoopTimes
    refusals: int


class Overrides(Protocol):
    """People who may have the last word on a decision; the interlock stands behind them, too."""

    def edit(self, decision: Decision, signals: SignalView, time_ms: int) -> Decision:
        """Return the decision with what they ask for."""


class ClosedLoop:
    """The loop, one :meth:`tick` at a time.

    Attributes
    ----------
    commands : list of Command
        What was commanded in the latest tick.
    events : list of Event
        What happened in it.
    observation : Observation or None
        What was seen last.
    """

    def __init__(
        self,
        plant: Plant,
        network: Network,
        policy: Policy,
        sensors: Sensors,
        rules: SignalRules,
        observers: Sequence[Observer] = (),
        *,
        emergency: Emergency | None = None,
        overrides: Overrides | None = None,
    ) -> None:
        self.plant, self.network, self.policy, self.sensors = plant, network, policy, sensors
        self.observers, self.emergency, self.overrides = observers, emergency, overrides
        self.times = LoopTimes()
        policy.start(network, rules)
        self._leaves = getattr(policy, "leaves_programs", False)
        self.interlock = Interlock(
            network if emergency is None else emergency.service.network, rules, released=self._leaves, own=network
        )
        self.commands = self.interlock.start(plant.time_ms, plant.signal_states())
        plant.apply(self.commands)
        wanted = np.full(len(network.junctions), HOLD, dtype=np.int32)
        self.decision = Decision(time_s=plant.time_ms / 1000, stage=wanted)
        self.observation: Observation | None = None
        self.events: list[Event] = []
        self._passed = np.zeros(len(network.movements))
        self._interval_ms, self._due_ms = round(policy.interval_s * 1000), plant.time_ms

    def tick(self) -> None:
        """Go round once."""
        plant, sensors, policy, interlock = self.plant, self.sensors, self.policy, self.interlock
        emergency, times = self.emergency, self.times
        begun = perf_counter()
        plant.step()  # 1. advance
        stepped = perf_counter()
        now_ms = plant.time_ms
        events: list[Event] = []
        if sensors.continuous or now_ms >= self._due_ms:
            view = interlock.view(now_ms)
            observation = sensors.observe(
                plant, view if emergency is None else emergency.service.view(view)
            )  # 2. detect
            self.observation = observation
            self._passed = self._passed + observation.passed
            if now_ms >= self._due_ms:
                if sensors.continuous:  # what crossed while nobody asked
                    self.observation = observation = replace(observation, passed=self._passed)
                self._passed = np.zeros_like(self._passed)
                asked = perf_counter()
                self.decision = policy.decide(observation)  # 3. decide
                times.decisions_s.append(perf_counter() - asked)
                self._interval_ms = round(policy.interval_s * 1000)  # another from now on where the plan took over
                self._due_ms += self._interval_ms
                events += [
                    Event(
                        time_s=self.decision.time_s, kind="decision", junction_id=self.network.junctions[j].id, data=why
                    )
                    for j, why in self.decision.reasons.items()
                ]
        asked_for = self.decision
        if emergency is not None and self.observation is not None:  # 4. prioritise
            service = emergency.service
            emergency.radio.reply(service.receive(emergency.radio.requests(now_ms), now_ms))
            asked_for = service.prioritise(asked_for, self.observation, interlock.view(now_ms), now_ms)
            events += service.events
        if self.overrides is not None:  # people come last
            asked_for = self.overrides.edit(asked_for, interlock.view(now_ms), now_ms)
        self.commands = interlock.advance(
            asked_for, now_ms, plant.signal_states() if self._leaves else None
        )  # 5. interlock
        plant.apply(self.commands)  # 6. apply
        events += interlock.events
        self.events = events
        for observer in self.observers:  # 7. emit
            observer.step(now_ms, events)
        times.simulator_s += stepped - begun
        times.control_s += perf_counter() - stepped


def run_loop(
    plant: Plant,
    network: Network,
    policy: Policy | NativePolicy,
    sensors: Sensors,
    rules: SignalRules,
    end_s: float,
    observers: Sequence[Observer] = (),
    *,
    emergency: Emergency | None = None,
    done: Callable[[], bool] = lambda: False,
) -> LoopResult:
    """Run a policy on a plant until ``end_s``, or until ``done`` says so.

    A native policy runs inside the plant: then nothing is commanded, and the
    interlock's rules only watch.
    """
    end_ms = round(end_s * 1000)
    if isinstance(policy, NativePolicy):
        return _watch(plant, network, rules, end_ms, observers, LoopTimes(), done)
    loop = ClosedLoop(plant, network, policy, sensors, rules, observers, emergency=emergency)
    while plant.time_ms < end_ms and not done():
        loop.tick()
    return LoopResult(times=loop.times, refusals=loop.interlock.refusals)


def _watch(
    plant: Plant,
    network: Network,
    rules: SignalRules,
    end_ms: int,
    observers: Sequence[Observer],
    times: LoopTimes,
    done: Callable[[], bool],
) -> LoopResult:
    monitor = Monitor(network, rules)
    while plant.time_ms < end_ms and not done():
        begun = perf_counter()
        plant.step()
        stepped = perf_counter()
        monitor.watch(plant.signal_states(), plant.time_ms)
        for observer in observers:
            observer.step(plant.time_ms, monitor.events)
        times.simulator_s += stepped - begun
        times.control_s += perf_counter() - stepped
    return LoopResult(times=times, refusals=monitor.violations)
