"""Third parties' policies, each in a process of its own, with a limit of time and memory.

What hangs, crashes or asks for what does not exist is ended, and the scenario's own
plan (:class:`~citybrain.signals.own_plan.OwnPlan`) answers the very question that
it was asked: the street never waits. The interlock stands behind both.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from citybrain.errors import PolicyError
from citybrain.messages import HOLD, Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.interlock import conflicting_greens
from citybrain.signals.own_plan import OwnPlan
from citybrain.signals.plugin_channel import Channel, pack, read_answer
from citybrain.signals.policy import NativePolicy, Policy, PolicyEntry, find_policy

log = logging.getLogger("citybrain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a plug-in may take.

    Attributes
    ----------
    start_s : float
        Wall time to be imported and made, and again to prepare for a network.
    decide_s : float
        Wall time of a decision. The simulation waits meanwhile: in simulated time it takes none.
    memory_mb : int
        Of data, for the plug-in and the packages it loads.
    """

    start_s: float = 60.0
    decide_s: float = 5.0
    memory_mb: int = 4096


def make_policy(
    name: str, parameters: dict[str, Any], *, trusted: bool = False, limits: Limits | None = None
) -> Policy | NativePolicy:
    """Make a policy: a built-in one here, a third party's in a process of its own.

    Parameters
    ----------
    trusted : bool
        Run a third party's code in this process all the same.

    Raises
    ------
    InputError
        If there is no such policy.
    PolicyError
        If a plug-in cannot be imported or made.
    """
    entry = find_policy(name)
    if trusted or entry.origin == "built in":
        return entry.make(**parameters)
    host = _Host(entry, parameters, limits or Limits())
    return ContainedPrograms(host) if host.native else ContainedPolicy(host)


class _Host:
    """A plug-in's process."""

    def __init__(self, entry: PolicyEntry, parameters: dict[str, Any], limits: Limits) -> None:
        self.limits = limits
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        command = [sys.executable, "-m", "citybrain.signals.plugin_host", str(theirs.fileno()), str(limits.memory_mb)]
        with theirs:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
            )
        try:
            answer = self.ask("make", entry.target, parameters, sys.path, limit_s=limits.start_s)
        except _FailedError as failure:
            self.end()
            raise PolicyError(f"the plug-in of {entry.origin} cannot be made: {failure}") from None
        self.native = bool(answer.get("native"))

    def ask(self, *message: Any, limit_s: float) -> dict[str, Any]:
        """Return the answer, or raise _FailedError."""
        try:
            self._channel.send(pack(message), limit_s)
            answer = read_answer(self._channel.receive(limit_s))
        except TimeoutError:
            raise _FailedError(f"no answer within {limit_s:g} s") from None
        except (EOFError, OSError):
            raise _FailedError(f"its process died ({self._ending()})") from None
        except ValueError:
            raise _FailedError("its answer cannot be read") from None
        if "error" in answer:
            raise _FailedError(str(answer["error"])[:500])
        return answer

    def _ending(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1.0)
            return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return "its channel is closed"

    def end(self) -> None:
        """End the process and whatever it started."""
        self._channel.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __del__(self) -> None:
        with suppress(Exception):
            self.end()


class _FailedError(Exception):
    """A plug-in did not do what it must; the message says what."""


class ContainedPolicy:
    """A plug-in that decides, until it fails; from then on the scenario's own plan.

    Attributes
    ----------
    failure : str or None
        Why the plug-in was replaced, and when.
    """

    def __init__(self, host: _Host) -> None:
        self._host = host
        self._plan = OwnPlan()
        self._ids: list[str] = []
        self._n_stages: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.interval_s = OwnPlan.interval_s
        self.failure: str | None = None

    def start(self, network: Network, rules: SignalRules) -> None:
        """Let both prepare."""
        self._plan.start(network, rules)
        self._ids = [junction.id for junction in network.junctions]
        self._n_stages = np.array([max(1, len(junction.stages)) for junction in network.junctions])
        try:
            answer = self._host.ask("start", network, rules, limit_s=self._host.limits.start_s)
            self.interval_s = _interval_s(answer)
        except _FailedError as failure:
            self._replace("at the start", failure)

    def decide(self, observation: Observation) -> Decision:
        """Return the plug-in's decision, or the plan's where it has none to give."""
        if self.failure is None:
            try:
                answer = self._host.ask("decide", observation, limit_s=self._host.limits.decide_s)
                return self._checked(answer, observation.time_s)
            except _FailedError as failure:
                self._replace(f"at {observation.time_s:g} s", failure)
        return self._plan.decide(observation)

    def _checked(self, answer: dict[str, Any], time_s: float) -> Decision:
        n = len(self._n_stages)
        try:
            stage = np.array(answer["stage"], dtype=np.int64)
            reasons = {int(j): dict(why) for j, why in answer["reasons"].items() if 0 <= int(j) < n}
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
            raise _FailedError("its answer is not a decision") from None
        if stage.shape != (n,):
            raise _FailedError(f"asked for stages of shape {stage.shape} for {n} junctions")
        wrong = np.flatnonzero((stage != HOLD) & ((stage < 0) | (stage >= self._n_stages)))
        if len(wrong):
            j = int(wrong[0])
            last = self._n_stages[j] - 1
            raise _FailedError(f"asked junction {self._ids[j]} for stage {stage[j]}, it has 0 to {last}")
        return Decision(time_s=time_s, stage=stage.astype(np.int32), reasons=reasons)

    def _replace(self, when: str, why: _FailedError) -> None:
        self._host.end()
        self.interval_s = OwnPlan.interval_s
        self.failure = f"replaced by the fixed plan {when}: {why}"
        log.warning("policy %s", self.failure)


class ContainedPrograms:
    """A plug-in that writes programs for SUMO; unsafe ones, or none, leave the scenario's own."""

    def __init__(self, host: _Host) -> None:
        self._host = host
        self.failure: str | None = None

    def programs(self, network: Network, rules: SignalRules) -> str | None:
        """Return its programs if all of them are safe."""
        try:
            answer = self._host.ask("programs", network, rules, limit_s=self._host.limits.start_s)
            programs = answer.get("programs")
            if programs is not None:
                _check_programs(network, programs)
        except _FailedError as failure:
            self.failure = f"replaced by the fixed plan at the start: {failure}"
            log.warning("policy %s", self.failure)
            return None
        finally:
            self._host.end()
        return None if programs is None else str(programs)


def _interval_s(answer: dict[str, Any]) -> float:
    interval_s = answer.get("interval_s")
    if not isinstance(interval_s, float) or not 0 < interval_s < math.inf:
        raise _FailedError(f"its interval_s is {interval_s!r}, it must be more than 0")
    return interval_s


def _check_programs(network: Network, programs: Any) -> None:
    try:
        root = etree.fromstring(str(programs).encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise _FailedError(f"its programs are broken XML ({' '.join(str(error).split())})") from None
    for logic in root.iter("tlLogic"):
        index = network.junction_index(logic.get("id", ""))
        if index < 0:
            raise _FailedError(f"a program for {logic.get('id')!r}, which the network does not have")
        for phase in logic.iter("phase"):
            state = phase.get("state", "")
            junction = network.junctions[index]
            pair = conflicting_greens(junction, state) if len(state) == junction.n_links else (-1, -1)
            if pair is not None:
                raise _FailedError(f"junction {junction.id}: phase {state!r} is not safe (links {pair[0]} and {pair[1]})")
