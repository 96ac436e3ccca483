"""One policy process, and the thread that talks to it."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from threading import Thread
from time import monotonic
from typing import Any

from citybrain.errors import PolicyError
from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.policy import find_policy
from citybrain.signals.policy_process import (
    Limits,
    PolicyFailureError,
    PolicyProcess,
    checked_decision,
    checked_interval_s,
)

_GIVE_UP_S, _FIRST_GIVE_UP_S = 5.0, 300.0


class Sitter:
    """See the module; the thread must live as long as the process.

    Attributes
    ----------
    interval_s : float or None
        How often it wants to be asked; None until it is ready.
    waiting_since_s : float or None
        Since when an answer is out, monotonic clock.
    is_fresh : bool
        It has not been asked yet.
    """

    def __init__(self, name: str, parameters: Mapping[str, Any], limits: Limits) -> None:
        self._name, self._parameters, self._limits = name, dict(parameters), limits
        self._questions: queue.SimpleQueue[Observation | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Decision | Exception | float] = queue.SimpleQueue()
        self.process: PolicyProcess | None = None
        self.interval_s: float | None = None
        self.waiting_since_s: float | None = None
        self.is_fresh = True
        self._has_answered = False

    def begin(self, network: Network, rules: SignalRules) -> None:
        """Start the process, and have it prepare."""
        Thread(target=self._serve, args=(network, rules), name="policy", daemon=True).start()

    def _serve(self, network: Network, rules: SignalRules) -> None:
        try:
            self.process = PolicyProcess(find_policy(self._name), self._parameters, self._limits)
            answer = self.process.ask("start", network, rules, limit_s=self._limits.start_s)
            self._answers.put(checked_interval_s(answer))
            while (observation := self._questions.get()) is not None:
                answer = self.process.ask("decide", observation, limit_s=86400.0)
                self._answers.put(checked_decision(answer, observation.time_s, network))
        except (PolicyFailureError, PolicyError) as failure:
            self._answers.put(failure)
        finally:
            if self.process is not None:
                self.process.end()

    def put(self, observation: Observation) -> None:
        """Ask for a decision."""
        self.waiting_since_s = monotonic()
        self._questions.put(observation)

    def get(self, limit_s: float) -> Decision | float | None:
        """Return the answer, None where there is none yet; raises what went wrong."""
        try:
            answer = self._answers.get(timeout=limit_s) if limit_s > 0 else self._answers.get_nowait()
        except queue.Empty:
            return None
        if isinstance(answer, Exception):
            raise answer
        self.waiting_since_s = None
        self._has_answered |= isinstance(answer, Decision)
        return answer

    def still_thinks(self) -> bool:
        """Whether an answer is still out; a late one is thrown away.

        The first answer has minutes: it compiles code on a computer that has not done so yet, and whoever is
        ended before that is through leaves the next one to begin with it again.
        """
        if self.waiting_since_s is None or self.get(0.0) is not None:
            return False
        limit_s = _GIVE_UP_S if self._has_answered else _FIRST_GIVE_UP_S
        if monotonic() - self.waiting_since_s > limit_s:
            raise PolicyFailureError(f"no answer within {limit_s:g} s")
        return True

    def end(self) -> None:
        """End the process."""
        self._questions.put(None)
        if self.process is not None:
            self.process.end()
