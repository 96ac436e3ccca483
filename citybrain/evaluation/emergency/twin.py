"""One twin: a state, some calls, and one way to treat them; run and measured in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from citybrain.demand.scenario import Scenario
from citybrain.demand.silenced import silenced
from citybrain.detection import make_sensors
from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call, OnboardUnits, RadioParameters
from citybrain.evaluation.emergency.fork import Fork
from citybrain.evaluation.emergency.navigator import Navigator
from citybrain.evaluation.emergency.strays import Strays
from citybrain.evaluation.emergency.vehicle import emergency_additional, green_for_all
from citybrain.evaluation.emergency.watched import Driven, WatchedPlant
from citybrain.evaluation.metrics import read_trips
from citybrain.loop import Emergency, run_loop
from citybrain.messages import Event
from citybrain.network import read_network
from citybrain.network.model import Network
from citybrain.signals.own_plans import OwnPlans
from citybrain.signals.policy import find_policy
from citybrain.signals.priority import PriorityParameters, PriorityService
from citybrain.simulation.fleet import along
from citybrain.simulation.sumo import SumoLaunch, SumoPlant

Kind = Literal["baseline", "priority", "siren", "ceiling", "placebo"]
_KEY = b"citybrain study"
_SPACE_S = 45.0
"""Between departures on the empty network, so that nobody meets anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinSpec:
    """All that decides a twin.

    Attributes
    ----------
    end_s : float
        It ends here at the latest.
    until_s : float, optional
        Run until then although all have arrived.
    after_s : float
        Where ``until_s`` is not given: how long to go on after the last arrival.
    routes : mapping
        Ceiling: the edges of each vehicle.
    """

    scenario: Scenario
    kind: Kind
    calls: tuple[Call, ...]
    fork: Fork
    seed: int
    policy: str = "fixed-time"
    sensors: str = "camera"
    end_s: float
    until_s: float | None = None
    after_s: float = 60.0
    radio: RadioParameters = field(default_factory=RadioParameters)
    parameters: PriorityParameters = field(default_factory=PriorityParameters)
    strays: float = 0.0
    routes: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinRecord:
    """What a twin leaves.

    Attributes
    ----------
    before_s, delay_s, waiting_s : dict of str to float
        By vehicle, emergency vehicles left out: delay when the twin began; delay and
        waiting time at its end.
    lamps : dict of int to list
        Changes of the junctions that the calls crossed.
    """

    driven: dict[str, Driven]
    begin_s: float
    ended_s: float
    before_s: dict[str, float]
    delay_s: dict[str, float]
    waiting_s: dict[str, float]
    lamps: dict[int, list[tuple[float, str]]]
    events: tuple[Event, ...]
    refusals: int
    wall_s: float


class _Kept:
    """Keeps the events of priority."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        self.events += [event for event in events if event.kind.startswith("priority")]


class _Tell:
    """Tells how much of a twin's longest time is over."""

    def __init__(self, begin_s: float, end_s: float, report: Callable[[float], None]) -> None:
        self._begin_ms, self._span_ms, self._report = begin_s * 1000, max(1.0, 1000 * (end_s - begin_s)), report
        self._next = 0.0

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        share = (time_ms - self._begin_ms) / self._span_ms
        if share >= self._next:
            self._next = share + 0.05
            self._report(min(share, 1.0))


