"""The closed loop: advance, detect, decide, prioritise, interlock, apply, emit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

import numpy as np

from citybrain.detection.sensors import Sensors
from citybrain.messages import HOLD, Decision, Event, PriorityRequest, PriorityStatus
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
    times = LoopTimes()
    end_ms = round(end_s * 1000)
    if isinstance(policy, NativePolicy):
        return _watch(plant, network, rules, end_ms, observers, times, done)
    policy.start(network, rules)
    leaves = getattr(policy, "leaves_programs", False)
    interlock = Interlock(network if emergency is None else emergency.service.network, rules, released=leaves)
    plant.apply(interlock.start(plant.time_ms, plant.signal_states()))
    wanted = np.full(len(network.junctions), HOLD, dtype=np.int32)
    decision = Decision(time_s=plant.time_ms / 1000, stage=wanted)
    passed = np.zeros(len(network.movements))
    interval_ms, due_ms = round(policy.interval_s * 1000), plant.time_ms
    while plant.time_ms < end_ms and not done():
        begun = perf_counter()
        plant.step()  # 1. advance
        stepped = perf_counter()
        now_ms = plant.time_ms
        events: list[Event] = []
        if sensors.continuous or now_ms >= due_ms:
            view = interlock.view(now_ms)
            observation = sensors.observe(
                plant, view if emergency is None else emergency.service.view(view)
            )  # 2. detect
            passed = passed + observation.passed
            if now_ms >= due_ms:
                if sensors.continuous:  # what crossed while nobody asked
                    observation = replace(observation, passed=passed)
                passed = np.zeros_like(passed)
                asked = perf_counter()
                decision = policy.decide(observation)  # 3. decide
                times.decisions_s.append(perf_counter() - asked)
                interval_ms = round(policy.interval_s * 1000)  # another from now on where the plan took over
                due_ms += interval_ms
                events += [
                    Event(time_s=decision.time_s, kind="decision", junction_id=network.junctions[j].id, data=why)
                    for j, why in decision.reasons.items()
                ]
        asked_for = decision
        if emergency is not None:  # 4. prioritise
            service = emergency.service
            emergency.radio.reply(service.receive(emergency.radio.requests(now_ms), now_ms))
            asked_for = service.prioritise(decision, observation, interlock.view(now_ms), now_ms)
            events += service.events
        commands = interlock.advance(
            asked_for, now_ms, plant.signal_states() if leaves else None
        )  # 5. interlock
        plant.apply(commands)  # 6. apply
        events += interlock.events
        for observer in observers:  # 7. emit
            observer.step(now_ms, events)
        times.simulator_s += stepped - begun
        times.control_s += perf_counter() - stepped
    return LoopResult(times=times, refusals=interlock.refusals)


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
