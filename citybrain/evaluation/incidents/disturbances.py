"""What else disturbs a city: surges of demand, changes of plans, emergency vehicles with priority. None is an incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from citybrain.demand.scenario import Scenario
from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call, OnboardUnits
from citybrain.errors import InputError, nearest_hint
from citybrain.evaluation.emergency.calls import draw_calls, find_places
from citybrain.evaluation.emergency.navigator import Navigator
from citybrain.evaluation.emergency.staging import place_of
from citybrain.evaluation.emergency.vehicle import emergency_additional
from citybrain.evaluation.emergency.watched import WatchedPlant
from citybrain.loop import Emergency
from citybrain.messages import Decision, Event, Observation
from citybrain.network import Network
from citybrain.network.day_programs import read_day
from citybrain.network.intergreens import SignalRules
from citybrain.network.model import Junction
from citybrain.signals.own_plan import OwnPlan
from citybrain.signals.own_plans import OwnPlans
from citybrain.signals.policy import Policy, find_policy
from citybrain.signals.priority import PriorityService
from citybrain.simulation.sumo import SumoPlant

DISTURBANCES = ("surge", "plans", "emergency")
SURGE_FACTOR = 1.5
SURGE_S = 900.0
_LONGER = 1.3
_FIRST_CALL_S, _BETWEEN_CALLS_S, _CALLS_AT_ONCE = 600.0, 300.0, 2
_KEY = b"citybrain incidents"


def check_disturbances(names: Sequence[str], policy: str) -> None:
    """Raise InputError unless all are known and the policy can be disturbed so."""
    for name in names:
        if name not in DISTURBANCES:
            raise InputError(f"no disturbance {name!r}{nearest_hint(name, DISTURBANCES)}")
    if "plans" in names and policy != "fixed-time":
        raise InputError(f"--disturbances plans: {policy!r} has no plans to change; use --policy fixed-time")


def check_plans(names: Sequence[str], scenario: Scenario, network: Network) -> None:
    """Raise InputError where plans are to change that change by the clock already: one of them would run all day."""
    if "plans" in names and len(read_day(network, scenario.additional_files)) > 1:
        raise InputError(
            f"--disturbances plans: {scenario.name} changes its plans by the clock already; leave plans out, or take a "
            "scenario with one plan"
        )


@dataclass(slots=True, kw_only=True)
class Disturbed:
    """A run's plant, policy and emergency part, as disturbed.

    Attributes
    ----------
    plant : SumoPlant or WatchedPlant
    emergency : Emergency, optional
        Where emergency vehicles drive.
    observers : list
        What makes the disturbances happen, step by step.
    """

    plant: Any
    policy: Policy | Any
    emergency: Emergency | None = None
    observers: list[Any] = field(default_factory=list)


def additional_files(names: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Write what SUMO must load for them."""
    return (emergency_additional(folder, siren=False, bold=False),) if "emergency" in names else ()


def disturb(
    names: Sequence[str], sumo: SumoPlant, network: Network, scenario: Scenario, *, policy: str, seed: int
) -> Disturbed:
    """Return the run's parts with the disturbances in them; all are drawn by the seed."""
    rng = np.random.default_rng([seed, 7])
    length_s = scenario.end_s - scenario.begin_s
    run = Disturbed(plant=sumo, policy=find_policy(policy).make())
    if "surge" in names:
        run.observers.append(Surge(sumo, scenario.begin_s + float(rng.uniform(0.25, 0.5)) * length_s))
    if "plans" in names:
        run.policy = PlanChange(scenario.begin_s + float(rng.uniform(0.3, 0.7)) * length_s)
    if "emergency" in names:
        _send_vehicles(run, network, scenario, seed=seed, own_plans=policy == "fixed-time" and "plans" not in names)
    return run


class Surge:
    """Half as much demand again for a quarter of an hour, everywhere. An observer of the loop."""

    def __init__(self, sumo: SumoPlant, begin_s: float) -> None:
        self._sumo, self.begin_s, self.end_s = sumo, begin_s, begin_s + SURGE_S
        self._usual = sumo.demand_scale
        self._on = False

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Begin and end it."""
        on = self.begin_s <= time_ms / 1000 < self.end_s
        if on != self._on:
            self._sumo.demand_scale = self._usual * (SURGE_FACTOR if on else 1.0)
            self._on = on


class PlanChange:
    """A policy: every junction's own plan, and from a moment on one whose greens are 30 % longer.

    The cycles go out of step with what drivers and detectors are used to, as in a change of plans by the clock.
    """

    interval_s = 1.0

    def __init__(self, change_s: float) -> None:
        self.change_s = change_s

    def start(self, network: Network, rules: SignalRules) -> None:
        """Find the stages of both plans."""
        self._before, self._after = OwnPlan(), OwnPlan()
        self._before.start(network, rules)
        self._after.start(replace(network, junctions=tuple(_lengthened(j) for j in network.junctions)), rules)

    def decide(self, observation: Observation) -> Decision:
        """Return the stages of the plan that runs."""
        plan = self._before if observation.time_s < self.change_s else self._after
        return plan.decide(observation)


def _lengthened(junction: Junction) -> Junction:
    """Return a junction whose greens last 30 % longer; intergreens stay as they are."""
    program = tuple(
        replace(phase, duration_s=_LONGER * phase.duration_s)
        if set(phase.state) & set("gG") and not set(phase.state) & set("yY")
        else phase
        for phase in junction.program
    )
    return replace(junction, program=program)


def _send_vehicles(run: Disturbed, network: Network, scenario: Scenario, *, seed: int, own_plans: bool) -> None:
    """Put emergency vehicles on the road, two every five minutes, and priority before the policy."""
    places = find_places(scenario, network)
    rng = np.random.default_rng([seed, 8])
    times = LinkTimes(network)
    service = PriorityService(network, scenario.rules, key=_KEY, times=times, own_plans=own_plans)
    calls: list[Call] = []
    for n, time_s in enumerate(np.arange(scenario.begin_s + _FIRST_CALL_S, scenario.end_s - 300.0, _BETWEEN_CALLS_S)):
        calls += draw_calls(
            network, places, service.planner, rng, count=_CALLS_AT_ONCE, time_s=float(time_s), prefix=f"call{n}-"
        )
    plant = run.plant = WatchedPlant(run.plant, network, calls)
    navigator = Navigator(network, plant.fleet, (), times)
    plant.route_of = navigator.route_of
    run.observers.append(navigator)
    stand_at = {call.vehicle_id: place_of(network, call) for call in calls}
    radio = OnboardUnits(plant.fleet, calls, key=_KEY, places=stand_at, seed=seed)
    run.emergency = Emergency(radio, service)
    if own_plans:
        run.policy = OwnPlans()
