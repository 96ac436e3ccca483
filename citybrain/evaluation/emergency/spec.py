"""All that decides a twin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from citybrain.demand.scenario import Scenario
from citybrain.detection.onboard import Call, RadioParameters
from citybrain.evaluation.emergency.fork import Fork
from citybrain.signals.priority import PriorityParameters

Kind = Literal["baseline", "priority", "siren", "ceiling", "placebo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinSpec:
    """All that decides a twin.

    Attributes
    ----------
    company : tuple of Call
        Emergency vehicles that drive at the same time, in every twin without priority.
    end_s : float
        It ends here at the latest.
    after_s : float
        How long to go on after the last call has arrived and all junctions are back.
    routes : mapping
        Ceiling: the edges of each vehicle.
    """

    scenario: Scenario
    kind: Kind
    calls: tuple[Call, ...]
    company: tuple[Call, ...] = ()
    fork: Fork
    seed: int
    policy: str = "fixed-time"
    sensors: str = "camera"
    end_s: float
    after_s: float = 180.0
    radio: RadioParameters = field(default_factory=RadioParameters)
    parameters: PriorityParameters = field(default_factory=PriorityParameters)
    strays: float = 0.0
    routes: dict[str, tuple[str, ...]] = field(default_factory=dict)
