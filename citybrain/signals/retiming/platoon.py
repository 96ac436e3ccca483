"""A fast deterministic platoon model of the whole network.

Every lane at a stop line has a periodic arrival profile: the departures of the
streams upstream, shifted by the driving time and dispersed (Robertson, TRANSYT,
RRL Report LR 253, 1969), and an even flow for traffic that comes from no
signal. A queue at the stop line discharges at the saturation flow of its green;
permissive movements use the gaps of what opposes them at that second. Random
and overflow delay is added by the HCM's formula. A queue longer than its road
is penalised. Junctions of different cycles see each other's traffic evenly.

The value of a plan is weighted delay a second, that is the mean number of
delayed vehicles, summed over the samples' weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.signals.retiming.kernel import N_DETAILS
from citybrain.signals.retiming.queues import Tables
from citybrain.signals.retiming.sweeps import change, keep, settle
from citybrain.signals.retiming.timing import Timing

F64 = NDArray[np.float64]
LONGEST_CYCLE_S = 400
_SWEEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a plan is judged by.

    Parameters
    ----------
    delay : float
        Weight of a vehicle-second of delay.
    stop_s : float
        Seconds of delay that a stop counts: what braking and starting cost
        beyond the wait, 3 s by default, and more for emissions.
    bus : float
        How many cars a bus counts.
    queue : float
        Weight of every second of a vehicle that has no room on its road.
    """

    delay: float = 1.0
    stop_s: float = 3.0
    bus: float = 1.0
    queue: float = 4.0

    def weights(self) -> F64:
        """Return the weights that the kernel takes."""
        return np.array([self.delay, self.stop_s, self.queue])


class PlatoonModel:
    """Values plans; keeps every profile, so that a local change is cheap.

    Attributes
    ----------
    flow : ndarray, shape (n_samples, n_parts, LONGEST_CYCLE_S)
        Departures of every part, vehicles a second.
    cost : ndarray, shape (n_samples, n_junctions)
    """

    def __init__(self, tables: Tables, objective: Objective) -> None:
        self.tables = tables
        self.weights = objective.weights()
        n_samples, n_parts = len(tables.weight), len(tables.part_stream)
        n_junctions = len(tables.lane_first) - 1
        longest = int(np.diff(tables.part_first[tables.lane_first]).max(initial=1))
        self.flow = np.zeros((n_samples, n_parts, LONGEST_CYCLE_S))
        self.spare = np.zeros((n_parts, LONGEST_CYCLE_S))
        self.cost = np.zeros((n_samples, n_junctions))
        self.details = np.zeros((n_samples, len(tables.lane_id), N_DETAILS))
        self.spare_details = np.zeros((len(tables.lane_id), N_DETAILS))
        self.work = np.zeros((3 + max(1, longest), LONGEST_CYCLE_S))
        self.lamp = np.zeros((max(1, longest), LONGEST_CYCLE_S), dtype=np.int8)
        self.after_first, self.after = downstream(tables, n_junctions)

    def value(self, timing: Timing) -> float:
        """Value a plan from scratch: sweeps over the network until platoons have gone round."""
        settle(self.tables, timing, self.flow, self.details, self.cost, self.weights, self.work, self.lamp, _SWEEPS)
        return float(self.tables.weight @ self.cost.sum(axis=1))

    def try_junction(self, timing: Timing, junction: int) -> float:
        """Return how much the value changes if a junction's timing has become what it is now.

        Counts the junction and those that its traffic reaches next. Nothing is kept:
        call :meth:`keep` to take the change on.
        """
        return float(
            change(
                self.tables, timing, junction, self.flow, self.spare, self.spare_details, self.cost,
                self.weights, self.work, self.lamp, self.after_first, self.after,
            )
        )  # fmt: skip

    def keep(self, timing: Timing, junction: int) -> None:
        """Update the profiles and costs of a junction and of those downstream of it."""
        keep(
            self.tables, timing, junction, self.flow, self.details, self.cost,
            self.weights, self.work, self.lamp, self.after_first, self.after,
        )  # fmt: skip

    def total(self) -> float:
        """Return the value of the profiles as they are kept."""
        return float(self.tables.weight @ self.cost.sum(axis=1))


def downstream(tables: Tables, n_junctions: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return, by junction, the junctions that its traffic reaches next."""
    following: list[set[int]] = [set() for _ in range(n_junctions)]
    for up, down in zip(tables.feed_up, tables.feed_down, strict=True):
        a, b = int(tables.stream_junction[up]), int(tables.stream_junction[down])
        if a != b:
            following[a].add(b)
    first = np.concatenate(([0], np.cumsum([len(row) for row in following]))).astype(np.int32)
    return first, np.array([b for row in following for b in sorted(row)], dtype=np.int32)
