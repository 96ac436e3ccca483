"""Parameters of ``adaptive``: one set of defaults for every network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from citybrain.errors import InputError, nearest_hint


class Model(NamedTuple):
    """The numbers of the queue model, as compiled code takes them."""

    horizon: int
    start_loss: float
    gap_s: float
    trickle_s: float
    hysteresis: float
    look_s: float
    room_rate: float
    passes: int
    headway: float
    review: int
    clear_s: float
    clear_queue: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveParameters:
    """Parameters of :class:`citybrain.signals.adaptive.Adaptive`.

    Parameters
    ----------
    sight_m : float
        Vehicles further from the stop line are not looked at.
    horizon_s : int
        How far the queues are rolled forward.
    headway_s : float
        Saturation headway before a lane has been seen to discharge.
    start_loss_s : float
        Time from green to the first crossing of a standing queue.
    acceleration_mps2 : float
        Acceleration assumed of approaching vehicles.
    gap_s : float
        A permissive movement goes when nobody with right of way is due within this time.
    trickle_s : float
        Added to the headway of a permissive movement.
    hysteresis : float
        The continuing rule leaves a stage for one with this share more in its queues.
    look_s : float
        Vehicles due within this time count as queued in that comparison.
    room_rate_vps : float
        Vehicles a second that a full exit is taken to swallow.
    passes : int
        How often every switch of the best plan is tried earlier, later and to another stage.
    storage_weight : float
        Share by which the value of a crossing falls when its way stands full; 0 for none.
    least_value : float
        Value of a crossing into a way that stands full.
    queue_weight : float
        Most that the queue which a lane leaves at the horizon may cost: its delay if it cleared at
        ``1 / queue_weight`` of its saturation flow. It is taken to clear in what the junction's load leaves of the
        time, see :mod:`.load`; 0 for no such cost.
    clear_s : float
        A stage is not left before so much green while a queue of ``clear_queue`` vehicles discharges that the next
        stage would stop; 0 for no such rule.
    clear_queue : float
        Vehicles of one movement that count as such a queue.
    network_s : float
        Time between two solutions of the network layer; 0 switches it off.
    neighbour_s : float
        Planned departures of neighbours are taken in when they arrive within this
        time; 0 switches the exchange off.
    neighbour_full_s : float
        The same where the junction that they come to is full.
    spare_load, full_load : float
        Loads (see :mod:`.load`) up to which a junction has time to spare, and from which on it is full; in between
        it is so by degrees.
    expected : float
        Share of the learnt arrivals from beyond sight that a full junction counts on, a junction with time to spare
        on none; 0 for none.
    max_red_s : float
        A stage with demand is served after this time at the latest.
    interval_s : float
        Time between decisions. Headways are not learnt where it is more than 5 s.
    review_s : int
        A junction whose plan keeps the stage for longer than this looks for a better one this often. With 3 the
        decisions of a city cost a third less.
    combine : int
        1 for stages beside those of the plan, from lanes that may be green together, where the host lets a policy
        add stages; 0 for the plan's own only.
    holds_s : tuple of int
        Times for which the present stage may be kept before it is left, where a plan is
        looked for afresh.
    """

    sight_m: float = 250.0
    horizon_s: int = 60
    headway_s: float = 1.9
    start_loss_s: float = 1.0
    acceleration_mps2: float = 2.6
    gap_s: float = 4.0
    trickle_s: float = 0.5
    hysteresis: float = 0.5
    look_s: float = 3.0
    room_rate_vps: float = 0.0
    passes: int = 1
    storage_weight: float = 1.0
    least_value: float = 0.05
    queue_weight: float = 30.0
    clear_s: float = 40.0
    clear_queue: float = 3.0
    network_s: float = 0.0
    neighbour_s: float = 20.0
    neighbour_full_s: float = 60.0
    spare_load: float = 0.4
    full_load: float = 0.6
    expected: float = 1.0
    max_red_s: float = 180.0
    interval_s: float = 1.0
    review_s: int = 1
    combine: int = 1
    holds_s: tuple[int, ...] = (0, 1, 2, 4, 7, 11, 16, 24)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            numbers = value if isinstance(field.default, tuple) and isinstance(value, tuple) else (value,)
            if not all(isinstance(v, int | float) and 0 <= v < math.inf for v in numbers):
                raise InputError(f"adaptive: {field.name} is {value!r}, it must be 0 or more")
        for name in ("sight_m", "horizon_s", "headway_s", "acceleration_mps2", "interval_s", "review_s"):
            if getattr(self, name) <= 0:
                raise InputError(f"adaptive: {name} is {getattr(self, name)!r}, it must be more than 0")
        if self.full_load <= self.spare_load:
            raise InputError(
                f"adaptive: full_load is {self.full_load!r}, it must be more than spare_load ({self.spare_load!r})"
            )
        if self.combine not in (0, 1):
            raise InputError(f"adaptive: combine is {self.combine!r}, it must be 0 or 1")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> AdaptiveParameters:
        """Return the defaults with what is given in their place.

        Raises
        ------
        InputError
            If there is no such parameter, or its value is out of range.
        """
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(f"adaptive: no parameter {name!r}{nearest_hint(name, known)}")
        return cls(**given)

    def model(self) -> Model:
        """Return what the compiled code needs."""
        return Model(
            horizon=int(self.horizon_s),
            start_loss=self.start_loss_s,
            gap_s=self.gap_s,
            trickle_s=self.trickle_s,
            hysteresis=self.hysteresis,
            look_s=self.look_s,
            room_rate=self.room_rate_vps,
            passes=int(self.passes),
            headway=self.headway_s,
            review=max(1, int(self.review_s)),
            clear_s=self.clear_s,
            clear_queue=self.clear_queue,
        )
