"""All that decides a live run, apart from what people do in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from citybrain.demand.scenario import open_scenario
from citybrain.detection import check_sensors
from citybrain.detection.incidents import detectors
from citybrain.errors import InputError, nearest_hint
from citybrain.operations.live.ladder import LadderParameters
from citybrain.signals.policy import NativePolicy, find_policy


class RoomConfig(BaseModel):
    """Written into the record of every run, so that it can be run again.

    Attributes
    ----------
    scenario : str
        A name, or a path to a ``.sumocfg``.
    speed : float
        Simulated over wall time; 0 for as fast as possible.
    decide_limit_s : float
        How long a tick waits for the policy.
    detector : str
        Incident detector; nothing for none.
    heartbeat_s : float
        The room counts as unwatched where no console has been heard of for this long; 0: it need not be watched.
    checkpoint_s : float
        How often the plant's state is saved, seconds of its clock, to go on from after it was lost; 0: never.
    state : Path, optional
        A saved state to start from, in the place of the scenario's warm state.
    drill : bool
        Faults may be injected through the API.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str
    begin_s: float | None = None
    end_s: float | None = None
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    policy: str = "adaptive"
    parameters: dict[str, Any] = Field(default_factory=dict)
    sensors: str = "camera"
    speed: float = Field(default=1.0, ge=0, le=1000, allow_inf_nan=False)
    decide_limit_s: float = Field(default=0.4, gt=0, le=10, allow_inf_nan=False)
    plans: Path | None = None
    transport: Literal["libsumo", "traci"] = "libsumo"
    ladder: LadderParameters = Field(default_factory=LadderParameters)
    detector: str = "discharge"
    heartbeat_s: float = Field(default=0.0, ge=0, le=3600, allow_inf_nan=False)
    checkpoint_s: float = Field(default=300.0, ge=0, le=86400, allow_inf_nan=False)
    state: Path | None = None
    state_s: float | None = None
    drill: bool = False


def check_config(config: RoomConfig) -> None:
    """Raise InputError where a configuration names what does not exist, before anything starts."""
    open_scenario(config.scenario, begin_s=config.begin_s, end_s=config.end_s)
    check_sensors(config.sensors)
    known = detectors()
    if config.detector and config.detector not in known:
        raise InputError(f"unknown incident detector {config.detector!r}{nearest_hint(config.detector, known)}")
    made = find_policy(config.policy)
    if made.origin == "built in" and isinstance(made.make(**config.parameters), NativePolicy):
        raise InputError(
            f"policy {config.policy!r} runs inside SUMO and cannot be overridden; "
            "use adaptive, or max-pressure, max-wave, greedy (the plan is what the ladder falls back to)"
        )
