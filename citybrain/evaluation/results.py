"""``results.json``: the shape that people and scripts depend on."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from citybrain.evaluation.result_file import ResultFile


class VehicleCounts(BaseModel):
    """Where the loaded vehicles ended up."""

    model_config = ConfigDict(frozen=True)

    loaded: int = 0
    inserted: int = 0
    arrived: int = 0
    unfinished: int = 0
    never_inserted: int = 0
    teleported: int = 0


class RunResult(BaseModel):
    """One policy on one seed. A failed run is a row with its error."""

    model_config = ConfigDict(frozen=True)

    policy: str
    seed: int
    status: Literal["ok", "failed"] = "ok"
    error: str | None = None
    vehicles: VehicleCounts = VehicleCounts()
    mean_delay_s: float = 0.0
    mean_travel_time_s: float = 0.0
    mean_waiting_s: float = 0.0
    stops_per_vehicle: float = 0.0
    mean_speed_kmh: float = 0.0
    co2_kg: float = 0.0
    emergency_brakes: int = 0
    collisions: int = 0
    interlock_refusals: int = 0
    wall_s: float = 0.0
    simulator_s: float = 0.0
    control_s: float = 0.0
    decision_p99_ms: float = 0.0


METRICS = (
    "mean_delay_s",
    "mean_travel_time_s",
    "mean_waiting_s",
    "stops_per_vehicle",
    "mean_speed_kmh",
    "co2_kg",
)
"""Metrics of a run that are averaged over seeds."""


class Estimate(BaseModel):
    """A mean over seeds, its 95 % interval, and the worst seed."""

    model_config = ConfigDict(frozen=True)

    mean: float
    ci95: tuple[float, float]
    worst: float


class Comparison(BaseModel):
    """A policy against the baseline on the same seeds; positive is better.

    ``ci95_pct`` belongs to ``delay_saved_pct``.
    """

    model_config = ConfigDict(frozen=True)

    policy: str
    baseline: str
    travel_time_saved_pct: float
    delay_saved_pct: float
    ci95_pct: tuple[float, float]
    seeds: int
    verdict: Literal["better", "worse", "no difference", "too few seeds"]


class Results(ResultFile):
    """The whole file."""

    begin_s: float
    end_s: float
    sensors: str
    junctions: int
    interrupted: bool = False
    runs: list[RunResult]
    policies: dict[str, dict[str, Estimate]]
    comparison: list[Comparison]
    emergency: dict[str, Any] | None = None
    incidents: dict[str, Any] | None = None

    def json_text(self) -> str:
        """Return the content of the file."""
        text = super().json_text()
        if self.incidents is not None:  # what could not be measured is null there, so that every key is present
            text = json.dumps({**json.loads(text), "incidents": self.incidents}, indent=1)
        return text
