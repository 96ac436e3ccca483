"""The wire: what flows round the closed loop, and nothing else.

::

    readings ─► Observation ─► Decision ─► Command ─► plant
    PriorityRequest ──────────────┘ └────── Event ───► observers

A policy sees an :class:`Observation` and answers with a :class:`Decision`. Only
the interlock turns decisions into a :class:`Command`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

HOLD = -1
"""In a decision: keep the stage that is shown."""
RELEASE = -2
"""In a decision: leave the junction to its own program, or give it back to it."""
FLASH = -3
"""In a decision: flashing yellow for everybody, for who answers for the junction; policies do not ask for it."""
OWN_PROGRAM = ""
"""In a command: instead of lamps, let the junction's own program go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicles:
    """Believed vehicles that head for a stop line, one row each.

    Attributes
    ----------
    lane : ndarray of int32
        Lane at whose stop line it will wait.
    movement : ndarray of int32
        Movement it will make there, or -1 where the sensor cannot know.
    distance_m : ndarray of float64
        Distance of its front to the stop line, along its way.
    speed_mps : ndarray of float64
    weight : ndarray of float64
        Vehicles that the row stands for; 1 for one that was seen itself.
    road_lane : ndarray of int32
        Lane that it is on now, -1 where that is not known or it is inside a junction.
    """

    lane: NDArray[np.int32]
    movement: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    weight: NDArray[np.float64]
    road_lane: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.lane)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Vehicles that cameras see, where they are: whatever is believed of where they go. One row each.

    Attributes
    ----------
    lane : ndarray of int32
        Lane that it is on.
    to_end_m : ndarray of float64
        From its front to the end of that lane.
    speed_mps : ndarray of float64
    """

    lane: NDArray[np.int32]
    to_end_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalView:
    """What each junction shows, as the interlock knows it; arrays over junctions.

    Attributes
    ----------
    stage : ndarray of int32
        Stage shown, or the stage being changed to while ``switching``.
    switching : ndarray of bool
        Whether an intergreen is running.
    elapsed_s : ndarray of float64
        Seconds since the stage became green, or since the intergreen began.
    remaining_s : ndarray of float64
        Seconds until the coming stage is green; 0 unless ``switching``.
    """

    stage: NDArray[np.int32]
    switching: NDArray[np.bool_]
    elapsed_s: NDArray[np.float64]
    remaining_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopData:
    """What loops said in the last step, faults and all; arrays over lanes.

    Attributes
    ----------
    stop_count, advance_count, entry_count : ndarray of float64
        Vehicles counted at the stop line, by the loop upstream, and by the one where the road leaves a signal.
    stop_on, advance_on, entry_on : ndarray of bool
        Whether a vehicle was on the loop at the end of the step.
    advance_m, entry_m : ndarray of float64
        Distance of the loop from the end of its lane; -1 where the lane has none.
    """

    stop_count: NDArray[np.float64]
    stop_on: NDArray[np.bool_]
    advance_count: NDArray[np.float64]
    advance_on: NDArray[np.bool_]
    advance_m: NDArray[np.float64]
    entry_count: NDArray[np.float64]
    entry_on: NDArray[np.bool_]
    entry_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the city can see at one moment; arrays over lanes unless said otherwise.

    Attributes
    ----------
    time_s : float
    vehicles : Vehicles
    lane_vehicles : ndarray of float64
        Vehicles on each lane, on approaches and exits alike.
    lane_halted : ndarray of float64
        Those of them slower than 0.1 m/s.
    lane_tail_m : ndarray of float64
        Free length from the start of the lane to its last vehicle.
    lane_tail_speed_mps : ndarray of float64
        Speed of that vehicle; the limit of the lane where it is empty.
    confidence : ndarray of float64
        0 (no idea) to 1 (certain).
    age_s : ndarray of float64
        Age of the newest datum behind the estimate.
    passed : ndarray of float64, by movement
        Vehicles that crossed the stop line since the observation before.
    inside : ndarray of float64, by movement
        Vehicles that wait for a gap inside the junction.
    signals : SignalView
    loops : LoopData, optional
        Where there are loops.
    entered : ndarray of float64, by lane, optional
        Vehicles that a tracker newly sees on their way to this stop line, since the observation before.
    seen : Seen, optional
        Where there are cameras: vehicles on the approaches, places on the road.
    """

    time_s: float
    vehicles: Vehicles
    lane_vehicles: NDArray[np.float64]
    lane_halted: NDArray[np.float64]
    lane_tail_m: NDArray[np.float64]
    lane_tail_speed_mps: NDArray[np.float64]
    confidence: NDArray[np.float64]
    age_s: NDArray[np.float64]
    passed: NDArray[np.float64]
    inside: NDArray[np.float64]
    signals: SignalView
    loops: LoopData | None = None
    entered: NDArray[np.float64] | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The stage that each junction should show next.

    Attributes
    ----------
    stage : ndarray of int32, shape (n_junctions,)
        Stage index, :data:`HOLD`, :data:`RELEASE` or :data:`FLASH`.
    reasons : mapping of int to mapping
        By junction index: why, for the event stream. May be empty.
    """

    time_s: float
    stage: NDArray[np.int32]
    reasons: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityRequest:
    """A signal request of an emergency vehicle; fields as in SAE J2735 SignalRequestMessage.

    Attributes
    ----------
    request_id : str
        The same for all messages of one call.
    sequence : int
        Rises with every message of a request.
    role : str
        ``fire``, ``ambulance``, ``police`` or ``other``.
    time_s, expires_s : float
        When the position was taken, and until when the message counts.
    x_m, y_m : float
        Position in the coordinates of the net.
    inbound : str
        Edge that the vehicle takes itself to be on.
    destination : str
        Edge that it wants to reach.
    cancelled : bool
        The vehicle needs no priority any more.
    token : str
        Signature over all other fields, see :mod:`citybrain.detection.tokens`.
    """

    request_id: str
    sequence: int
    vehicle_id: str
    role: str
    time_s: float
    expires_s: float
    x_m: float
    y_m: float
    speed_mps: float
    inbound: str
    destination: str
    cancelled: bool = False
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityStatus:
    """The answer to a request; words as in SAE J2735 SignalStatusMessage.

    Attributes
    ----------
    status : str
        ``requested``, ``processing``, ``granted``, ``rejected``, ``maxPresence``,
        ``reserviceLocked`` or ``closed``.
    reason : str
        Why, where it is rejected.
    eta_s : float
        Expected arrival at the destination, seconds of the plant's clock; NaN where unknown.
    route : tuple of str
        Edges advised from where the vehicle is to its destination; empty where nothing changes.
    """

    request_id: str
    sequence: int
    vehicle_id: str
    status: str
    reason: str = ""
    eta_s: float = float("nan")
    route: tuple[str, ...] = ()


_SEAL = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The lamps that a junction is to show from now on.

    Made by :class:`citybrain.signals.interlock.Interlock` alone: anything else
    that tries to build one is refused.
    """

    junction: int
    junction_id: str
    state: str
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise PermissionError(
                f"junction {self.junction_id}: a command for {self.state!r} was not made by the interlock"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, for observers: metrics, audit, report."""

    time_s: float
    kind: str
    junction_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
