"""What the loop process and the service tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.messages import Event
from citybrain.operations.actions import EmergencyAnswer


class Input(NamedTuple):
    """Something from outside that has an effect on a run.

    ``kind`` is ``action``, ``end``, ``request``, ``console``, ``clock``, ``fault`` or ``policy``; ``data`` is JSON.
    """

    kind: str
    data: Mapping[str, Any]


class Vehicle(NamedTuple):
    """A vehicle on a call, as the loop knows it."""

    vehicle_id: str
    request_id: str
    role: str
    x_m: float
    y_m: float
    speed_mps: float
    edge: str
    destination: str
    status: str
    eta_s: float
    route: tuple[str, ...]
    corridor: tuple[int, ...]
    held: tuple[int, ...]


class Suspected(NamedTuple):
    """An incident as the detector and the operators have it."""

    id: str
    edge: str
    lanes: tuple[int, ...]
    distance_m: float
    confidence: float
    state: str
    alarm_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The loop is ready: lamps and time before the first tick."""

    time_ms: int
    end_ms: int
    lamps: tuple[str, ...]
    digest: str
    state: str
    plan_ids: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """One tick, told by the loop; arrays over junctions unless said otherwise.

    Attributes
    ----------
    lamps : tuple of (junction, state)
        What was commanded.
    digest : str
        Chained hash of all commands of the run so far.
    actions, plans : mapping
        By junction: ids of the actions in force, and the plan that it follows, where it follows one.
    inputs : tuple of Input
        What had an effect on this tick, for the record.
    lane_vehicles, lane_halted, confidence, age_s : ndarray of float32, by lane
    edge_speed_mps, edge_vehicles : ndarray of float32, by edge
        As floating cars report them.
    """

    tick: int
    time_ms: int
    lamps: tuple[tuple[int, str], ...]
    digest: str
    inputs: tuple[Input, ...]
    stage: NDArray[np.int32]
    switching: NDArray[np.bool_]
    elapsed_s: NDArray[np.float32]
    remaining_s: NDArray[np.float32]
    flashing: NDArray[np.bool_]
    level: NDArray[np.int8]
    because: Mapping[int, str]
    actions: Mapping[int, tuple[str, ...]]
    plans: Mapping[int, str]
    ended: tuple[tuple[str, str], ...]
    sensors_dead: NDArray[np.bool_]
    lane_vehicles: NDArray[np.float32]
    lane_halted: NDArray[np.float32]
    confidence: NDArray[np.float32]
    age_s: NDArray[np.float32]
    edge_speed_mps: NDArray[np.float32]
    edge_vehicles: NDArray[np.float32]
    vehicles: int
    calls: tuple[Vehicle, ...]
    incidents: tuple[Suspected, ...]
    closed: tuple[str, ...]
    events: tuple[Event, ...]
    answers: tuple[EmergencyAnswer, ...]
    policy: str
    policy_failures: int
    policy_why: str
    policy_pid: int | None
    decision_ms: float
    refusals: int
    # what the process adds that paces the loop
    tick_ms: float = 0.0
    late: bool = False
    missed: int = 0
    memory_mb: float = 0.0
    drift_s: float = 0.0
    when_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The plant's state was saved."""

    path: str
    time_ms: int
    id: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The loop ends: ``why`` is ``end`` (of the scenario), ``stopped`` or ``failed``."""

    why: str
    error: str = ""
    bad_input: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)
