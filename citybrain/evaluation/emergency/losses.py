"""What all other vehicles of a twin had lost by certain moments, so that twins of different length can be compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from citybrain.messages import Event
from citybrain.simulation.sumo import SumoPlant

MARK_S = 60.0
"""Between two moments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Delay and waiting time of each vehicle at each mark; arrays over ``names`` unless said otherwise.

    Attributes
    ----------
    wish_s, inserted_s, arrived_s : ndarray of float64
        When it wanted to depart, did, and arrived; infinite where it did not until the end.
    delay_s, waiting_s : ndarray of float64
        At the end of the twin.
    before_s : float
        Delay of all of them when the twin began.
    marks : mapping of float to (index, delay_s, waiting_s)
        By time: those on the road then.
    """

    names: tuple[str, ...]
    wish_s: NDArray[np.float64]
    inserted_s: NDArray[np.float64]
    arrived_s: NDArray[np.float64]
    delay_s: NDArray[np.float64]
    waiting_s: NDArray[np.float64]
    before_s: float
    ended_s: float
    marks: Mapping[float, tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]]

    def at(self, time_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return delay and waiting time of each vehicle at a mark; NaN for who had not wished to depart.

        Raises
        ------
        KeyError
            If that is no mark of this twin.
        """
        if time_s == self.ended_s:
            return self.delay_s, self.waiting_s
        delay_s, waiting_s = self.delay_s.copy(), self.waiting_s.copy()
        index, delays, waits = self.marks[time_s]
        delay_s[index], waiting_s[index] = delays, waits
        outside = self.inserted_s > time_s
        delay_s[outside], waiting_s[outside] = time_s - self.wish_s[outside], 0.0
        future = self.wish_s > time_s
        delay_s[future] = waiting_s[future] = np.nan
        return delay_s, waiting_s

    def grown_s(self, time_s: float) -> float:
        """Return the delay of all since the twin began, vehicle-seconds."""
        return float(np.nansum(self.at(time_s)[0])) - self.before_s


def common_s(a: Losses, b: Losses) -> float | None:
    """Return the last moment that both twins have marked, or None."""
    both = ({*a.marks, a.ended_s}) & ({*b.marks, b.ended_s})
    return max(both, default=None)


def added_waits_s(a: Losses, b: Losses, time_s: float) -> NDArray[np.float64]:
    """Return what each vehicle has waited more in ``a`` than in ``b``, of those that both have."""
    (_, wait_a), (_, wait_b) = a.at(time_s), b.at(time_s)
    place = {name: k for k, name in enumerate(b.names)}
    pairs = np.array([(k, place[name]) for k, name in enumerate(a.names) if name in place], dtype=np.int64).reshape(
        -1, 2
    )
    more = wait_a[pairs[:, 0]] - wait_b[pairs[:, 1]]
    return more[np.isfinite(more)]


@dataclass(slots=True)
class LossLog:
    """Observer that marks the losses of all vehicles on the road every minute."""

    plant: SumoPlant
    begin_s: float
    _number: dict[str, int] = field(default_factory=dict)
    _marks: dict[float, tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]] = field(
        default_factory=dict
    )
    _before: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = self.plant.losses()

    def step(self, time_ms: int, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Mark."""
        if (time_ms / 1000 - self.begin_s) % MARK_S:
            return
        losses, waits = self.plant.losses(), self.plant.waits()
        index = [self._number.setdefault(name, len(self._number)) for name in losses]
        self._marks[time_ms / 1000] = (
            np.array(index, dtype=np.int32),
            np.array(list(losses.values()), dtype=np.float32),
            np.array([waits[name] for name in losses], dtype=np.float32),
        )

    def finish(self, trips: pa.Table, ended_s: float, *, leave_out: Collection[str]) -> Losses:
        """Return the losses of all but some, with what the run's trips say."""
        columns = ("vehicle", "status", "depart_s", "depart_delay_s", "duration_s", "time_loss_s", "waiting_s")
        rows = [
            row
            for row in zip(*(trips[c].to_pylist() for c in columns), strict=True)
            if row[0] not in leave_out
        ]  # fmt: skip
        names = tuple(row[0] for row in rows)
        place = {name: k for k, name in enumerate(names)}
        to_place = np.array([place.get(name, -1) for name in self._number], dtype=np.int32)
        marks = {}
        for time_s, (index, delays, waits) in self._marks.items():
            here = to_place[index] if len(index) else index
            known = here >= 0
            marks[time_s] = here[known], delays[known], waits[known]
        wish_s, late_s, road_s, lost_s, waiting_s = (
            np.array([r[k] for r in rows], dtype=np.float64) for k in range(2, 7)
        )
        status = np.array([row[1] for row in rows])
        inserted_s = np.where(status == "never_inserted", np.inf, wish_s + late_s)
        return Losses(
            names=names,
            wish_s=wish_s,
            inserted_s=inserted_s,
            arrived_s=np.where(status == "arrived", inserted_s + road_s, np.inf),
            delay_s=lost_s + late_s,
            waiting_s=waiting_s,
            before_s=sum(delay for name, delay in self._before.items() if name not in leave_out),
            ended_s=ended_s,
            marks=marks,
        )
