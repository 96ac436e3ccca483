"""A run on disk: every vehicle and every lamp of every step, to be looked at again without the simulator.

A recording is a folder::

    vehicles.parquet   one row a vehicle and step: time_ms, key, lane, position_dm, speed_cmps, length_dm, stop_lane,
                       movement, distance_dm (-1: no stop line ahead), crossing
    passed.parquet     time_ms, movement, key: who crossed a stop line
    lamps.parquet      time_ms, junction, state: the first state of each junction, and every change
    recording.json     what was recorded (written last: a folder without it is not finished)

Places are kept to 0.1 m and speeds to 0.01 m/s. Lanes, movements and junctions are the network's own indices, so that a
recording belongs to one version of its network; the digest in ``recording.json`` tells which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from citybrain.errors import InputError
from citybrain.messages import Command
from citybrain.network.model import Network
from citybrain.simulation.plant import Plant, Readings

FILE = "recording.json"
_GROUP_STEPS = 60
_WHOLE = ("lane", "stop_lane", "movement", "crossing")
_VEHICLES = pa.schema(
    [
        ("time_ms", pa.int64()), ("key", pa.uint32()), ("lane", pa.int32()), ("position_dm", pa.int32()),
        ("speed_cmps", pa.int32()), ("length_dm", pa.int32()), ("stop_lane", pa.int32()), ("movement", pa.int32()),
        ("distance_dm", pa.int32()), ("crossing", pa.int32()),
    ]
)  # fmt: skip
_PASSED = pa.schema([("time_ms", pa.int64()), ("movement", pa.int32()), ("key", pa.uint32())])
_LAMPS = pa.schema([("time_ms", pa.int64()), ("junction", pa.int32()), ("state", pa.string())])


def network_digest(network: Network) -> str:
    """Return a short hash of the lanes and movements, which a recording's indices refer to."""
    from hashlib import sha256

    digest = sha256()
    for lane in network.lanes:
        digest.update(f"{lane.id} {lane.length_m:.2f};".encode())
    for m in network.movements:
        digest.update(f"{m.junction} {m.link} {m.from_lane} {m.to_lane};".encode())
    return digest.hexdigest()[:16]


class Recorder:
    """Writes what a plant shows, step by step. An observer of the loop.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    """

    def __init__(self, folder: Path, plant: Plant, network: Network) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._plant, self._digest = folder, plant, network_digest(network)
        self._vehicles = pq.ParquetWriter(folder / "vehicles.parquet", _VEHICLES, compression="zstd")
        self._passed = pq.ParquetWriter(folder / "passed.parquet", _PASSED, compression="zstd")
        self._rows: list[dict[str, NDArray[Any]]] = []
        self._crossings: list[dict[str, NDArray[Any]]] = []
        self._shown: list[str] = []
        self._lamps: tuple[list[int], list[int], list[str]] = ([], [], [])
        self._steps, self._first_ms, self._last_ms = 0, -1, -1

    def step(self, time_ms: int, events: Sequence[object] = ()) -> None:  # noqa: ARG002
        """Take note of one step."""
        r = self._plant.read()
        self._rows.append(
            {
                "time_ms": np.full(len(r.lane), time_ms),
                "key": r.key.astype(np.uint32),
                "position_dm": _tenths(r.position_m),
                "speed_cmps": np.round(100 * r.speed_mps).astype(np.int32),
                "length_dm": _tenths(r.length_m),
                "distance_dm": _tenths(r.distance_m),
                **{name: getattr(r, name) for name in _WHOLE},
            }
        )
        self._crossings.append(
            {
                "time_ms": np.full(len(r.passed), time_ms),
                "movement": r.passed,
                "key": r.passed_key.astype(np.uint32),
            }
        )
        self._note_lamps(time_ms)
        self._first_ms = time_ms if self._first_ms < 0 else self._first_ms
        self._last_ms = time_ms
        self._steps += 1
        if self._steps % _GROUP_STEPS == 0:
            self._flush()

    def _note_lamps(self, time_ms: int) -> None:
        states = self._plant.signal_states()
        times, junctions, shown = self._lamps
        for j, state in enumerate(states):
            if not self._shown or self._shown[j] != state:
                times.append(time_ms)
                junctions.append(j)
                shown.append(state)
        self._shown = list(states)

    def _flush(self) -> None:
        for writer, schema, parts in (
            (self._vehicles, _VEHICLES, self._rows),
            (self._passed, _PASSED, self._crossings),
        ):
            if parts:
                columns = {name: np.concatenate([part[name] for part in parts]) for name in schema.names}
                order = np.argsort(columns["key"], kind="stable")  # one vehicle's rows together compress to a third
                writer.write_table(pa.table({k: v[order] for k, v in columns.items()}, schema=schema))
            parts.clear()

    def finish(self, about: dict[str, Any]) -> None:
        """Complete the files; ``about`` goes into ``recording.json``."""
        self._flush()
        self._vehicles.close()
        self._passed.close()
        pq.write_table(
            pa.table(dict(zip(_LAMPS.names, self._lamps, strict=True)), schema=_LAMPS), self._folder / "lamps.parquet"
        )
        own = {
            "network": self._digest,
            "first_ms": self._first_ms,
            "last_ms": self._last_ms,
            "step_ms": (self._last_ms - self._first_ms) // max(self._steps - 1, 1),
        }
        (self._folder / FILE).write_text(json.dumps({**own, **about}, indent=1), encoding="utf-8")


