"""What the report measures: one list that the tables and the method section share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from citybrain.evaluation.results import METRICS, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A row of the comparison table.

    Attributes
    ----------
    better : {"low", "high", None}
        Which end is good; None where neither is.
    of : callable
        The value of one run.
    """

    key: str
    label: str
    unit: str
    decimals: int
    better: Literal["low", "high"] | None
    meaning: str
    of: Callable[[RunResult], float]

    @property
    def is_estimated(self) -> bool:
        """Whether the results file has a mean with an interval for it."""
        return self.key in METRICS


def _field(name: str) -> Callable[[RunResult], float]:
    return lambda run: float(getattr(run, name))


def _vehicles(name: str) -> Callable[[RunResult], float]:
    return lambda run: float(getattr(run.vehicles, name))


TRAVEL = (
    Measure(
        key="mean_delay_s",
        label="Delay",
        unit="s per vehicle",
        decimals=1,
        better="low",
        meaning="Time lost on the road against driving alone at the allowed speed (SUMO's timeLoss), plus the wait "
        "for room to enter the network (departDelay). The mean is over all loaded vehicles: arrived, unfinished, "
        "and never inserted.",
        of=_field("mean_delay_s"),
    ),
    Measure(
        key="mean_travel_time_s",
        label="Travel time",
        unit="s per vehicle",
        decimals=1,
        better="low",
        meaning="Time on the road plus the wait to enter, over all loaded vehicles. A vehicle that is still under "
        "way counts with the time until the end of the window.",
        of=_field("mean_travel_time_s"),
    ),
    Measure(
        key="mean_waiting_s",
        label="Waiting",
        unit="s per vehicle",
        decimals=1,
        better="low",
        meaning="Time at under 0.1 m/s plus the wait to enter, over all loaded vehicles.",
        of=_field("mean_waiting_s"),
    ),
    Measure(
        key="stops_per_vehicle",
        label="Stops",
        unit="per vehicle",
        decimals=2,
        better="low",
        meaning="How often a vehicle came to a stop on the road, over all loaded vehicles.",
        of=_field("stops_per_vehicle"),
    ),
    Measure(
        key="mean_speed_kmh",
        label="Speed",
        unit="km/h",
        decimals=1,
        better="high",
        meaning="Distance driven by all vehicles divided by their time on the road, stops included.",
        of=_field("mean_speed_kmh"),
    ),
    Measure(
        key="co2_kg",
        label="CO\N{SUBSCRIPT TWO}",
        unit="kg per run",
        decimals=1,
        better="low",
        meaning="Tail-pipe emissions of all vehicles by SUMO's emission model. Vehicles kept out of the network emit "
        "nothing, so read it together with the counts below.",
        of=_field("co2_kg"),
    ),
)
"""Measures with a mean and an interval over seeds."""

VEHICLES = (
    Measure(
        key="loaded",
        label="Loaded",
        unit="vehicles",
        decimals=0,
        better=None,
        meaning="Vehicles that wanted to start within the window; every mean divides by these.",
        of=_vehicles("loaded"),
    ),
    Measure(
        key="arrived",
        label="Arrived",
        unit="vehicles",
        decimals=0,
        better="high",
        meaning="Reached their destination within the window.",
        of=_vehicles("arrived"),
    ),
    Measure(
        key="unfinished",
        label="Under way at the end",
        unit="vehicles",
        decimals=0,
        better=None,
        meaning="Entered but had not arrived when the window closed. Some are normal: the last ones to start.",
        of=_vehicles("unfinished"),
    ),
    Measure(
        key="never_inserted",
        label="Never inserted",
        unit="vehicles",
        decimals=0,
        better="low",
        meaning="Found no room to enter: the queue reached the edge of the network.",
        of=_vehicles("never_inserted"),
    ),
    Measure(
        key="teleported",
        label="Teleported",
        unit="vehicles",
        decimals=0,
        better="low",
        meaning="Stuck so long, or crashed, that SUMO moved them on. Each one hides a jam.",
        of=_vehicles("teleported"),
    ),
)
"""Where the vehicles ended up; means of the runs."""

SAFETY = (
    Measure(
        key="emergency_brakes",
        label="Emergency brakes",
        unit="per run",
        decimals=0,
        better="low",
        meaning="Vehicles that had to brake harder than their type normally does, as SUMO counts them.",
        of=_field("emergency_brakes"),
    ),
    Measure(
        key="collisions",
        label="Collisions",
        unit="per run",
        decimals=0,
        better="low",
        meaning="Collisions that SUMO registered.",
        of=_field("collisions"),
    ),
    Measure(
        key="interlock_refusals",
        label="Interlock refusals",
        unit="per run",
        decimals=0,
        better=None,
        meaning="Requests of the policy that the interlock refused because they broke a minimum or maximum green, an "
        "intergreen or a conflict. Nothing refused was ever shown. For SUMO's own controllers, which run inside "
        "SUMO: breaches of the same rules that the monitor saw.",
        of=_field("interlock_refusals"),
    ),
)

COMPUTING = (
    Measure(
        key="wall_s",
        label="Wall time",
        unit="s per run",
        decimals=1,
        better=None,
        meaning="From start to end of a run, reading the outputs included.",
        of=_field("wall_s"),
    ),
    Measure(
        key="simulator_s",
        label="of it in SUMO",
        unit="s per run",
        decimals=1,
        better=None,
        meaning="Time that SUMO took to advance.",
        of=_field("simulator_s"),
    ),
    Measure(
        key="control_s",
        label="of it in control",
        unit="s per run",
        decimals=1,
        better=None,
        meaning="Time for sensors, policy and interlock.",
        of=_field("control_s"),
    ),
    Measure(
        key="decision_p99_ms",
        label="Slow decision",
        unit="ms, 99th percentile",
        decimals=2,
        better=None,
        meaning="Time of the policy for one decision on all junctions; one in a hundred takes longer.",
        of=_field("decision_p99_ms"),
    ),
)

ALL_MEASURES = (*TRAVEL, *VEHICLES, *SAFETY, *COMPUTING)
