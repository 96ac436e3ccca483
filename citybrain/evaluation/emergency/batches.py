"""The batches of a study: which calls are driven together, from which state, and the twins that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from citybrain.detection.onboard import Call
from citybrain.errors import InputError
from citybrain.evaluation.emergency.calls import draw_calls, find_places
from citybrain.evaluation.emergency.fork import Fork
from citybrain.evaluation.emergency.measures import OWN_WAY, Batch
from citybrain.evaluation.emergency.request import EmergencyRequest
from citybrain.evaluation.emergency.spec import Kind, TwinSpec
from citybrain.evaluation.emergency.twin import TwinRecord
from citybrain.network.model import Network
from citybrain.signals.priority.route import RoutePlanner

_SETTLE_S = 600.0
_CHANCE_S = 900.0
"""What chance does shows within that time; nobody waits for the calls to arrive."""


def start_times(request: EmergencyRequest) -> list[float]:
    """Return when the twins of a study begin, spread over the first half of the window after ten minutes."""
    begin, end = request.scenario.begin_s, request.scenario.end_s
    step = min(_SETTLE_S, (end - begin) / (2 * request.starts))
    return [float(round(begin + step * (k + 1))) for k in range(request.starts)]


def draw_batches(request: EmergencyRequest, network: Network) -> list[Batch]:
    """Draw groups of calls, and split each into batches for every number at a time.

    The same calls are driven one, four or twelve at a time. Those of a group whose turn it is not
    drive without priority, so that all twins of a group have the same traffic and one baseline serves them all.

    Raises
    ------
    InputError
        If a group does not divide into batches, or the map has too few ways.
    """
    together = request.together or max(request.at_once)
    for at_once in request.at_once:
        if together % at_once:
            raise InputError(f"--together {together} calls do not make whole groups of --at-once {at_once}")
    places, planner = find_places(request.scenario, network), RoutePlanner(network)
    times = start_times(request)
    groups = [
        draw_calls(
            network,
            places,
            planner,
            np.random.default_rng([request.seed, number]),
            count=together,
            time_s=times[number % len(times)],
            prefix=f"call-{number + 1}-",
        )
        for number in range(-(-request.calls // together))
    ]
    # group by group, so that a study that is cut short has something of every number at a time
    batches: list[Batch] = []
    for number, calls in enumerate(groups):
        for at_once in request.at_once:
            for first in range(0, together, at_once):
                chosen = calls[first : first + at_once]
                batches.append(Batch(index=len(batches), at_once=at_once, calls=chosen, group=number))
    return batches


class SpecMaker:
    """Makes the specs of twins.

    Parameters
    ----------
    saved : sequence of Fork
    """

    def __init__(
        self, request: EmergencyRequest, network: Network, batches: Sequence[Batch], saved: Sequence[Fork]
    ) -> None:
        self._request, self._network = request, network
        self._by_time: Mapping[float, Fork] = {fork.time_s: fork for fork in saved}
        self._planner = RoutePlanner(network)
        self._calls = {
            group: {call.vehicle_id: call for batch in batches if batch.group == group for call in batch.calls}
            for group in {batch.group for batch in batches}
        }

    def shared(self, group: int, kind: Kind, base: TwinRecord | None = None) -> TwinSpec:
        """Return a twin of a whole group: ``baseline``, ``placebo``, or ``ceiling``, which needs the baseline."""
        spec = self._spec(group, kind)
        if kind == "placebo":
            return replace(spec, seed=spec.seed + 50_000, end_s=min(spec.end_s, spec.fork.time_s + _CHANCE_S))
        if kind != "ceiling" or base is None:
            return spec
        calls, ways = empty_road_ways(spec.calls, base, self._network, self._planner)
        end_s = spec.fork.time_s + 3 * self._request.longest_s
        return replace(spec, calls=calls, routes=ways, policy="fixed-time", sensors="perfect", after_s=0.0, end_s=end_s)

    def own(self, batch: Batch, kind: Kind) -> TwinSpec:
        """Return a twin of one batch: ``priority`` or ``siren``."""
        own = {call.vehicle_id for call in batch.calls}
        company = tuple(call for name, call in self._calls[batch.group].items() if name not in own)
        request = self._request
        spec = replace(self._spec(batch.group, kind), calls=batch.calls, company=company)
        if kind != "priority":
            return spec
        return replace(spec, radio=request.radio, parameters=request.parameters, strays=request.strays)

    def _spec(self, group: int, kind: Kind) -> TwinSpec:
        request = self._request
        calls = tuple(self._calls[group].values())
        fork = self._by_time[calls[0].announced_s]
        return TwinSpec(
            scenario=request.scenario,
            kind=kind,
            calls=calls,
            fork=fork,
            seed=1000 * request.seed + group,
            policy=request.policy,
            sensors=request.sensors,
            end_s=fork.time_s + request.longest_s,
            after_s=request.after_s,
        )


def empty_road_ways(
    calls: Sequence[Call], base: TwinRecord, network: Network, planner: RoutePlanner
) -> tuple[tuple[Call, ...], dict[str, tuple[str, ...]]]:
    """Return who drives in a ceiling and by which way: each call by what it took in the baseline, and by its best.

    On empty roads another way than the baseline's may be the faster one, and priority may take it; a ceiling
    that did not know it could be beaten. The second drive of a call bears its name and :data:`OWN_WAY`.
    """
    free_s = planner.free_s
    driving: list[Call] = []
    ways: dict[str, tuple[str, ...]] = {}
    for call in calls:
        name = call.vehicle_id
        taken: tuple[str, ...] = ()
        if base.driven[name].travel_s is not None:
            taken = connected([edge for edge, _, _ in base.driven[name].edges], network, planner)
            driving.append(call)
            ways[name] = taken
        best, _ = planner.fastest(network.edge_index(call.origin), network.edge_index(call.destination), free_s)
        own = tuple(network.edges[edge].id for edge in best)
        if own != taken:
            driving.append(replace(call, vehicle_id=name + OWN_WAY))
            ways[name + OWN_WAY] = own
    return tuple(driving), ways


def connected(edges: Sequence[str], network: Network, planner: RoutePlanner) -> tuple[str, ...]:
    """Return a driven way with the edges too short to be seen on in one step."""
    free_s = planner.free_s
    way = [network.edge_index(edges[0])]
    for edge in edges[1:]:
        way += planner.fastest(way[-1], network.edge_index(edge), free_s)[0][1:]
    return tuple(network.edges[edge].id for edge in way)
