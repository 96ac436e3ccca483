"""Sets a twin up: the plant as it is to be, who treats the calls, and when it may stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from citybrain.demand.silenced import silenced
from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call, OnboardUnits
from citybrain.evaluation.emergency.losses import MARK_S
from citybrain.evaluation.emergency.navigator import Navigator
from citybrain.evaluation.emergency.spec import TwinSpec
from citybrain.evaluation.emergency.vehicle import emergency_additional, green_for_all
from citybrain.evaluation.emergency.watched import WatchedPlant
from citybrain.loop import Emergency
from citybrain.network.model import Network
from citybrain.signals.priority import PriorityService
from citybrain.simulation.fleet import along
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

_KEY = b"citybrain study"


def open_plant(spec: TwinSpec, network: Network, folder: Path) -> SumoPlant:
    """Open SUMO at the fork, for the kind of twin that it is."""
    scenario = replace(spec.scenario, begin_s=spec.fork.time_s, end_s=spec.end_s)
    siren, empty = spec.kind == "siren", spec.kind == "ceiling"
    options = dict(scenario.options)
    if siren:
        options["lateral-resolution"] = "0.8"
    additional = [emergency_additional(folder, siren=siren, bold=empty)]
    if empty:
        additional.append(green_for_all(network, folder))
    scenario = replace(
        scenario,
        options=options,
        route_files=() if empty else scenario.route_files,
        additional_files=silenced(scenario.additional_files, folder),
    )
    outputs = {
        "tripinfo-output": str(folder / "tripinfo.xml"),
        "tripinfo-output.write-unfinished": "true",
        "tripinfo-output.write-undeparted": "true",
    }
    launch = SumoLaunch(
        seed=spec.seed,
        outputs=outputs,
        additional_files=tuple(additional),
        load_state=None if empty else spec.fork.state,
    )
    return SumoPlant(scenario, network, launch)


def treatment(
    spec: TwinSpec,
    plant: WatchedPlant,
    network: Network,
    calls: Sequence[Call],
    times: LinkTimes,
    observers: list[Any],
) -> tuple[Emergency | None, Callable[[Call], Sequence[str]]]:
    """Return the emergency part of the loop, and who says by which way a call starts."""
    if spec.kind == "ceiling":
        return None, lambda call: spec.routes[call.vehicle_id]
    navigator = Navigator(network, plant.fleet, calls if spec.kind != "priority" else (), times, also=spec.company)
    observers.append(navigator)
    if spec.kind != "priority":
        return None, navigator.route_of
    service = PriorityService(
        network,
        spec.scenario.rules,
        key=_KEY,
        times=times,
        own_plans=spec.policy == "fixed-time",
        parameters=spec.parameters,
    )
    places = {call.vehicle_id: place_of(network, call) for call in calls}
    radio = OnboardUnits(plant.fleet, calls, key=_KEY, radio=spec.radio, places=places, seed=spec.seed)

    def route_of(call: Call) -> Sequence[str]:
        track = service.tracks.get(call.vehicle_id)
        known = () if track is None or track.line is None else tuple(network.edges[e].id for e in track.line.edges)
        return known or navigator.route_of(call)

    return Emergency(radio, service), route_of


class Done:
    """Whether a twin may stop: all calls are over, all junctions back, some time has passed, and it is at a mark."""

    def __init__(self, plant: WatchedPlant, spec: TwinSpec, emergency: Emergency | None) -> None:
        self._plant, self._spec, self._emergency = plant, spec, emergency
        self._since_s: float | None = None

    def __call__(self) -> bool:
        """Return whether it may stop now."""
        now_s = self._plant.time_ms / 1000
        if not self._plant.finished or (self._emergency is not None and self._emergency.service.active):
            return False
        if self._since_s is None:
            self._since_s = now_s
        at_a_mark = (now_s - self._spec.fork.time_s) % MARK_S == 0
        return at_a_mark and now_s >= self._since_s + self._spec.after_s


def place_of(network: Network, call: Call) -> tuple[float, float]:
    """Return where a vehicle stands before it starts, in the coordinates of the net."""
    edge = network.edges[network.edge_index(call.origin)]
    left = call.from_m / max(edge.length_m, 1.0)
    return along(edge.shape, left)
