"""What a control room shows: the state of a city, of a junction, and how well the room itself is.

Everything here is frozen and can be turned into JSON. Times named ``*_s`` are seconds of the
plant's clock; ``when`` is wall-clock time, UTC, ISO 8601. What operators ask for is in
:mod:`citybrain.operations.actions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["adaptive", "plan", "isolated", "flash", "lost"]
"""Steps of the fallback ladder, the best first; ``lost`` where nothing is known of the plant."""
LEVELS: tuple[Level, ...] = ("adaptive", "plan", "isolated", "flash", "lost")
Severity = Literal["info", "warning", "critical"]
SensorState = Literal["ok", "stale", "dead"]
IncidentState = Literal["suspected", "accepted", "dismissed", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JunctionState:
    """One junction now.

    Attributes
    ----------
    stage : int
        Stage shown, or the stage being changed to while ``switching``; -1 in flash. A number beyond the
        junction's stages clears one approach for a vehicle on a call.
    elapsed_s, remaining_s : float
        Since the stage became green or the change began; until the coming stage is green.
    lamps : str
        One SUMO signal character a link.
    queue_veh : float
        Vehicles that the sensors see standing before its stop lines.
    level : str
        The step of the ladder that it is on; ``because`` says why it is not the first.
    locked : bool
        An operator decides here.
    actions : tuple of str
        Ids of the actions in force here.
    emergency : str
        Vehicle on a call that holds it; empty where none does.
    alarms : int
        Open alarms of this junction.
    """

    id: str
    stage: int
    switching: bool
    elapsed_s: float
    remaining_s: float
    lamps: str
    queue_veh: float
    level: Level
    because: str = ""
    locked: bool = False
    actions: tuple[str, ...] = ()
    emergency: str = ""
    alarms: int = 0
    sensors: SensorState = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStates:
    """All edges now, as columns in the order of :attr:`Geometry.edges`.

    Attributes
    ----------
    vehicles, halted : tuple of float
        As the sensors see them.
    speed_ratio : tuple of float
        Mean speed over the limit, 0 to 1; 1 where nobody is.
    congestion : tuple of int
        0 free, 1 slow, 2 dense, 3 jammed; -1 where no sensor looks.
    """

    vehicles: tuple[float, ...]
    halted: tuple[float, ...]
    speed_ratio: tuple[float, ...]
    congestion: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyState:
    """A vehicle on a call.

    Attributes
    ----------
    status : str
        Of its latest request, words as in SAE J2735 SignalStatusMessage.
    route : tuple of str
        Edges from where it is to its destination.
    corridor : tuple of str
        Junctions on that route, the nearest first; ``held`` are those that are held for it now.
    """

    vehicle_id: str
    request_id: str
    role: str
    status: str
    x_m: float
    y_m: float
    lon: float | None = None
    lat: float | None = None
    speed_mps: float
    edge: str
    destination: str
    eta_s: float | None = None
    route: tuple[str, ...] = ()
    corridor: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """What the detector says of an incident, and what an operator has made of it."""

    id: str
    edge: str
    lanes: tuple[int, ...]
    distance_m: float | None
    confidence: float
    state: IncidentState
    since_s: float
    end_s: float | None = None
    x_m: float
    y_m: float
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that a person should know. ``kind`` and ``data`` are for those who write it in their own words.

    Attributes
    ----------
    where : str
        Junction, edge or part of the system; empty where it is the whole city.
    cleared_s : float or None
        When it ended; None while it lasts.
    """

    id: str
    kind: str
    severity: Severity
    where: str
    text: str
    since_s: float
    when: str
    cleared_s: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How well the room itself is.

    Attributes
    ----------
    tick_p50_ms, tick_p99_ms, tick_last_ms : float
        Wall time of a tick over the last ten minutes; it must fit into ``deadline_ms``.
    late_ticks, missed_ticks : int
        Ticks that took longer than the deadline; ticks that began more than a step late.
    policy : str
        ``ok``, ``late``, ``starting`` or ``lost``; ``policy_failures`` counts those lost.
    simulator, database : str
        ``ok`` or ``lost``; ``ok``, ``spooling`` (the database is lost, a file keeps the record) or ``lost``.
    sensor_age_s : mapping of str to float
        Greatest age of data by control group, seconds; ``dead_sensors`` counts stop lines without data.
    clock_drift_s : float
        Wall clock against the monotonic clock since the start: a jump shows here.
    """

    tick_p50_ms: float = 0.0
    tick_p99_ms: float = 0.0
    tick_last_ms: float = 0.0
    deadline_ms: float = 1000.0
    decision_p99_ms: float = 0.0
    ticks: int = 0
    late_ticks: int = 0
    missed_ticks: int = 0
    memory_mb: float = 0.0
    service_memory_mb: float = 0.0
    policy: str = "ok"
    policy_failures: int = 0
    simulator: str = "ok"
    simulator_restarts: int = 0
    database: str = "ok"
    spooled_rows: int = 0
    consoles: int = 0
    sensor_age_s: Mapping[str, float] = field(default_factory=dict)
    dead_sensors: int = 0
    refusals: int = 0
    clock_drift_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySnapshot:
    """The city at one tick.

    Attributes
    ----------
    run_id : str
        The run that this is a tick of; another one after the simulator was lost.
    speed : float
        Simulated over wall time that is aimed at; 0 for as fast as possible. ``speed_now`` is what is reached.
    level : str
        The level that most junctions are on, ``lost`` while the plant is lost; ``levels`` counts junctions by level.
    because : str
        Why the city is not on the first level; empty where it is.
    closed : tuple of str
        Edges closed by operators.
    stale_s : float
        Wall seconds since this was true, where the loop has stopped telling.
    vehicles : int
        On the road, as the plant counts them.
    """

    run_id: str
    scenario: str
    tick: int
    time_s: float
    when: str
    speed: float
    speed_now: float
    level: Level
    levels: Mapping[str, int]
    because: str = ""
    junctions: tuple[JunctionState, ...]
    edges: EdgeStates
    emergencies: tuple[EmergencyState, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    closed: tuple[str, ...] = ()
    health: Health = field(default_factory=Health)
    vehicles: int = 0
    stale_s: float = 0.0
    replay: bool = False
