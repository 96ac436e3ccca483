"""A plant that starts the calls of a study and notes what truly became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from citybrain.detection.onboard import Call
from citybrain.messages import Command
from citybrain.network.model import Network
from citybrain.simulation.plant import Readings
from citybrain.simulation.sumo import SumoPlant
from citybrain.simulation.sumo_fleet import COMPANY_TYPE, VEHICLE_TYPE, Departure, SumoFleet


@dataclass(slots=True)
class Driven:
    """What became of one emergency vehicle.

    Attributes
    ----------
    time_s, distance_m : list of float
        Its way through time and space, one entry a step on the road.
    edges : list of (edge id, metres, seconds)
        When and where it came onto each edge.
    crossed : list of (junction, from edge, metres, seconds, lamp)
        Stop lines that it crossed, and the best lamp it had there.
    """

    call: Call
    arrived_s: float | None = None
    teleported: bool = False
    time_s: list[float] = field(default_factory=list)
    distance_m: list[float] = field(default_factory=list)
    edges: list[tuple[str, float, float]] = field(default_factory=list)
    crossed: list[tuple[int, str, float, float, str]] = field(default_factory=list)

    @property
    def travel_s(self) -> float | None:
        """From the wish to depart until arrival; None while it has not arrived, or was moved by SUMO."""
        return None if self.arrived_s is None or self.teleported else self.arrived_s - self.call.depart_s

    @property
    def red_crossings(self) -> int:
        """Stop lines crossed on red."""
        return sum(lamp in "rRu" for *_, lamp in self.crossed)


class WatchedPlant:
    """SUMO with emergency vehicles; implements :class:`~citybrain.simulation.plant.Plant`.

    Parameters
    ----------
    calls, company : sequence of Call
        Those that the twin is about, and others that drive at the same time.

    Attributes
    ----------
    route_of : callable
        Asked for the edges of a call when it departs.
    """

    def __init__(self, plant: SumoPlant, network: Network, calls: Sequence[Call], company: Sequence[Call] = ()) -> None:
        self.inner, self.network = plant, network
        self._own = frozenset(call.vehicle_id for call in calls)
        calls = (*calls, *company)
        self.fleet: SumoFleet = plant.fleet()
        self.driven = {call.vehicle_id: Driven(call) for call in calls}
        self.lamps: dict[int, list[tuple[float, str]]] = {}
        self.route_of: Callable[[Call], Sequence[str]] = lambda call: (call.origin, call.destination)
        self._waiting = sorted(calls, key=lambda call: call.depart_s)
        self._ahead: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._shown: Sequence[str] = plant.signal_states()
        self._on_road: set[str] = set()

    @property
    def time_ms(self) -> int:
        """Time of the plant in milliseconds."""
        return self.inner.time_ms

    def step(self) -> None:
        """Start who is to start, advance, and look where everybody is."""
        now_s = self.inner.time_ms / 1000
        while self._waiting and self._waiting[0].depart_s <= now_s:
            call = self._waiting.pop(0)
            self.fleet.start(
                Departure(
                    vehicle_id=call.vehicle_id,
                    depart_s=now_s,
                    route=tuple(self.route_of(call)),
                    from_m=call.from_m,
                    to_m=call.to_m,
                    vehicle_type=VEHICLE_TYPE if call.vehicle_id in self._own else COMPANY_TYPE,
                )
            )
        self.inner.step()
        self._note_lamps(now_s)
        self._look()

    def _note_lamps(self, now_s: float) -> None:
        """The lamps of the step that has just been made, which began at ``now_s``."""
        shown = self.inner.signal_states()
        for junction, state in enumerate(shown):
            if state != self._shown[junction] or junction not in self.lamps:
                self.lamps.setdefault(junction, []).append((now_s, state))
        self._shown = shown

    def _look(self) -> None:
        now_s = self.inner.time_ms / 1000
        for name in self.inner.teleporting():
            if name in self.driven:
                self.driven[name].teleported = True
        seen = set()
        for row in self.fleet.read():
            driven = self.driven[row.vehicle_id]
            seen.add(row.vehicle_id)
            driven.time_s.append(now_s)
            driven.distance_m.append(row.distance_m)
            if not driven.edges or driven.edges[-1][0] != row.edge:
                driven.edges.append((row.edge, row.distance_m, now_s))
            self._cross(driven, row.vehicle_id, row.distance_m, now_s)
        for name in self._on_road - seen:
            if (
                not self.driven[name].teleported
                and self.driven[name].arrived_s is None
                and not self._is_elsewhere(name)
            ):
                self.driven[name].arrived_s = now_s
        self._on_road |= seen

    def _is_elsewhere(self, name: str) -> bool:
        return self.inner.exists(name)

    def _cross(self, driven: Driven, name: str, distance_m: float, now_s: float) -> None:
        """Note a stop line that was crossed in this step."""
        lane = self.fleet.lane(name)
        before = self._ahead.get(name)
        if before is not None and lane != before[0]:
            index = self.network.lane_index(before[0])
            if index >= 0 and len(before[1]) > 1 and not self._same_edge(index, lane):
                self._note_crossing(driven, index, before[1], distance_m, now_s)
        if before is None or lane != before[0] or int(now_s) % 5 == 0:
            self._ahead[name] = lane, self.fleet.route(name)

    def _same_edge(self, lane: int, other: str) -> bool:
        index = self.network.lane_index(other)
        return index >= 0 and self.network.lanes[index].edge == self.network.lanes[lane].edge

    def _note_crossing(
        self, driven: Driven, lane: int, route: tuple[str, ...], distance_m: float, now_s: float
    ) -> None:
        movements = [
            self.network.movements[link.movement]
            for link in self.network.lanes[lane].links
            if link.movement >= 0 and self.network.edges[self.network.lanes[link.to_lane].edge].id == route[1]
        ]
        if movements:
            junction = movements[0].junction
            lamps = [self._shown[junction][m.link] for m in movements]
            best = min(lamps, key=lambda lamp: "GgsyYourR".find(lamp) % 99)
            driven.crossed.append((junction, route[0], distance_m, now_s, best))

    @property
    def finished(self) -> bool:
        """Whether every call has arrived, or never will; the company does not count."""
        own = (self.driven[name] for name in self._own)
        return all(one.arrived_s is not None or one.teleported for one in own)

    def read(self) -> Readings:
        """Read all vehicles at once."""
        return self.inner.read()

    def signal_states(self) -> Sequence[str]:
        """Return the lamps of every junction, in the network's order."""
        return self.inner.signal_states()

    def apply(self, commands: Sequence[Command]) -> None:
        """Show what the interlock commands."""
        self.inner.apply(commands)

    def close(self) -> None:
        """End the run and finish the outputs."""
        self.inner.close()
