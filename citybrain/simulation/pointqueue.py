"""A twin of the plant without SUMO: point queues with storage, for tests and quick studies.

A vehicle drives at the limit to its stop line, queues, and crosses when its
lamp lets it: the first ``start_up_s`` after the lamp turned green, the others
``headway_s`` apart (saturation flow = 3600 / ``headway_s``), unless the road
beyond is full or, on a permissive green, traffic with right of way is due
within ``gap_s``. Webster's uniform delay follows from these rules, and so does
spillback. There is no acceleration and no overtaking within a lane, and a
vehicle enters the lane that serves its next turn.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from citybrain.messages import OWN_PROGRAM, Command
from citybrain.network.model import GREEN, Junction, Movement, Network
from citybrain.simulation.plant import Readings
from citybrain.simulation.pointqueue_vehicles import Outcome, QueuedVehicle, outcome_of
from citybrain.simulation.trips import Trip

__all__ = ["Outcome", "PointQueuePlant"]

_SPACE_M = 7.5
_LENGTH_M = 5.0


class PointQueuePlant:
    """Point queues that implement :class:`~citybrain.simulation.plant.Plant`.

    Until it is commanded, a junction runs its own program.

    Parameters
    ----------
    network : Network
    trips : iterable of Trip
        The demand, e.g. from :func:`~citybrain.simulation.trips.poisson_trips`.
    headway_s : float
        Between vehicles that leave a queue.
    start_up_s : float
        From green to the first of them.
    gap_s : float
        A permissive movement needs this long without traffic that has right of way.
    """

    def __init__(
        self,
        network: Network,
        trips: Iterable[Trip],
        *,
        begin_s: float = 0.0,
        step_s: float = 1.0,
        headway_s: float = 2.0,
        start_up_s: float = 2.0,
        gap_s: float = 4.0,
    ) -> None:
        self.network = network
        self._time_ms, self._step_ms = round(begin_s * 1000), round(step_s * 1000)
        self._headway_ms, self._start_up_ms, self._gap_ms = headway_s * 1000, start_up_s * 1000, gap_s * 1000
        self._room = [max(1, math.floor(lane.length_m / _SPACE_M)) for lane in network.lanes]
        self._lanes: list[deque[QueuedVehicle]] = [deque() for _ in network.lanes]
        self._left_ms = [-math.inf] * len(network.lanes)  # when the last vehicle left, or was held back
        self._coming = deque(sorted(trips, key=lambda trip: trip.depart_ms))
        self._outside: dict[int, deque[QueuedVehicle]] = {}
        self._loaded: list[QueuedVehicle] = []
        self._passed: list[tuple[int, int]] = []
        self._commanded = [False] * len(network.junctions)
        self._green_ms = [-math.inf] * len(network.movements)
        self._lamps = [self._own_state(j) for j in network.junctions]
        self._priority = [self._with_priority(m) for m in network.movements]

    @property
    def time_ms(self) -> int:
        """Time of the twin in milliseconds."""
        return self._time_ms

    def step(self) -> None:
        """Load, insert and move vehicles for one step, under the lamps that it began with."""
        begun_ms = self._time_ms
        self._time_ms += self._step_ms
        first_new = len(self._loaded)
        while self._coming and self._coming[0].depart_ms <= self._time_ms:
            vehicle = QueuedVehicle(len(self._loaded), self._coming.popleft())
            self._loaded.append(vehicle)
            self._outside.setdefault(vehicle.trip.lanes[0], deque()).append(vehicle)
        for lane, waiting in self._outside.items():
            while waiting and len(self._lanes[lane]) < self._room[lane]:
                vehicle = waiting.popleft()
                wish_ms = vehicle.trip.depart_ms
                start_ms = max(wish_ms, begun_ms) if vehicle.index >= first_new else self._time_ms
                vehicle.lost_ms += start_ms - wish_ms
                self._enter(vehicle, lane, start_ms)
        for lane, queue in enumerate(self._lanes):
            while queue and self._leaves(lane, queue[0]):
                queue.popleft()
        for junction in self.network.junctions:
            if not self._commanded[junction.index]:
                self._show(junction, self._own_state(junction))

    def _enter(self, vehicle: QueuedVehicle, lane: int, at_ms: float) -> None:
        vehicle.at += 1
        vehicle.since_ms = at_ms
        vehicle.ready_ms = at_ms + 1000 * self.network.lanes[lane].length_m / self.network.lanes[lane].speed_mps
        self._lanes[lane].append(vehicle)

    def _leaves(self, lane: int, vehicle: QueuedVehicle) -> bool:
        """Move the first vehicle of a lane on, if it may leave within this step."""
        link = vehicle.link
        leave_ms = max(vehicle.ready_ms, self._left_ms[lane])
        if link is None:
            if leave_ms > self._time_ms:
                return False
            vehicle.arrived_ms = leave_ms
        else:
            leave_ms = max(vehicle.ready_ms, self._left_ms[lane] + self._headway_ms)
            lamp = "G"
            if link.movement >= 0:
                movement = self.network.movements[link.movement]
                lamp = self._lamps[movement.junction][movement.link]
                leave_ms = max(leave_ms, self._green_ms[link.movement] + self._start_up_ms)
            if lamp not in GREEN or leave_ms > self._time_ms:
                return False
            target = vehicle.trip.lanes[vehicle.at + 1]
            if len(self._lanes[target]) >= self._room[target] or (
                lamp == "g" and self._somebody_due(link.movement, leave_ms + self._gap_ms)
            ):
                # held back: it cannot leave before the next step
                self._left_ms[lane] = max(self._left_ms[lane], self._time_ms - self._headway_ms)
                return False
            vehicle.lost_ms += leave_ms - vehicle.ready_ms
            if link.movement >= 0:
                self._passed.append((link.movement, vehicle.index))
            self._enter(vehicle, target, leave_ms + 1000 * link.via_m / self.network.lanes[target].speed_mps)
        self._left_ms[lane] = leave_ms
        return True

    def _somebody_due(self, movement: int, until_ms: float) -> bool:
        """Whether traffic with right of way reaches its stop line on green by ``until_ms``."""
        for other in self._priority[movement]:
            m = self.network.movements[other]
            if self._lamps[m.junction][m.link] not in GREEN:
                continue
            for vehicle in self._lanes[m.from_lane]:
                if vehicle.ready_ms > until_ms:
                    break
                if vehicle.link is None or vehicle.link.movement < 0:
                    break
                if vehicle.link.movement == other:
                    return True
                ahead = self.network.movements[vehicle.link.movement]
                if self._lamps[ahead.junction][ahead.link] != "G":
                    break  # it has to wait itself, and so has everybody behind it
        return False

    def _with_priority(self, movement: Movement) -> list[int]:
        """Movements that a permissive one waits for; of two that wait for each other, the first goes."""
        junction = self.network.junctions[movement.junction]
        return [
            other.index
            for other in (self.network.movements[i] for i in junction.movements)
            if not other.is_crossing
            and junction.gives_way[movement.link, other.link]
            and not (junction.gives_way[other.link, movement.link] and movement.link < other.link)
        ]

    def _own_state(self, junction: Junction) -> str:
        """The lamps of the junction's own program; a positive offset starts it later."""
        cycle_ms = sum(round(phase.duration_s * 1000) for phase in junction.program)
        place_ms = (self._time_ms - round(junction.offset_s * 1000)) % cycle_ms if cycle_ms else 0
        for phase in junction.program:
            place_ms -= round(phase.duration_s * 1000)
            if place_ms < 0:
                return phase.state
        return "r" * junction.n_links

    def _show(self, junction: Junction, state: str) -> None:
        before = self._lamps[junction.index]
        if state != before:
            self._lamps[junction.index] = state
            for index in junction.movements:
                link = self.network.movements[index].link
                if state[link] in GREEN and before[link] not in GREEN:
                    self._green_ms[index] = self._time_ms

    def read(self) -> Readings:
        """Return every vehicle on the road; those that queue stand at 7.5 m from each other."""
        rows: list[tuple[str, int, float, float, int, int, int, float]] = []
        for index, queue in enumerate(self._lanes):
            lane = self.network.lanes[index]
            front_m, stands = lane.length_m, True
            for vehicle in queue:
                free_m = (self._time_ms - vehicle.since_ms) / 1000 * lane.speed_mps
                stands = stands and free_m >= front_m
                at_m = min(free_m, front_m)
                front_m = max(0.0, at_m - _SPACE_M) if stands else lane.length_m
                rows.append(
                    (
                        str(vehicle.index),
                        index if free_m >= 0 else -1,
                        max(0.0, at_m),
                        0.0 if stands else lane.speed_mps,
                        vehicle.trip.links[vehicle.at - 1].movement if free_m < 0 else -1,
                        *vehicle.next_stop(self.network, lane.length_m - at_m),
                    )
                )
        passed, self._passed = self._passed, []
        columns = zip(*rows, strict=True) if rows else ((),) * 8
        ids, on, position, speed, crossing, stop_lane, movement, distance = columns
        return Readings(
            ids=tuple(ids),
            lane=np.array(on, dtype=np.int32),
            position_m=np.array(position, dtype=np.float64),
            speed_mps=np.array(speed, dtype=np.float64),
            length_m=np.full(len(rows), _LENGTH_M),
            stop_lane=np.array(stop_lane, dtype=np.int32),
            movement=np.array(movement, dtype=np.int32),
            distance_m=np.array(distance, dtype=np.float64),
            crossing=np.array(crossing, dtype=np.int32),
            passed=np.array([movement for movement, _ in passed], dtype=np.int32),
            key=np.array(ids, dtype=np.int64),
            passed_key=np.array([key for _, key in passed], dtype=np.int64),
        )

    def find(self, trip: Trip) -> tuple[int, float, float] | None:
        """Return lane, position and speed of the vehicle that makes a trip; None while it is not on the road."""
        for vehicle in self._loaded:
            if vehicle.trip is not trip:
                continue
            if vehicle.at < 0 or vehicle.arrived_ms < math.inf:
                return None
            index = trip.lanes[vehicle.at]
            lane, queue = self.network.lanes[index], self._lanes[index]
            front_m = lane.length_m - _SPACE_M * next(k for k, other in enumerate(queue) if other is vehicle)
            free_m = (self._time_ms - vehicle.since_ms) / 1000 * lane.speed_mps
            return index, max(0.0, min(free_m, front_m)), 0.0 if free_m >= front_m else lane.speed_mps
        return None

    def snapshot(self) -> tuple[list[int], list[float]]:
        """Return lane and speed of every vehicle; other than :meth:`read` it takes nothing from the sensors."""
        lanes: list[int] = []
        speeds: list[float] = []
        for index, queue in enumerate(self._lanes):
            lane = self.network.lanes[index]
            for place, vehicle in enumerate(queue):
                free_m = (self._time_ms - vehicle.since_ms) / 1000 * lane.speed_mps
                lanes.append(index)
                speeds.append(0.0 if free_m >= lane.length_m - _SPACE_M * place else lane.speed_mps)
        return lanes, speeds

    def signal_states(self) -> Sequence[str]:
        """Return the lamps of every junction, in the network's order."""
        return tuple(self._lamps)

    def apply(self, commands: Sequence[Command]) -> None:
        """Show what the interlock commands."""
        for command in commands:
            junction = self.network.junctions[command.junction]
            own = command.state == OWN_PROGRAM
            self._commanded[command.junction] = not own
            self._show(junction, self._own_state(junction) if own else command.state)

    def close(self) -> None:
        """Nothing to finish: the outcome stays readable."""

    def outcome(self) -> Outcome:
        """Return what has become of every loaded vehicle until now."""
        return outcome_of(self._loaded, self._time_ms)
