"""The key figures of the first screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from citybrain.evaluation.report.aggregate import Study
from citybrain.evaluation.report.numbers import (
    number,
    percent,
    plural,
    positive_interval,
    saving_interval,
)
from citybrain.evaluation.results import RunResult

Tone = Literal["good", "bad", "warn", "neutral"]


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "neutral"


def tiles(study: Study, policy: str) -> tuple[Tile, ...]:
    """Return the key figures of a policy, beside those of the baseline."""
    return (*_savings(study, policy), *_levels(study, policy))


def _savings(study: Study, policy: str) -> Iterator[Tile]:
    row = study.comparison(policy)
    if row is None:
        return
    tones: dict[str, Tone] = {"better": "good", "worse": "bad"}
    note = _range(row.ci95_pct, row.seeds)
    yield Tile("Delay saved", percent(row.delay_saved_pct), note, tones.get(row.verdict, "warn"))
    travel, co2 = study.saving_pct(policy, "mean_travel_time_s"), study.saving_pct(policy, "co2_kg")
    yield Tile(
        "Travel time saved", percent(row.travel_time_saved_pct), _range(travel.ci95 if travel else None, row.seeds)
    )
    hours = _hours_saved(study, policy)
    if hours is not None:
        yield Tile("Time saved", f"{number(hours)} h", "vehicle-hours in every hour")
    if co2 is not None:
        yield Tile("CO\N{SUBSCRIPT TWO} saved", percent(co2.mean), _range(co2.ci95, row.seeds))


def _range(bounds: tuple[float, float] | None, seeds: int) -> str:
    text = saving_interval(bounds)
    return f"95 % interval {text}" if text else f"{plural(seeds, 'seed')}: no interval"


def _levels(study: Study, policy: str) -> Iterator[Tile]:
    metrics = study.results.policies[policy]
    base = study.results.policies.get(study.baseline, {}) if policy != study.baseline else {}
    runs, base_runs = study.good_runs(policy), study.good_runs(study.baseline) if base else []

    def beside(text: str) -> str:
        return f"{study.baseline}: {text}" if base else ""

    delay, stops = metrics["mean_delay_s"], metrics["stops_per_vehicle"]
    base_delay = number(base["mean_delay_s"].mean) if base else ""
    spread = positive_interval(delay.ci95)
    note = beside(f"{base_delay} s") or (f"95 % interval {spread}" if spread else "")
    yield Tile("Mean delay", f"{number(delay.mean)} s", note)
    worst = max(runs, key=lambda run: run.mean_delay_s)
    base_worst = number(max((run.mean_delay_s for run in base_runs), default=float("nan")))
    yield Tile("Delay, worst seed", f"{number(worst.mean_delay_s)} s", beside(f"{base_worst} s"))
    base_stops = number(base["stops_per_vehicle"].mean, 2) if base else ""
    yield Tile("Stops per vehicle", number(stops.mean, 2), beside(base_stops))
    yield Tile("Arrived", percent(_arrived_pct(runs)), beside(percent(_arrived_pct(base_runs))))


def _arrived_pct(runs: list[RunResult]) -> float | None:
    loaded = sum(run.vehicles.loaded for run in runs)
    return 100.0 * sum(run.vehicles.arrived for run in runs) / loaded if loaded else None


def _hours_saved(study: Study, policy: str) -> float | None:
    """Return the vehicle-hours saved in an hour, the figure that goes into a cost-benefit sum."""
    base = {run.seed: _hours_lost(run) for run in study.good_runs(study.baseline)}
    saved = [base[run.seed] - _hours_lost(run) for run in study.good_runs(policy) if run.seed in base]
    return sum(saved) / len(saved) / (study.duration_s / 3600) if saved else None


def _hours_lost(run: RunResult) -> float:
    return run.mean_delay_s * run.vehicles.loaded / 3600