@dataclass(slots=True)
class _Group:
    """Rows of a minute, in order of time."""

    times_ms: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]

    def rows(self, time_ms: int) -> slice:
        first, last = np.searchsorted(self.times_ms, (time_ms, time_ms + 1))
        return slice(int(first), int(last))


class ReplayPlant:
    """A recording as a plant: it shows what was, whatever it is commanded.

    Raises
    ------
    InputError
        If the folder holds no finished recording, or one of another network.
    """

    def __init__(self, folder: Path, network: Network) -> None:
        self.about = about_recording(folder)
        if self.about["network"] != (digest := network_digest(network)):
            raise InputError(
                f"{folder / FILE}: recorded on a network with digest {self.about['network']}, this one has {digest}; "
                "record it again"
            )
        self._vehicles = _groups(folder / "vehicles.parquet")
        self._crossings = _groups(folder / "passed.parquet")
        self._now = self._passed = _Group(np.empty(0, np.int64), {})
        lamps = pq.read_table(folder / "lamps.parquet")
        self._changes = list(zip(*(lamps.column(name).to_pylist() for name in _LAMPS.names), strict=True))
        self._next_change = 0
        self._states = [""] * len(network.junctions)
        self._step_ms = int(self.about["step_ms"])
        self._end_ms = int(self.about["last_ms"])
        self._time_ms = int(self.about["first_ms"]) - self._step_ms

    @property
    def time_ms(self) -> int:
        """Time of the recording in milliseconds."""
        return self._time_ms

    @property
    def over(self) -> bool:
        """Whether the last step has been shown."""
        return self._time_ms >= self._end_ms

    def step(self) -> None:
        """Go on by one step."""
        if self.over:
            raise InputError(f"the recording ends at {self._end_ms / 1000:g} s")
        self._time_ms += self._step_ms
        if not len(self._now.times_ms) or self._time_ms > self._now.times_ms[-1]:
            self._now = next(self._vehicles, self._now)
            self._passed = next(self._crossings, self._passed)
        while self._next_change < len(self._changes) and self._changes[self._next_change][0] <= self._time_ms:
            _, junction, state = self._changes[self._next_change]
            self._states[junction] = state
            self._next_change += 1

    def read(self) -> Readings:
        """Return all vehicles of this step; without names."""
        rows, passed = self._now.rows(self._time_ms), self._passed.rows(self._time_ms)
        v = {name: column[rows] for name, column in self._now.columns.items()}
        distance = v["distance_dm"]
        return Readings(
            ids=(),
            position_m=v["position_dm"] / 10,
            speed_mps=v["speed_cmps"] / 100,
            length_m=v["length_dm"] / 10,
            distance_m=np.where(distance < 0, np.inf, distance / 10),
            key=v["key"].astype(np.int64),
            passed=self._passed.columns["movement"][passed],
            passed_key=self._passed.columns["key"][passed].astype(np.int64),
            **{name: v[name] for name in _WHOLE},
        )

    def signal_states(self) -> Sequence[str]:
        """Return the lamps that were shown."""
        return tuple(self._states)

    def apply(self, commands: Sequence[Command]) -> None:
        """Do nothing: what was, was."""

    def close(self) -> None:
        """Let go of the files."""
        self._vehicles = self._crossings = iter(())


def about_recording(folder: Path) -> dict[str, Any]:
    """Return ``recording.json``."""
    path = folder / FILE
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); the folder holds no finished recording") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: broken JSON ({error}); record it again") from None
    return found


def _groups(path: Path) -> Iterator[_Group]:
    file = pq.ParquetFile(path)
    for i in range(file.num_row_groups):
        table = file.read_row_group(i)
        columns = {name: table.column(name).to_numpy() for name in table.column_names}
        order = np.argsort(columns["time_ms"], kind="stable")
        columns = {name: column[order] for name, column in columns.items()}
        yield _Group(columns.pop("time_ms"), columns)


def _tenths(metres: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return tenths of a metre; -1 where infinite."""
    return np.where(np.isfinite(metres), np.round(10 * np.where(np.isfinite(metres), metres, 0)), -1).astype(np.int32)
