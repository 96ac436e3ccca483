"""What a policy is, and which ones there are.

A policy is one small file. :class:`Policy` is what ours and third parties'
implement; :class:`NativePolicy` is for controllers that run inside SUMO.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

from citybrain.errors import InputError, nearest_hint
from citybrain.messages import Decision, Observation
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Network

ENTRY_POINT_GROUP = "citybrain.policies"


@runtime_checkable
class Policy(Protocol):
    """Decides which stage each junction should show.

    Attributes
    ----------
    interval_s : float
        Seconds between decisions; between them the last decision holds.
    """

    interval_s: float

    def start(self, network: Network, rules: SignalRules) -> None:
        """Prepare for a run on this network."""

    def decide(self, observation: Observation) -> Decision:
        """Return the stages wanted now."""


@runtime_checkable
class AddsStages(Protocol):
    """A policy that can use stages beside those of the scenario's plans.

    Where the host does not add them, it decides with the plan's own: see :func:`network_for`.
    """

    def with_stages(self, network: Network) -> Network:
        """Return the network with the stages added after each junction's own; its decisions name them by index."""


@runtime_checkable
class NativePolicy(Protocol):
    """A controller inside SUMO, watched by the interlock's rules as a monitor."""

    def programs(self, network: Network, rules: SignalRules) -> str | None:
        """Return a SUMO additional file with its programs, or None for the scenario's own."""


def network_for(policy: Policy | NativePolicy, network: Network) -> Network:
    """Return the network that a run with this policy works on: with the stages that it adds, where it adds any."""
    return policy.with_stages(network) if isinstance(policy, AddsStages) else network


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """A policy on the shelf: where it is made and what it is, in one line."""

    target: str
    summary: str
    origin: str = "built in"

    def make(self, **parameters: Any) -> Policy | NativePolicy:
        """Import and build the policy."""
        module, _, name = self.target.partition(":")
        factory: Callable[..., Policy | NativePolicy] = getattr(import_module(module), name)
        return factory(**parameters)


BUILT_IN = {
    "fixed-time": PolicyEntry("citybrain.signals.fixed_time:FixedTime", "the scenario's own plans, untouched"),
    "retimed": PolicyEntry("citybrain.signals.plan_file:PlanFile", "fixed plans of a file, see `citybrain retime`"),
    "time-of-day": PolicyEntry(
        "citybrain.signals.time_of_day:TimeOfDay",
        "plans by the clock, led from each to the next, see `citybrain retime`",
    ),
    "actuated": PolicyEntry("citybrain.signals.actuated:Actuated", "SUMO's gap-actuated control (peer)"),
    "delay-based": PolicyEntry("citybrain.signals.actuated:DelayBased", "SUMO's delay-based control (peer)"),
    "max-pressure": PolicyEntry("citybrain.signals.max_pressure:MaxPressure", "max-pressure as in RESCO (peer)"),
    "max-wave": PolicyEntry("citybrain.signals.max_wave:MaxWave", "max-wave as in RESCO (peer)"),
    "greedy": PolicyEntry("citybrain.signals.greedy:Greedy", "fullest stage with hysteresis (peer)"),
    "adaptive": PolicyEntry("citybrain.signals.adaptive:Adaptive", "predictive, coordinated, untrained (ours)"),
}


def policies() -> dict[str, PolicyEntry]:
    """Return every installed policy by name, third-party ones included."""
    found = dict(BUILT_IN)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name not in found:
            origin = point.dist.name if point.dist is not None else "unknown"
            found[point.name] = PolicyEntry(point.value, f"plug-in from {origin}", origin)
    return found


def find_policy(name: str) -> PolicyEntry:
    """Return a policy by name.

    Raises
    ------
    InputError
        If no such policy is installed; names the nearest one.
    """
    if name in BUILT_IN:  # what is installed beside them takes a while to find
        return BUILT_IN[name]
    shelf = policies()
    if name not in shelf:
        raise InputError(f"unknown policy {name!r}{nearest_hint(name, shelf)}; `citybrain policies` lists them")
    return shelf[name]
