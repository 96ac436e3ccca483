"""A driver with a navigator and no priority: the fastest way now, looked at again from time to time."""

from __future__ import annotations

from collections.abc import Sequence

from citybrain.detection.link_times import LinkTimes
from citybrain.detection.onboard import Call
from citybrain.messages import Event
from citybrain.network.model import Network
from citybrain.signals.priority.parameters import PriorityParameters
from citybrain.signals.priority.route import RoutePlanner
from citybrain.simulation.fleet import Fleet


class Navigator:
    """Guides the vehicles of twins without priority, by the same travel times and the same rules.

    So a difference between twins is what the signals made, not who knew the traffic.
    """

    def __init__(
        self, network: Network, fleet: Fleet, calls: Sequence[Call], times: LinkTimes, *, also: Sequence[Call] = ()
    ) -> None:
        self.network, self.fleet, self.times = network, fleet, times
        self.planner, self._calls = RoutePlanner(network), {call.vehicle_id: call for call in (*calls, *also)}
        self._route: dict[str, tuple[int, ...]] = {}
        self._due_ms: dict[str, int] = {}
        self._rules = PriorityParameters()

    def route_of(self, call: Call) -> tuple[str, ...]:
        """Return the way that a call starts with."""
        way = self._way(self.network.edge_index(call.origin), call)[0]
        self._route[call.vehicle_id] = way
        return tuple(self.network.edges[edge].id for edge in way)

    def _way(self, origin: int, call: Call) -> tuple[tuple[int, ...], float]:
        destination, times = self.network.edge_index(call.destination), self.times
        return self.planner.fastest(origin, destination, times.now_s, flow_vps=times.flow_vps)

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Look for better ways."""
        self.times.look(self.fleet, time_ms)
        for row in self.fleet.read():
            call, known = self._calls.get(row.vehicle_id), self._route.get(row.vehicle_id)
            if call is None or time_ms < self._due_ms.setdefault(
                row.vehicle_id, time_ms + round(1000 * self._rules.replan_s)
            ):
                continue
            self._due_ms[row.vehicle_id] = time_ms + round(1000 * self._rules.replan_s)
            edge = self.network.edge_index(row.edge)
            if known is None or edge < 0:
                continue
            try:
                way, seconds = self._way(edge, call)
            except ValueError:
                continue
            rest = known[known.index(edge) :] if edge in known else ()
            usual_s = float("inf")
            if rest:
                usual_s = self.planner.expected_s(
                    rest, self.times.now_s, vehicles=self.times.vehicles, priority=False, flow_vps=self.times.flow_vps
                )
            gain_s = max(self._rules.replan_gain_s, self._rules.replan_gain * usual_s) if rest else 0.0
            ids = [self.network.edges[e].id for e in way]
            if way != rest and usual_s - seconds >= gain_s and self.fleet.guide(row.vehicle_id, ids):
                self._route[row.vehicle_id] = way
