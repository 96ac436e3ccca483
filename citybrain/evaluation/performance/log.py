"""The event log: four columns, as the field's tools read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from citybrain.evaluation.performance.channels import Channel
from citybrain.network.model import Network

FIRST_DAY = dt.date(2026, 1, 5)
"""Day that a scenario's clock is put on where nobody names one: a Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvents:
    """Events of one controller, in the order of time.

    Attributes
    ----------
    time_s : ndarray of float64
        Time of the scenario.
    code, parameter : ndarray of int64
    """

    time_s: NDArray[np.float64]
    code: NDArray[np.int64]
    parameter: NDArray[np.int64]

    def times(self, code: int, parameter: int) -> NDArray[np.float64]:
        """When a code came with a parameter."""
        return np.asarray(self.time_s[(self.code == code) & (self.parameter == parameter)])


class EventLog:
    """Events of a city's controllers; grows while a run goes on.

    Parameters
    ----------
    network : Network
    channels : sequence of Channel
        Detectors that events of code 81 and 82 speak of.
    """

    def __init__(self, network: Network, channels: Sequence[Channel] = ()) -> None:
        self.network, self.channels = network, tuple(channels)
        self._rows: list[tuple[int, int, int, int]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, time_ms: int, junction: int, code: int, parameter: int) -> None:
        """Add an event of a junction, given by its index."""
        self._rows.append((time_ms, junction, int(code), parameter))

    def count(self, code: int) -> int:
        """Return how many events of a code there are."""
        return sum(row[2] == int(code) for row in self._rows)

    def devices_with(self, code: int) -> set[int]:
        """Return the junctions, by index, that have an event of a code."""
        return {row[1] for row in self._rows if row[2] == int(code)}

    def device(self, junction: int) -> DeviceEvents:
        """Return the events of one junction."""
        rows = sorted((t, code, parameter) for t, j, code, parameter in self._rows if j == junction)
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return DeviceEvents(time_s=table[:, 0] / 1000.0, code=table[:, 1], parameter=table[:, 2])

    def table(self, day: dt.date = FIRST_DAY) -> pa.Table:
        """Return all events as TimeStamp, DeviceId, EventId, Parameter, in the order of time."""
        midnight = dt.datetime.combine(day, dt.time())
        rows = sorted(self._rows)
        ids = [junction.id for junction in self.network.junctions]
        return pa.table(
            {
                "TimeStamp": pa.array(
                    [midnight + dt.timedelta(milliseconds=row[0]) for row in rows], pa.timestamp("ms")
                ),
                "DeviceId": pa.array([ids[row[1]] for row in rows], pa.string()),
                "EventId": pa.array([row[2] for row in rows], pa.int16()),
                "Parameter": pa.array([row[3] for row in rows], pa.int16()),
            }
        )

    def detectors(self) -> pa.Table:
        """Return the configuration of the detectors: DeviceId, Phase, Parameter, Function."""
        ids = [junction.id for junction in self.network.junctions]
        return pa.table(
            {
                "DeviceId": pa.array([ids[c.junction] for c in self.channels], pa.string()),
                "Phase": pa.array([c.phase for c in self.channels], pa.int16()),
                "Parameter": pa.array([c.number for c in self.channels], pa.int16()),
                "Function": pa.array([c.function for c in self.channels], pa.string()),
            }
        )

    def write(self, folder: Path, day: dt.date = FIRST_DAY) -> tuple[Path, ...]:
        """Write ``events.parquet``, ``events.csv`` and ``detectors.csv``; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = folder / "events.parquet", folder / "events.csv", folder / "detectors.csv"
        table = self.table(day)
        pyarrow.parquet.write_table(table, paths[0])
        pyarrow.csv.write_csv(table, paths[1])
        pyarrow.csv.write_csv(self.detectors(), paths[2])
        return paths
