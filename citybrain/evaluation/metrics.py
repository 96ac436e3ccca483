"""What is measured of a run, from the files that SUMO writes. SI units.

Delay of a vehicle = ``timeLoss + departDelay``: time lost on the road against
driving alone at the allowed speed, plus the wait for room to start. The mean
counts **every loaded vehicle**: arrived, unfinished, and never inserted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree
from numpy.typing import NDArray

from citybrain.errors import PlantError
from citybrain.evaluation.results import RunResult, VehicleCounts
from citybrain.network.model import Network

TRIP_SCHEMA = pa.schema(
    [
        ("vehicle", pa.string()),
        ("type", pa.string()),
        ("status", pa.string()),
        ("depart_s", pa.float64()),
        ("depart_delay_s", pa.float64()),
        ("duration_s", pa.float64()),
        ("time_loss_s", pa.float64()),
        ("waiting_s", pa.float64()),
        ("stops", pa.int64()),
        ("distance_m", pa.float64()),
        ("co2_mg", pa.float64()),
    ]
)
"""``depart_s`` is the time the vehicle wanted to start; ``status`` is ``arrived``,
``unfinished`` or ``never_inserted``; ``duration_s`` the time on the road."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts that SUMO keeps for the whole run."""

    teleported: int
    collisions: int
    emergency_brakes: int


def read_trips(path: Path, *, end_s: float) -> pa.Table:
    """Read a tripinfo file into a table of :data:`TRIP_SCHEMA`, in SUMO's order."""
    rows = []
    for element in _elements(path, "tripinfo"):
        value = element.get
        depart, wait = float(value("depart")), float(value("departDelay"))
        inserted = depart >= 0
        emissions = element.find("emissions")
        rows.append(
            (
                value("id"),
                value("vType"),
                "never_inserted" if not inserted else ("arrived" if float(value("arrival")) >= 0 else "unfinished"),
                depart - wait if inserted else end_s - wait,
                wait,
                float(value("duration")) if inserted else 0.0,
                float(value("timeLoss")) if inserted else 0.0,
                float(value("waitingTime")) if inserted else 0.0,
                int(value("waitingCount")) if inserted else 0,
                float(value("routeLength")) if inserted else 0.0,
                float(emissions.get("CO2_abs")) if emissions is not None else 0.0,
            )
        )
        element.clear()
    columns = zip(*rows, strict=True) if rows else ((),) * len(TRIP_SCHEMA)
    return pa.table([pa.array(c, t) for c, t in zip(columns, TRIP_SCHEMA.types, strict=True)], schema=TRIP_SCHEMA)


def _elements(path: Path, tag: str) -> Iterator[Any]:
    if not path.is_file():
        raise PlantError(f"SUMO wrote no {path.name}; it ended before the run did")
    try:
        for _, element in etree.iterparse(str(path), tag=tag):
            yield element
    except etree.XMLSyntaxError as error:
        raise PlantError(f"{path.name} is not complete ({' '.join(str(error).split())}); is the disk full?") from None


def read_statistics(path: Path) -> Statistics:
    """Read SUMO's statistic output."""
    (root,) = _elements(path, "statistics")
    teleports, safety = root.find("teleports"), root.find("safety")
    return Statistics(
        teleported=int(teleports.get("total")),
        collisions=int(safety.get("collisions")),
        emergency_brakes=int(safety.get("emergencyBraking")),
    )


def read_series(path: Path) -> dict[str, NDArray[np.float64]]:
    """Read SUMO's summary output: one value a period."""
    names = {
        "time_s": "time",
        "running": "running",
        "halting": "halting",
        "waiting_to_insert": "waiting",
        "mean_speed_mps": "meanSpeed",
    }
    rows = [[float(e.get(key)) for key in names.values()] for e in _elements(path, "step")]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
    return {name: table[:, i] for i, name in enumerate(names)}


def read_edges(path: Path, network: Network) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return time lost (vehicle-seconds), mean speed (m/s) and vehicles by edge of the network."""
    n = len(network.edges)
    lost, speed, vehicles = np.zeros(n), np.full(n, np.nan), np.zeros(n)
    for element in _elements(path, "edge"):
        index = network.edge_index(element.get("id"))
        if index >= 0:
            lost[index] += float(element.get("timeLoss", 0.0))
            speed[index] = float(element.get("speed", "nan"))
            vehicles[index] += float(element.get("entered", 0)) + float(element.get("departed", 0))
        element.clear()
    return lost, speed, vehicles


def summarise(
    trips: pa.Table,
    statistics: Statistics,
    *,
    policy: str,
    seed: int,
    interlock_refusals: int = 0,
    wall_s: float = 0.0,
    simulator_s: float = 0.0,
    control_s: float = 0.0,
    decision_p99_ms: float = 0.0,
) -> RunResult:
    """Return a run's row of the results, every mean over all loaded vehicles."""
    n = trips.num_rows
    status = trips["status"].to_pylist()
    never = status.count("never_inserted")
    unfinished = status.count("unfinished")
    mean = {
        name: _sum(trips, name) / max(n, 1)
        for name in ("time_loss_s", "depart_delay_s", "duration_s", "waiting_s", "stops")
    }
    on_road_s = _sum(trips, "duration_s")
    return RunResult(
        policy=policy,
        seed=seed,
        vehicles=VehicleCounts(
            loaded=n,
            inserted=n - never,
            arrived=n - never - unfinished,
            unfinished=unfinished,
            never_inserted=never,
            teleported=statistics.teleported,
        ),
        mean_delay_s=mean["time_loss_s"] + mean["depart_delay_s"],
        mean_travel_time_s=mean["duration_s"] + mean["depart_delay_s"],
        mean_waiting_s=mean["waiting_s"] + mean["depart_delay_s"],
        stops_per_vehicle=mean["stops"],
        mean_speed_kmh=3.6 * _sum(trips, "distance_m") / on_road_s if on_road_s > 0 else 0.0,
        co2_kg=_sum(trips, "co2_mg") / 1e6,
        emergency_brakes=statistics.emergency_brakes,
        collisions=statistics.collisions,
        interlock_refusals=interlock_refusals,
        wall_s=wall_s,
        simulator_s=simulator_s,
        control_s=control_s,
        decision_p99_ms=decision_p99_ms,
    )


def _sum(trips: pa.Table, column: str) -> float:
    # math over numpy keeps the order of summation fixed, which pyarrow's threads do not promise
    return float(np.sum(pc.fill_null(trips[column], 0).to_numpy())) if trips.num_rows else 0.0