def execute(spec: TwinSpec, progress: Callable[[float], None] = lambda _: None) -> TwinRecord:
    """Run a twin."""
    begun = perf_counter()
    network = read_network(spec.scenario.net_file, spec.scenario.additional_files)
    calls = spec.calls
    if spec.kind == "ceiling":
        calls = tuple(replace(c, depart_s=spec.fork.time_s + _SPACE_S * k) for k, c in enumerate(calls))
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        folder = Path(name)
        plant = WatchedPlant(_open(spec, network, folder), network, calls)
        times = LinkTimes(
            network, prior_s=spec.fork.prior_s(network), prior_flow_vps=spec.fork.prior_flow_vps(network)
        )
        before = plant.inner.losses()
        kept = _Kept()
        observers: list[Any] = [kept, _Tell(spec.fork.time_s, spec.until_s or spec.end_s, progress)]
        emergency, _route_of = _treatment(spec, plant, network, calls, times, observers)
        if spec.strays > 0:
            observers.append(Strays(network, plant.fleet, calls, share=spec.strays, seed=spec.seed))
        done = _Done(plant, spec)
        policy = (
            OwnPlans() if emergency is not None and spec.policy == "fixed-time" else find_policy(spec.policy).make()
        )
        try:
            loop = run_loop(
                plant,
                network,
                policy,
                make_sensors(spec.sensors, network, seed=spec.seed),
                spec.scenario.rules,
                spec.end_s,
                observers,
                emergency=emergency,
                done=done,
            )
            ended_s = plant.time_ms / 1000
        finally:
            plant.close()
        trips = read_trips(folder / "tripinfo.xml", end_s=ended_s)
    own = {call.vehicle_id for call in calls}
    columns = [trips[c].to_pylist() for c in ("vehicle", "time_loss_s", "depart_delay_s", "waiting_s")]
    rows = [row for row in zip(*columns, strict=True) if row[0] not in own]
    crossed = {crossing[0] for driven in plant.driven.values() for crossing in driven.crossed}
    return TwinRecord(
        driven=plant.driven,
        begin_s=spec.fork.time_s,
        ended_s=ended_s,
        before_s=before,
        delay_s={vehicle: loss + late for vehicle, loss, late, _ in rows},
        waiting_s={vehicle: waited for vehicle, *_, waited in rows},
        lamps={junction: plant.lamps[junction] for junction in crossed},
        events=tuple(kept.events),
        refusals=loop.refusals,
        wall_s=perf_counter() - begun,
    )


class _Done:
    """Whether a twin may stop."""

    def __init__(self, plant: WatchedPlant, spec: TwinSpec) -> None:
        self._plant, self._spec = plant, spec
        self._finished_s: float | None = None

    def __call__(self) -> bool:
        now_s = self._plant.time_ms / 1000
        if not self._plant.finished:
            return False
        if self._finished_s is None:
            self._finished_s = now_s
        if self._spec.until_s is not None:
            return now_s >= self._spec.until_s
        return now_s >= self._finished_s + self._spec.after_s


def _open(spec: TwinSpec, network: Network, folder: Path) -> SumoPlant:
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


def _treatment(
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
    navigator = Navigator(network, plant.fleet, calls, times)
    if spec.kind != "priority":
        observers.append(navigator)
        return None, navigator.route_of
    service = PriorityService(
        network,
        spec.scenario.rules,
        key=_KEY,
        times=times,
        own_plans=spec.policy == "fixed-time",
        parameters=spec.parameters,
    )
    places = {call.vehicle_id: _place(network, call) for call in calls}
    radio = OnboardUnits(plant.fleet, calls, key=_KEY, radio=spec.radio, places=places, seed=spec.seed)
    observers.append(_Looking(times, plant))

    def route_of(call: Call) -> Sequence[str]:
        track = service.tracks.get(call.vehicle_id)
        known = () if track is None or track.line is None else tuple(network.edges[e].id for e in track.line.edges)
        return known or navigator.route_of(call)

    return Emergency(radio, service), route_of


class _Looking:
    """Keeps the travel times up to date."""

    def __init__(self, times: LinkTimes, plant: WatchedPlant) -> None:
        self._times, self._plant = times, plant

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        self._times.look(self._plant.fleet, time_ms)


def _place(network: Network, call: Call) -> tuple[float, float]:
    """Where a vehicle stands before it starts."""
    edge = network.edges[network.edge_index(call.origin)]
    left = call.from_m / max(edge.length_m, 1.0)
    return along(edge.shape, left)
