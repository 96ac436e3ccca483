"""What a control room shows on request: geometry, a junction in depth, corridors, what-ifs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from citybrain.operations.messages import JunctionState, Level, SensorState

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeGeometry:
    """A road. ``points_m`` are metres of the net; ``lon_lat`` is empty where the net has no projection."""

    id: str
    name: str
    lanes: int
    length_m: float
    limit_mps: float
    points_m: tuple[Point, ...]
    lon_lat: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JunctionGeometry:
    """A signalised junction; ``stages`` counts its stages.

    Attributes
    ----------
    approaches, exits : tuple of str
        By lamp: the edges that its traffic comes from and goes to; empty for a crossing.
    """

    id: str
    name: str
    x_m: float
    y_m: float
    lon: float | None = None
    lat: float | None = None
    stages: int
    approaches: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorGeometry:
    """Junctions one after the other along roads, for a time-space diagram.

    Attributes
    ----------
    edges : tuple of str
        From before the first junction to after the last.
    junctions, at_m : tuple
        Junctions and the distances of their stop lines along the edges.
    """

    id: str
    name: str
    edges: tuple[str, ...]
    junctions: tuple[str, ...]
    at_m: tuple[float, ...]
    limit_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What stays as it is. ``bounds_m`` is (x least, y least, x most, y most)."""

    scenario: str
    left_hand: bool
    geographic: bool
    bounds_m: tuple[float, float, float, float]
    edges: tuple[EdgeGeometry, ...]
    junctions: tuple[JunctionGeometry, ...]
    corridors: tuple[CorridorGeometry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageInfo:
    """A stage of a junction; ``movements`` in words: ``Jalan A → Jalan B (left)``."""

    index: int
    state: str
    movements: tuple[str, ...]
    min_green_s: float
    max_green_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LampSpan:
    """What a junction showed from ``begin_s`` to ``end_s`` (None: until now).

    ``stage`` is -1 in an intergreen (then ``lamps`` says what) and in flash.
    """

    stage: int
    lamps: str
    begin_s: float
    end_s: float | None
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A stage that could have been chosen and the delay that was predicted for it, vehicle seconds."""

    stage: int
    predicted_delay_veh_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a junction left its stage for another.

    Attributes
    ----------
    source : str
        Who decided: ``adaptive``, ``plan``, ``isolated``, ``operator``, ``emergency`` or ``interlock``.
    because : str
        In a few words, as that one says it.
    """

    time_s: float
    source: str
    shown: int
    chosen: int
    because: str
    horizon_s: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneHealth:
    """How well the sensors see a stop line: confidence 0 to 1, age of the newest datum."""

    lane: str
    edge: str
    confidence: float
    age_s: float
    queue_veh: float
    state: SensorState


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInfo:
    """A plan that a junction has: stages and greens in the order they are shown."""

    id: str
    junction: str
    cycle_s: float
    offset_s: float
    stages: tuple[int, ...]
    greens_s: tuple[float, ...]
    in_force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JunctionDetail:
    """One junction in depth; ``history`` and ``reasons`` have the oldest first and go back ten minutes."""

    id: str
    name: str
    time_s: float
    state: JunctionState
    stages: tuple[StageInfo, ...]
    history: tuple[LampSpan, ...]
    reason: Reason | None
    reasons: tuple[Reason, ...]
    sensors: tuple[LaneHealth, ...]
    plans: tuple[PlanInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorHistory:
    """Greens along a corridor: spans of each junction in its order, and whether they serve the corridor.

    Attributes
    ----------
    spans : tuple of tuple of (begin_s, end_s)
        By junction, when the way along the corridor was green; an end of None is now.
    speeds_mps : tuple of float
        Mean speed on each of the corridor's edges now.
    """

    corridor: CorridorGeometry
    begin_s: float
    end_s: float
    spans: tuple[tuple[tuple[float, float | None], ...], ...]
    speeds_mps: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfAnswer:
    """A copy of the city run on, with the actions asked for and without.

    Attributes
    ----------
    state : str
        ``running``, ``done`` or ``failed`` (``error`` says why).
    delay_s, delay_without_s : float or None
        Mean delay gained by the vehicles on the road while it ran, seconds.
    """

    id: str
    state: Literal["running", "done", "failed"]
    horizon_s: float
    actions: tuple[str, ...]
    delay_s: float | None = None
    delay_without_s: float | None = None
    arrived: int | None = None
    arrived_without: int | None = None
    error: str = ""
