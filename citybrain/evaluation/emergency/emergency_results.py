"""``results.json`` of an emergency study."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from citybrain.evaluation.result_file import ResultFile


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class TripRow(_Row):
    """One call; times from the wish to depart until arrival, missing where the vehicle did not arrive."""

    vehicle: str
    role: str
    at_once: int
    batch: int
    depart_s: float
    origin: str
    destination: str
    signals: int
    distance_m: float
    baseline_s: float | None = None
    priority_s: float | None = None
    siren_s: float | None = None
    ceiling_s: float | None = None
    red_crossings: int = 0


class EmergencySection(_Row):
    """The figures that are published; docs/emergency.md has their formulas."""

    travel_time_saved_pct: float | None = None
    ceiling_pct: float | None = None
    removable_delay_closed_pct: float | None = None
    p95_over_free_flow: float | None = None
    others_delay_pct: float | None = None
    max_added_wait_s: float | None = None
    recovery_cycles: float | None = None
    stuck: int = 0
    red_crossings: int = 0
    trips: int = 0


class LoadRow(_Row):
    """The same figures for one number of vehicles at a time, and what is behind them."""

    at_once: int
    emergency: EmergencySection
    saved_ci95_pct: tuple[float, float] | None = None
    saved_against_siren_pct: float | None = None
    siren_trips: int = 0
    siren_others_delay_pct: float | None = None
    others_delay_s_per_call: float | None = None
    others: int = 0
    placebo_others_delay_pct: float | None = None
    placebo_added_wait_s: float | None = None
    others_wait_p99_s: float | None = None
    baseline_wait_p99_s: float | None = None
    window_s: float | None = None


class EmergencyResults(ResultFile):
    """The whole file."""

    begin_s: float
    end_s: float
    policy: str
    sensors: str
    junctions: int
    failures: tuple[str, ...] = ()
    interrupted: bool = False
    emergency: EmergencySection
    loads: tuple[LoadRow, ...]
    calls: tuple[TripRow, ...]
