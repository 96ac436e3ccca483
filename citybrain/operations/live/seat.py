"""The seat of the policy: whoever sits there must answer in time, and cannot stop the tick.

The policy runs in a process of its own. It is asked, and waited for until the deadline and no longer;
what comes later is thrown away. One that is silent for long, or has crashed, is ended and another one is started
while the tick goes on. What the seat answered at each tick is part of the record, so that
:class:`citybrain.operations.live.recorded_seat.RecordedSeat` can answer the same again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import PolicyError
from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.operations.live.sitter import Sitter
from citybrain.signals.policy_process import Limits, PolicyFailureError

log = logging.getLogger("citybrain")
_FIRST_S = 20.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class SeatAnswer:
    """What became of asking at one tick.

    Attributes
    ----------
    fresh : bool
        Somebody new sits there, who knows nothing of what was before.
    asked, answered : bool
        It was asked; it answered in time.
    lost : bool
        It crashed, or was given up, just now.
    """

    fresh: bool = False
    asked: bool = True
    answered: bool = True
    lost: bool = False


USUAL = SeatAnswer()


class Seat(Protocol):
    """Where decisions come from.

    ``status`` is ``ok``, ``late``, ``starting`` or ``lost``; ``failures`` counts those lost, ``why`` says
    what happened to the latest.
    """

    status: str
    failures: int
    why: str

    @property
    def pid(self) -> int | None:
        """The process that sits there, where there is one."""

    def start(self, network: Network, rules: SignalRules) -> None:
        """Have somebody sit down."""

    def ask(self, observation: Observation) -> tuple[Decision | None, SeatAnswer]:
        """Return a decision, or None where there is none in time."""

    def close(self) -> None:
        """Send them home."""


class Passed:
    """Adds up what crossed the stop lines until somebody is asked."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float64] | float = 0.0

    def note(self, observation: Observation) -> None:
        """Add what an observation saw."""
        self._sum = self._sum + observation.passed

    def take(self, observation: Observation) -> Observation:
        """Return the observation with all that was added up, and begin anew."""
        passed, self._sum = self._sum, 0.0
        return replace(observation, passed=np.asarray(passed))


class PolicySeat:
    """The seat in a live room.

    Parameters
    ----------
    name, parameters : str, mapping
        The policy.
    limit_s : float
        How long a tick waits for it.
    """

    def __init__(
        self, name: str, parameters: Mapping[str, Any], *, limit_s: float, limits: Limits | None = None
    ) -> None:
        self.name, self._parameters, self._limit_s = name, parameters, limit_s
        self._limits = limits or Limits()
        self._sitter: Sitter | None = None
        self._passed = Passed()
        self._last: Decision | None = None
        self._due_ms, self._pause_s, self._next_s = 0, _FIRST_PAUSE_S, 0.0
        self._answers = 0
        self.status, self.failures, self.why = "starting", 0, ""

    @property
    def pid(self) -> int | None:
        """The process that sits there."""
        process = None if self._sitter is None else self._sitter.process
        return None if process is None else process.pid

    def start(self, network: Network, rules: SignalRules) -> None:
        """Start the first one and wait until it is ready: there is time before the first tick."""
        self._network, self._rules = network, rules
        self._sit_down()
        assert self._sitter is not None
        try:
            ready = self._sitter.get(self._limits.start_s)
        except (PolicyFailureError, PolicyError) as failure:
            self._lose(str(failure))
            return
        if isinstance(ready, float):
            self._sitter.interval_s = ready

    def _sit_down(self) -> None:
        self._sitter = Sitter(self.name, self._parameters, self._limits)
        self._sitter.begin(self._network, self._rules)
        self.status = "starting"

    def ask(self, observation: Observation) -> tuple[Decision | None, SeatAnswer]:
        """Ask, wait, and go on."""
        self._passed.note(observation)
        sitter, time_ms = self._sitter, round(observation.time_s * 1000)
        if sitter is None:
            if monotonic() >= self._next_s:
                self._sit_down()
            return None, SeatAnswer(asked=False, answered=False)
        try:
            if sitter.interval_s is None:
                ready = sitter.get(0.0)
                if not isinstance(ready, float):
                    return None, SeatAnswer(asked=False, answered=False)
                sitter.interval_s, self._due_ms = ready, time_ms
            if sitter.still_thinks():
                self.status = "late"
                return None, SeatAnswer(asked=False, answered=False)
            if time_ms < self._due_ms and not sitter.is_fresh:
                return self._last, USUAL
            return self._put(sitter, observation)
        except (PolicyFailureError, PolicyError) as failure:
            self._lose(str(failure))
            return None, SeatAnswer(asked=False, answered=False, lost=True)

    def _put(self, sitter: Sitter, observation: Observation) -> tuple[Decision | None, SeatAnswer]:
        fresh, sitter.is_fresh = sitter.is_fresh, False
        assert sitter.interval_s is not None
        self._due_ms = round((observation.time_s + sitter.interval_s) * 1000)
        sitter.put(self._passed.take(observation))
        # the very first answer includes the loading of compiled code, and no street waits for it yet
        decision = sitter.get(self._limit_s if self._answers or self.failures else max(self._limit_s, _FIRST_S))
        if not isinstance(decision, Decision):
            self.status = "late"
            return None, SeatAnswer(fresh=fresh, answered=False)
        self.status, self._last = "ok", decision
        self._answers += 1
        if self._answers % 300 == 0:
            self._pause_s = _FIRST_PAUSE_S
        return decision, SeatAnswer(fresh=fresh)

    def _lose(self, why: str) -> None:
        self.status, self.why = "lost", why
        self.failures += 1
        self._last, self._passed = None, Passed()  # whether it was told before it died cannot be known
        log.warning("the policy was lost: %s; another one starts in %g s", why, self._pause_s)
        if self._sitter is not None:
            self._sitter.end()
        self._sitter, self._next_s = None, monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def close(self) -> None:
        """End the process."""
        if self._sitter is not None:
            self._sitter.end()
        self._sitter = None
