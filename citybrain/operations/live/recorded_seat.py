"""The seat of a recorded run: answers as it did, deciding anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.operations.live.seat import USUAL, Passed, SeatAnswer
from citybrain.signals.policy import find_policy
from citybrain.signals.policy_process import Limits, PolicyProcess, checked_decision, checked_interval_s


class RecordedSeat:
    """Answers as the seat of a recorded run did, deciding anew."""

    def __init__(self, name: str, parameters: Mapping[str, Any], answers: Mapping[int, SeatAnswer]) -> None:
        self.name, self._parameters, self._recorded = name, dict(parameters), answers
        self._process: PolicyProcess | None = None
        self._passed = Passed()
        self._last: Decision | None = None
        self._interval_s, self._due_ms = 1.0, 0
        self.status, self.failures, self.why = "ok", 0, ""

    @property
    def pid(self) -> int | None:
        """The process that decides."""
        return None if self._process is None else self._process.pid

    def start(self, network: Network, rules: SignalRules) -> None:
        """Remember for whom to decide."""
        self._network, self._rules = network, rules

    def ask(self, observation: Observation) -> tuple[Decision | None, SeatAnswer]:
        """Return what was decided then."""
        self._passed.note(observation)
        time_ms = round(observation.time_s * 1000)
        answer = self._recorded.get(time_ms, USUAL)
        if answer.lost:
            self._last, self._passed = None, Passed()
        if not answer.asked:
            return None, answer
        if answer.fresh:
            self._sit_down()
        elif time_ms < self._due_ms and answer == USUAL:
            return self._last, answer
        if self._process is None:
            return None, replace(answer, answered=False)
        self._due_ms = time_ms + round(self._interval_s * 1000)
        told = self._process.ask("decide", self._passed.take(observation), limit_s=self._limit_s)
        decision = checked_decision(told, observation.time_s, self._network)
        if not answer.answered:
            return None, answer
        self._last = decision
        return decision, answer

    _limit_s = 60.0

    def _sit_down(self) -> None:
        self.close()
        self._process = PolicyProcess(find_policy(self.name), self._parameters, Limits())
        answer = self._process.ask("start", self._network, self._rules, limit_s=self._limit_s)
        self._interval_s = checked_interval_s(answer)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()
            self._process = None
