"""The closed loop: advance, detect, decide, prioritise, interlock, apply, emit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

import numpy as np

from citybrain.detection.sensors import Sensors
from citybrain.messages import HOLD, Decision, Event
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.interlock import Interlock
from citybrain.signals.monitor import Monitor
from citybrain.signals.policy import NativePolicy, Policy
from citybrain.simulation.plant import Plant


class Observer(Protocol):
    """Consumes what the loop emits. None is ever called from a policy."""

    def step(self, time_ms: int, events: Sequence[Event]) -> None:
        """Take note of one step."""


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
) -> LoopResult:
    """Run a policy on a plant until ``end_s``.

    A native policy runs inside the plant: then nothing is commanded, and the
    interlock's rules only watch.
    """
    times = LoopTimes()
    end_ms = round(end_s * 1000)
    if isinstance(policy, NativePolicy):
        return _watch(plant, network, rules, end_ms, observers, times)
    policy.start(network, rules)
    interlock = Interlock(network, rules)
    plant.apply(interlock.start(plant.time_ms, plant.signal_states()))
    wanted = np.full(len(network.junctions), HOLD, dtype=np.int32)
    decision = Decision(time_s=plant.time_ms / 1000, stage=wanted)
    passed = np.zeros(len(network.movements))
    interval_ms, due_ms = round(policy.interval_s * 1000), plant.time_ms
    while plant.time_ms < end_ms:
        begun = perf_counter()
        plant.step()  # 1. advance
        stepped = perf_counter()
        now_ms = plant.time_ms
        events: list[Event] = []
        if sensors.continuous or now_ms >= due_ms:
            observation = sensors.observe(plant, interlock.view(now_ms))  # 2. detect
            passed = passed + observation.passed
            if now_ms >= due_ms:
                if sensors.continuous:  # what crossed while nobody asked
                    observation = replace(observation, passed=passed)
                passed = np.zeros_like(passed)
                due_ms += interval_ms
                asked = perf_counter()
                decision = policy.decide(observation)  # 3. decide
                times.decisions_s.append(perf_counter() - asked)
                events += [
                    Event(time_s=decision.time_s, kind="decision", junction_id=network.junctions[j].id, data=why)
                    for j, why in decision.reasons.items()
                ]
        commands = interlock.advance(decision, now_ms)  # 4. interlock
        plant.apply(commands)  # 5. apply
        events += interlock.events
        for observer in observers:  # 6. emit
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
) -> LoopResult:
    monitor = Monitor(network, rules)
    while plant.time_ms < end_ms:
        begun = perf_counter()
        plant.step()
        stepped = perf_counter()
        monitor.watch(plant.signal_states(), plant.time_ms)
        for observer in observers:
            observer.step(plant.time_ms, monitor.events)
        times.simulator_s += stepped - begun
        times.control_s += perf_counter() - stepped
    return LoopResult(times=times, refusals=monitor.violations)
