"""What operators may ask for, and the record that each of it leaves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Role = Literal["viewer", "operator", "dispatcher"]
"""Viewers look. Dispatchers ask for emergency corridors and judge incidents. Operators may do everything."""
Kind = Literal[
    "lock_stage", "force_plan", "isolate", "flash", "hurry_call", "emergency_corridor", "close_road",
    "accept_incident", "dismiss_incident",
]  # fmt: skip
_NEEDS: dict[str, tuple[str, ...]] = {
    "lock_stage": ("junction", "stage"),
    "force_plan": ("junction",),
    "isolate": ("junction",),
    "flash": ("junction",),
    "hurry_call": ("junction", "stage"),
    "emergency_corridor": ("origin", "destination"),
    "close_road": ("edge",),
    "accept_incident": ("incident",),
    "dismiss_incident": ("incident",),
}
MAY: dict[Role, frozenset[str]] = {
    "viewer": frozenset(),
    "dispatcher": frozenset({"emergency_corridor", "accept_incident", "dismiss_incident"}),
    "operator": frozenset(_NEEDS),
}
"""Kinds of action by role."""
Id = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=3, max_length=500)]


class Principal(BaseModel):
    """Who asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Id
    role: Role


class ActionRequest(BaseModel):
    """What an operator asks for.

    Attributes
    ----------
    junction, edge, incident, stage : optional
        What it is about; which of them are needed depends on ``kind``. ``junction`` may be ``*``
        (the whole city) for ``force_plan``, ``isolate`` and ``flash``.
    plan : str, optional
        For ``force_plan``; ``own`` is the scenario's plan.
    origin, destination, vehicle : str, optional
        For ``emergency_corridor``: edges, and what the vehicle is called.
    reason : str
        Why; kept for ever.
    limit_s : float
        The action ends by itself after this time of the plant's clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    junction: Id | None = None
    stage: Annotated[int, Field(ge=0, le=1000)] | None = None
    edge: Id | None = None
    incident: Id | None = None
    plan: Id | None = None
    origin: Id | None = None
    destination: Id | None = None
    vehicle: Id | None = None
    reason: Reason
    limit_s: float = Field(default=600.0, gt=0, le=86400, allow_inf_nan=False)

    @model_validator(mode="after")
    def _complete(self) -> ActionRequest:
        for name in _NEEDS[self.kind]:
            if getattr(self, name) is None:
                raise ValueError(f"{self.kind} needs {name}")
        if self.junction == "*" and self.kind not in ("force_plan", "isolate", "flash"):
            raise ValueError(f"{self.kind} needs one junction, not all")
        return self

    @property
    def where(self) -> str:
        """What the action is about, for lists."""
        return self.junction or self.edge or self.incident or f"{self.origin} → {self.destination}"


class Action(BaseModel):
    """An action that was granted; undone or over when its entry says so.

    Attributes
    ----------
    begin_s, end_s : float
        From when on it holds and when it ends by itself, seconds of the plant's clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    request: ActionRequest
    who: str
    role: str
    when: str
    begin_s: float
    end_s: float


class AuditEntry(BaseModel):
    """One line of the audit: what was, what is, who, why and when. Never changed, never removed before its time.

    Attributes
    ----------
    kind : str
        An action's, or ``undo``, ``expire``, ``ladder``, ``emergency``, ``token``, ``start``, ``stop``.
    action_id : str
        The action that it is about; empty where it is about none.
    old, new : dict
        State of the thing before and after.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    run_id: str
    tick: int
    time_s: float
    when: str
    who: str
    role: str
    kind: str
    where: str
    why: str
    old: dict[str, Any]
    new: dict[str, Any]
    action_id: str = ""


class EmergencyRequest(BaseModel):
    """A signed request as the vehicle sends it; fields as :class:`citybrain.messages.PriorityRequest`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_id: Id
    sequence: int = Field(ge=0, le=2**31)
    vehicle_id: Id
    role: Literal["fire", "ambulance", "police", "other"]
    time_s: float = Field(allow_inf_nan=False)
    expires_s: float = Field(allow_inf_nan=False)
    x_m: float = Field(allow_inf_nan=False)
    y_m: float = Field(allow_inf_nan=False)
    speed_mps: float = Field(ge=0, le=90, allow_inf_nan=False)
    inbound: Id
    destination: Id
    cancelled: bool = False
    token: Annotated[str, Field(max_length=500)] = ""


class EmergencyAnswer(BaseModel):
    """What became of a request; words as in SAE J2735 SignalStatusMessage."""

    model_config = ConfigDict(frozen=True)

    request_id: str
    sequence: int
    vehicle_id: str
    status: str
    reason: str = ""
    eta_s: float | None = None
    route: tuple[str, ...] = ()


class WhatIfRequest(BaseModel):
    """What to try on a copy of the city, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actions: tuple[ActionRequest, ...] = Field(min_length=1, max_length=20)
    horizon_s: float = Field(default=600.0, ge=60, le=3600, allow_inf_nan=False)
