"""One twin: a state, some calls, and one way to treat them; run and measured in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from citybrain.detection import make_sensors
from citybrain.detection.link_times import LinkTimes
from citybrain.evaluation.emergency.losses import Losses, LossLog
from citybrain.evaluation.emergency.spec import TwinSpec
from citybrain.evaluation.emergency.staging import Done, open_plant, treatment
from citybrain.evaluation.emergency.strays import Strays
from citybrain.evaluation.emergency.watched import Driven, WatchedPlant
from citybrain.evaluation.metrics import read_trips
from citybrain.loop import run_loop
from citybrain.messages import Event
from citybrain.network import read_network
from citybrain.signals.own_plans import OwnPlans
from citybrain.signals.policy import find_policy

_SPACE_S = 45.0
"""Between departures on the empty network, so that nobody meets anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinRecord:
    """What a twin leaves.

    Attributes
    ----------
    losses : Losses
        Of all other vehicles; emergency vehicles are left out.
    lamps : dict of int to list
        Changes of the junctions that the calls crossed.
    """

    driven: dict[str, Driven]
    begin_s: float
    ended_s: float
    losses: Losses
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
        plant = WatchedPlant(open_plant(spec, network, folder), network, calls, spec.company)
        times = LinkTimes(network, prior_s=spec.fork.prior_s(network), prior_flow_vps=spec.fork.prior_flow_vps(network))
        kept, log = _Kept(), LossLog(plant.inner, spec.fork.time_s)
        observers: list[Any] = [kept, log, _Tell(spec.fork.time_s, spec.end_s, progress)]
        emergency, plant.route_of = treatment(spec, plant, network, calls, times, observers)
        if spec.strays > 0:
            observers.append(Strays(network, plant.fleet, calls, share=spec.strays, seed=spec.seed))
        done = Done(plant, spec, emergency)
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
    own = {call.vehicle_id for call in (*spec.calls, *spec.company)}
    crossed = {crossing[0] for driven in plant.driven.values() for crossing in driven.crossed}
    return TwinRecord(
        driven=plant.driven,
        begin_s=spec.fork.time_s,
        ended_s=ended_s,
        losses=log.finish(trips, ended_s, leave_out=own),
        lamps={junction: plant.lamps[junction] for junction in crossed},
        events=tuple(kept.events),
        refusals=loop.refusals,
        wall_s=perf_counter() - begun,
    )
