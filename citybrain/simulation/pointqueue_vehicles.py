"""The vehicles of the point-queue twin, and what becomes of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.network.model import Link, Network
from citybrain.simulation.trips import Trip

_SIGHT_M = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of every loaded vehicle, in the order of their departure.

    Attributes
    ----------
    status : ndarray of str
        ``arrived``, ``unfinished`` or ``never_inserted``.
    travel_time_s : ndarray
        From the wish to depart until arrival, or until now.
    delay_s : ndarray
        The part of it spent waiting: for room to start, and at stop lines.
    """

    status: NDArray[np.str_]
    travel_time_s: NDArray[np.float64]
    delay_s: NDArray[np.float64]


@dataclass(slots=True)
class QueuedVehicle:
    """A vehicle; ``at`` counts the lanes of its trip, -1 while it waits for room to start."""

    index: int
    trip: Trip
    at: int = -1
    since_ms: float = 0.0  # when it entered its lane
    ready_ms: float = 0.0  # when it is at the end of its lane, if nobody is ahead
    lost_ms: float = 0.0
    arrived_ms: float = math.inf

    @property
    def link(self) -> Link | None:
        """The way out of its lane, or None where the trip ends there."""
        return self.trip.links[self.at] if self.at < len(self.trip.links) else None

    def next_stop(self, network: Network, distance_m: float) -> tuple[int, int, float]:
        """Lane and movement of the next stop line on its way, and how far it is."""
        trip, at = self.trip, self.at
        while at < len(trip.links) and distance_m <= _SIGHT_M:
            if trip.links[at].movement >= 0:
                return trip.lanes[at], trip.links[at].movement, distance_m
            distance_m += trip.links[at].via_m + network.lanes[trip.lanes[at + 1]].length_m
            at += 1
        return -1, -1, math.inf


def outcome_of(vehicles: Iterable[QueuedVehicle], time_ms: int) -> Outcome:
    """Return what has become of vehicles until now."""
    status, travel_s, delay_s = [], [], []
    for vehicle in vehicles:
        arrived, inserted = vehicle.arrived_ms < math.inf, vehicle.at >= 0
        status.append("arrived" if arrived else ("unfinished" if inserted else "never_inserted"))
        until_ms = vehicle.arrived_ms if arrived else time_ms
        held_from_ms = vehicle.ready_ms if inserted else vehicle.trip.depart_ms
        travel_s.append((until_ms - vehicle.trip.depart_ms) / 1000)
        delay_s.append((vehicle.lost_ms + max(0.0, until_ms - held_from_ms)) / 1000)
    return Outcome(
        status=np.array(status, dtype=np.str_),
        travel_time_s=np.array(travel_s, dtype=np.float64),
        delay_s=np.array(delay_s, dtype=np.float64),
    )
