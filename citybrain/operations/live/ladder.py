"""The fallback ladder: adaptive → time-of-day plan → isolated actuated → flash, by junction.

Down at once, to the best step that is left; up again only where a better step has been good without a
break for a while, which doubles with every fall of the last half hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from citybrain.operations.messages import LEVELS

ADAPTIVE, PLAN, ISOLATED, FLASHING = range(4)
_MOST_DOUBLINGS = 4


class LadderParameters(BaseModel):
    """How long to wait.

    Parameters
    ----------
    return_s : float
        A better step must have been good for this long.
    memory_s : float
        Falls within this time count.
    misses : int
        Decisions missed in a row before the policy counts as late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    return_s: float = Field(default=30.0, ge=1, le=3600)
    memory_s: float = Field(default=1800.0, ge=1, le=86400)
    misses: int = Field(default=2, ge=1, le=10)


@dataclass(slots=True, kw_only=True)
class Facts:
    """What the ladder must know, arrays over junctions.

    Attributes
    ----------
    policy_ok : bool
        Decisions come in time.
    console_ok, clock_ok : bool
        Somebody watches, where that is asked for; the wall clock has not jumped.
    has_plan, sensors_dead : ndarray of bool
    conflict : ndarray of bool
        Lamps were not as commanded.
    why_policy : str
        What is wrong with the policy.
    """

    policy_ok: bool
    console_ok: bool
    clock_ok: bool
    has_plan: NDArray[np.bool_]
    sensors_dead: NDArray[np.bool_]
    conflict: NDArray[np.bool_]
    why_policy: str = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Junctions that moved together."""

    junctions: tuple[int, ...]
    before: int
    after: int
    because: str

    def data(self, ids: Mapping[int, str]) -> dict[str, object]:
        """Return the step as an event's data."""
        return {
            "from": LEVELS[self.before],
            "to": LEVELS[self.after],
            "because": self.because,
            "junctions": len(self.junctions),
            "ids": [ids[j] for j in self.junctions[:20]],
        }


@dataclass(slots=True)
class _Falls:
    times_s: list[float] = field(default_factory=list)


class Ladder:
    """The levels of all junctions.

    Attributes
    ----------
    level : ndarray of int8
        Index into :data:`citybrain.operations.messages.LEVELS`.
    because : list of str
        Why a junction is not on the first level.
    """

    def __init__(self, n_junctions: int, parameters: LadderParameters | None = None) -> None:
        self.parameters = parameters or LadderParameters()
        self.level = np.zeros(n_junctions, np.int8)
        self.because = [""] * n_junctions
        self._good_since_s = np.full((4, n_junctions), -np.inf)
        self._falls = [_Falls() for _ in range(n_junctions)]

    def update(self, time_s: float, facts: Facts) -> list[Step]:
        """Take note of the facts; return the steps that are taken now."""
        good = self._good(facts)
        self._good_since_s = np.where(good, np.minimum(self._good_since_s, time_s), np.inf)
        wanted = self.level.copy()
        n = len(wanted)
        everyone = np.arange(n)
        fallen = ~good[self.level, everyone]
        if fallen.any():
            worse = good & (np.arange(4)[:, None] > self.level)
            wanted[fallen] = worse.argmax(axis=0)[fallen]  # flash is always good
        if (self.level > 0).any():
            wait_s = self._wait_s(time_s)
            steady = good & (time_s - self._good_since_s >= wait_s) & (np.arange(4)[:, None] < self.level)
            better = steady.any(axis=0) & ~fallen
            wanted[better] = steady.argmax(axis=0)[better]
        return self._move(wanted, facts, time_s)

    @staticmethod
    def _good(facts: Facts) -> NDArray[np.bool_]:
        calm = ~facts.conflict
        return np.array(
            [
                calm & ~facts.sensors_dead & (facts.policy_ok and facts.console_ok),
                calm & facts.has_plan & facts.clock_ok,
                calm,
                np.ones_like(calm),
            ]
        )

    def _wait_s(self, time_s: float) -> NDArray[np.float64]:
        p = self.parameters
        waits = np.full(len(self.level), p.return_s)
        for j in np.flatnonzero(self.level).tolist():
            recent = [t for t in self._falls[j].times_s if t > time_s - p.memory_s]
            self._falls[j].times_s = recent
            waits[j] *= 2.0 ** min(max(len(recent) - 1, 0), _MOST_DOUBLINGS)
        return waits

    def _move(self, wanted: NDArray[np.int8], facts: Facts, time_s: float) -> list[Step]:
        groups: dict[tuple[int, int, str], list[int]] = {}
        for j in np.flatnonzero(wanted != self.level).tolist():
            before, after = int(self.level[j]), int(wanted[j])
            because = self._why(j, after, facts) if after > before else "all is well again"
            if after > before:
                self._falls[j].times_s.append(time_s)
                self.because[j] = because
            else:
                self.because[j] = "" if after == 0 else self._why(j, after, facts)
            groups.setdefault((before, after, because), []).append(j)
        self.level = wanted
        return [
            Step(junctions=tuple(found), before=before, after=after, because=because)
            for (before, after, because), found in groups.items()
        ]

    @staticmethod
    def _why(j: int, level: int, facts: Facts) -> str:
        """Say what keeps a junction from the level above, the gravest first."""
        reasons = []
        if facts.conflict[j]:
            reasons.append("its lamps were not as commanded")
        if not facts.policy_ok:
            reasons.append(f"the policy is {facts.why_policy}")
        if facts.sensors_dead[j]:
            reasons.append("its sensors are dead")
        if not facts.console_ok:
            reasons.append("no console is watching")
        if level > PLAN and not facts.has_plan[j]:
            reasons.append("it has no plan")
        if level > PLAN and not facts.clock_ok:
            reasons.append("the clock jumped")
        return "; ".join(reasons) or "a better step is not steady yet"
