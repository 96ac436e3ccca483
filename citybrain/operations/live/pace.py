"""Time: when the next tick is due, which came too late, and whether the wall clock has jumped.

The tick goes by the monotonic clock, which cannot jump. The wall clock is compared with it, because plans
of the time of day and signed requests trust it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time

_JUMP_S = 1.0
_CALM_S = 30.0


class Pacer:
    """Paces ticks.

    Parameters
    ----------
    step_s : float
        Of the plant's clock.
    speed : float
        Simulated over wall time; 0 for as fast as possible.

    Attributes
    ----------
    missed : int
        Ticks that began a whole tick late or more; the pace is then taken up anew.
    late : int
        Ticks that took longer than they may.
    """

    def __init__(
        self,
        step_s: float,
        speed: float,
        *,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
    ) -> None:
        self.deadline_s = step_s / speed if speed > 0 else float("inf")
        self._fast = speed == 0
        self._clock, self._wall = clock, wall
        self._due_s = clock()
        self._begun_s = self._due_s
        self._offset_s = self._first_offset_s = wall() - self._due_s
        self._jumped_s: float | None = None
        self.missed = self.late = 0

    def wait_s(self) -> float:
        """Return how long to wait for the next tick; 0 where it is due."""
        return 0.0 if self._fast else max(0.0, self._due_s - self._clock())

    def begin(self) -> None:
        """Begin a tick."""
        self._begun_s = self._clock()
        if self._fast:
            return
        if self._begun_s - self._due_s >= self.deadline_s:
            self.missed += int((self._begun_s - self._due_s) / self.deadline_s)
            self._due_s = self._begun_s
        self._due_s += self.deadline_s

    def end(self) -> tuple[float, bool]:
        """End a tick; return how long it took, ms, and whether that was too long."""
        took_s = self._clock() - self._begun_s
        late = took_s > self.deadline_s
        self.late += late
        return 1000 * took_s, late

    @property
    def drift_s(self) -> float:
        """How far the wall clock has moved against the monotonic one since the start."""
        return self._offset_s - self._first_offset_s

    def clock_ok(self) -> bool:
        """Whether the wall clock has been steady for a while."""
        now_s = self._clock()
        offset_s = self._wall() - now_s
        if abs(offset_s - self._offset_s) > _JUMP_S:
            self._jumped_s = now_s
        self._offset_s = offset_s
        if self._jumped_s is not None and now_s - self._jumped_s > _CALM_S:
            self._jumped_s = None
        return self._jumped_s is None
