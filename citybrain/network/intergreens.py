"""Signal timing rules, and the intergreen from any stage to any other.

An intergreen is yellow plus all-red. Its lengths are set by the scenario, so
that every policy of a comparison gets the same ones; where the scenario sets
none they follow from approach speed and clearance path.
"""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, Field, model_validator

from citybrain.messages import FLASH
from citybrain.network.model import GREEN, Junction, Movement, Network

_REACTION_S = 1.0
_DECELERATION_MPS2 = 3.0
_CLEARING_SPEED_MPS = 9.0
_VEHICLE_LENGTH_M = 5.0
_OTHER_SPEED_MPS, _OTHER_PATH_M = 5.0, 15.0  # trams and bicycles, whose lamps are of no movement
_MAX_ALL_RED_S = 30.0  # for vehicles; pedestrians get what they need
_MS = 1000
_FLASHING = "o"


class SignalRules(BaseModel):
    """Timing rules that every command of a run obeys.

    Parameters
    ----------
    yellow_s : float, optional
        Yellow for every change; by approach speed where not given.
    all_red_s : float, optional
        All-red for every change; by clearance path where not given.
    min_green_s, max_green_s : float
        Bounds of the green of any stage.
    min_walk_s : float
        Shortest green of a stage with a pedestrian crossing.
    walking_speed_mps : float
        Speed by which a crossing is cleared before conflicting traffic starts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    yellow_s: float | None = Field(default=None, ge=0, le=10)
    all_red_s: float | None = Field(default=None, ge=0, le=20)
    min_green_s: float = Field(default=5.0, ge=1, le=120)
    max_green_s: float = Field(default=120.0, ge=5, le=600)
    min_walk_s: float = Field(default=6.0, ge=0, le=60)
    walking_speed_mps: float = Field(default=1.2, gt=0, le=3)

    @model_validator(mode="after")
    def _bounds(self) -> SignalRules:
        if self.min_green_s > self.max_green_s:
            raise ValueError(f"min_green_s {self.min_green_s:g} is more than max_green_s {self.max_green_s:g}")
        return self


def yellow_s(speed_mps: float) -> float:
    """Yellow time for an approach speed, whole seconds, 3 to 6.

    ``t + v / 2a`` with ``t`` = 1 s and ``a`` = 3 m/s² (ITE, Traffic Engineering
    Handbook, kinematic equation on level grade); half seconds round up.
    """
    raw = _REACTION_S + speed_mps / (2 * _DECELERATION_MPS2)
    return float(min(6, max(3, math.floor(raw + 0.5))))


class Intergreens:
    """The steps from one stage of a junction to another, in milliseconds.

    Parameters
    ----------
    network : Network
    junction : Junction
    rules : SignalRules
    """

    def __init__(self, network: Network, junction: Junction, rules: SignalRules) -> None:
        self.junction = junction
        self.rules = rules
        self._by_link: dict[int, list[Movement]] = {}
        for index in junction.movements:
            movement = network.movements[index]
            self._by_link.setdefault(movement.link, []).append(movement)
        self._cache: dict[tuple[int, int], tuple[tuple[str, int], ...]] = {}
        self._taken_over = ""

    def take_over(self, state: str) -> None:
        """Remember the lamps that somebody else left shown; from then on they are stage -1."""
        self._taken_over = state

    def min_green_ms(self, stage: int) -> int:
        """Shortest green of a stage: longer where pedestrians walk in it."""
        state = self.junction.stages[stage].state
        walks = any(lamp in GREEN and self._is_crossing(link) for link, lamp in enumerate(state))
        seconds = max(self.rules.min_green_s, self.rules.min_walk_s if walks else 0.0)
        return round(seconds * _MS)

    def steps(self, origin: int, target: int) -> tuple[tuple[str, int], ...]:
        """Return ``((state, duration_ms), ...)`` shown between two stages.

        Links that stay green keep their lamp. Losing vehicle links show yellow,
        losing crossings red. Empty where no link loses its green. Stage -1 is
        what was shown when the junction was taken over, :data:`~citybrain.messages.FLASH` is flash: it begins
        when all have cleared, and ends in a steady yellow and red for all.
        """
        if origin == -1:
            return self._compute(self._taken_over, target)
        key = (origin, target)
        if key not in self._cache:
            self._cache[key] = self._compute(self.lamps(origin), target)
        return self._cache[key]

    def lamps(self, stage: int) -> str:
        """Return the lamps of a stage, or of flash."""
        return _FLASHING * self.junction.n_links if stage == FLASH else self.junction.stages[stage].state

    def length_s(self, origin: int, target: int) -> float:
        """Length of the intergreen between two stages, in seconds."""
        return sum(ms for _, ms in self.steps(origin, target)) / _MS

    def clearing_ms(self, link: int, *, red: bool = False) -> int:
        """Return how long after its green, or of that in ``red``, a link needs until nobody is in the junction from it."""
        yellow = self._yellow(link)
        clear = self._clearance(link, yellow)
        if self.rules.all_red_s is not None:
            clear = max(clear, 0.0 if self._is_crossing(link) else self.rules.all_red_s)
        return round((clear if red else yellow + clear) * _MS)

    def _compute(self, before: str, target: int) -> tuple[tuple[str, int], ...]:
        after = self.lamps(target)
        # what turns red although the next stage may be green there; a single lamp that flashes in a stage may stay
        ends_red = "yYo" if set(before) == {_FLASHING} else "yY"
        losing = [i for i, lamp in enumerate(before) if lamp in ends_red or (lamp in GREEN and after[i] not in GREEN)]
        if not losing:
            return ()
        # a permissive green that becomes protected no longer looks out for those who are clearing
        gaining = [
            i
            for i, (old, new) in enumerate(zip(before, after, strict=True))
            if new == _FLASHING or (new in GREEN and (old not in GREEN or (old == "g" and new == "G")))
        ]
        yellow = max((self._yellow(i) for i in losing), default=0.0)
        # those whom nobody meets now have that much longer
        low_s = 0.0 if target == FLASH else self.min_green_ms(target) / _MS
        clear = max(
            self._clearance(i, yellow) - (0.0 if self.junction.conflicts[i, gaining].any() else low_s) for i in losing
        )
        clear = max(clear, 0.0)
        if self.rules.all_red_s is not None:
            walking = [i for i in losing if self._is_crossing(i)]
            extra = max((self._clearance(i, yellow) for i in walking), default=0.0)
            clear = max(self.rules.all_red_s, extra)
        if target == FLASH or any(before[i] in ends_red and after[i] in GREEN for i in losing):
            clear = max(clear, 1.0)  # a yellow that was taken over, and flash, end in red, whatever follows
        lamps = ["r" if lamp not in GREEN and after[i] != lamp else lamp for i, lamp in enumerate(before)]
        first, second = lamps.copy(), lamps.copy()
        for i in losing:
            first[i] = "r" if self._is_crossing(i) else "y"
            second[i] = "r"
        steps = (("".join(first), round(yellow * _MS)), ("".join(second), round(clear * _MS)))
        return tuple((state, ms) for state, ms in steps if ms > 0)

    def _is_crossing(self, link: int) -> bool:
        return any(m.is_crossing for m in self._by_link.get(link, ()))

    def _yellow(self, link: int) -> float:
        movements = self._by_link.get(link, ())
        vehicles = [m for m in movements if not m.is_crossing]
        if movements and not vehicles:
            return 0.0
        if self.rules.yellow_s is not None:
            return self.rules.yellow_s
        return max((yellow_s(m.speed_mps) for m in vehicles), default=yellow_s(_OTHER_SPEED_MPS))

    def _clearance(self, link: int, yellow: float) -> float:
        """All-red that lets the last user of ``link`` leave before a conflicting start."""
        longest = 0.0
        if link not in self._by_link and self.rules.all_red_s is None:
            longest = (_OTHER_PATH_M + _VEHICLE_LENGTH_M) / _OTHER_SPEED_MPS - 1.0
        for m in self._by_link.get(link, ()):
            if m.is_crossing:
                longest = max(longest, m.path_m / self.rules.walking_speed_mps - yellow)
            elif self.rules.all_red_s is None:
                # the entering stream needs about 1 s to reach the conflict point
                clearing_s = (m.path_m + _VEHICLE_LENGTH_M) / max(m.speed_mps, _CLEARING_SPEED_MPS) - 1.0
                longest = max(longest, min(clearing_s, _MAX_ALL_RED_S))
        return float(math.ceil(longest - 1e-9))
