"""Third parties' policies, each in a process of its own, with a limit of time and memory.

What hangs, crashes or asks for what does not exist is ended, and the scenario's own
plan (:class:`~citybrain.signals.own_plan.OwnPlan`) answers the very question that
it was asked: the street never waits. The interlock stands behind both.
"""

from __future__ import annotations

import logging
from typing import Any

from lxml import etree

from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network
from citybrain.signals.interlock import conflicting_greens
from citybrain.signals.own_plan import OwnPlan
from citybrain.signals.policy import NativePolicy, Policy, find_policy
from citybrain.signals.policy_process import (
    Limits,
    PolicyFailureError,
    PolicyProcess,
    checked_decision,
    checked_interval_s,
)

__all__ = ["ContainedPolicy", "ContainedPrograms", "Limits", "make_policy"]
log = logging.getLogger("citybrain")


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
    host = PolicyProcess(entry, parameters, limits or Limits())
    return ContainedPrograms(host) if host.native else ContainedPolicy(host)


class ContainedPolicy:
    """A plug-in that decides, until it fails; from then on the scenario's own plan.

    Attributes
    ----------
    failure : str or None
        Why the plug-in was replaced, and when.
    """

    def __init__(self, host: PolicyProcess) -> None:
        self._host = host
        self._plan = OwnPlan()
        self.interval_s = OwnPlan.interval_s
        self.failure: str | None = None

    def start(self, network: Network, rules: SignalRules) -> None:
        """Let both prepare."""
        self._plan.start(network, rules)
        self._network = network
        try:
            answer = self._host.ask("start", network, rules, limit_s=self._host.limits.start_s)
            self.interval_s = checked_interval_s(answer)
        except PolicyFailureError as failure:
            self._replace("at the start", failure)

    def decide(self, observation: Observation) -> Decision:
        """Return the plug-in's decision, or the plan's where it has none to give."""
        if self.failure is None:
            try:
                answer = self._host.ask("decide", observation, limit_s=self._host.limits.decide_s)
                return checked_decision(answer, observation.time_s, self._network)
            except PolicyFailureError as failure:
                self._replace(f"at {observation.time_s:g} s", failure)
        return self._plan.decide(observation)

    def _replace(self, when: str, why: PolicyFailureError) -> None:
        self._host.end()
        self.interval_s = OwnPlan.interval_s
        self.failure = f"replaced by the fixed plan {when}: {why}"
        log.warning("policy %s", self.failure)


class ContainedPrograms:
    """A plug-in that writes programs for SUMO; unsafe ones, or none, leave the scenario's own."""

    def __init__(self, host: PolicyProcess) -> None:
        self._host = host
        self.failure: str | None = None

    def programs(self, network: Network, rules: SignalRules) -> str | None:
        """Return its programs if all of them are safe."""
        try:
            answer = self._host.ask("programs", network, rules, limit_s=self._host.limits.start_s)
            programs = answer.get("programs")
            if programs is not None:
                _check_programs(network, programs)
        except PolicyFailureError as failure:
            self.failure = f"replaced by the fixed plan at the start: {failure}"
            log.warning("policy %s", self.failure)
            return None
        finally:
            self._host.end()
        return None if programs is None else str(programs)


def _check_programs(network: Network, programs: Any) -> None:
    try:
        root = etree.fromstring(str(programs).encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise PolicyFailureError(f"its programs are broken XML ({' '.join(str(error).split())})") from None
    for logic in root.iter("tlLogic"):
        index = network.junction_index(logic.get("id", ""))
        if index < 0:
            raise PolicyFailureError(f"a program for {logic.get('id')!r}, which the network does not have")
        for phase in logic.iter("phase"):
            state = phase.get("state", "")
            junction = network.junctions[index]
            pair = conflicting_greens(junction, state) if len(state) == junction.n_links else (-1, -1)
            if pair is not None:
                raise PolicyFailureError(
                    f"junction {junction.id}: phase {state!r} is not safe (links {pair[0]} and {pair[1]})"
                )
