"""What the long runs of a room look at: its API, its processes, its consoles."""

from __future__ import annotations

import subprocess
import time
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
import psutil

_SERVED = (("loop", "citybrain.operations.live.process"), ("policy", "citybrain.signals.plugin_host"))

_STATE_LOOKS = 10


class Room:
    """A room in a process of its own, until the end of a ``with`` block.

    Parameters
    ----------
    end_s : float
        When its run ends, seconds of the scenario's clock.
    """

    def __init__(self, process: subprocess.Popen[Any], url: str, *, end_s: float) -> None:
        self.process, self.url, self.end_s = process, url, end_s
        self._client = httpx.Client(base_url=url, timeout=20.0)

    def get(self, path: str) -> Any:
        """Return what the API answers; None where it does not."""
        try:
            answer = self._client.get(path)
        except httpx.HTTPError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def health(self) -> dict[str, Any] | None:
        """Return how well it is."""
        found: dict[str, Any] | None = self.get("/api/health")
        return found

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return its processes by what they do."""
        found: dict[str, list[psutil.Process]] = {"loop": [], "policy": [], "service": [], "other": []}
        try:
            service = psutil.Process(self.process.pid)
            found["service"].append(service)
            for child in service.children(recursive=True):
                line = " ".join(child.cmdline())
                found[next((name for name, part in _SERVED if part in line), "other")].append(child)
        except psutil.Error:
            pass
        return found

    def close(self) -> None:
        """End it as Ctrl-C does."""
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


class Watch:
    """Looks at a room often, and sums up what it saw since the last row.

    Parameters
    ----------
    consoles : Consoles or None
        Real ones, if there are any.
    """

    def __init__(self, room: Room, consoles: Any) -> None:
        self._room, self._consoles = room, consoles
        self._begun_s = self._row_s = time.monotonic()
        self._ticks_ms: dict[int, float] = {}
        self._health: dict[str, Any] = {}
        self._looks = 0
        self._first = room.health() or {}
        self._cpu_s = {name: _cpu_s(found) for name, found in self._processes().items()}

    def _processes(self) -> dict[str, list[psutil.Process]]:
        found = self._room.processes()
        if self._consoles is not None:
            found["consoles"] = self._consoles.processes()
        return found

    def look(self) -> None:
        """Take note of the latest tick."""
        health = self._room.health()
        if health is not None:
            self._health = health
            self._ticks_ms[int(health["ticks"])] = float(health["tick_last_ms"])

    def is_over(self) -> bool:
        """Whether the run is at its end, or the room is gone."""
        if self._room.process.poll() is not None:
            return True
        self._looks += 1
        state = None if self._looks % _STATE_LOOKS else self._room.get("/api/state")  # it is large
        return state is not None and float(state["time_s"]) >= self._room.end_s - 1

    def row(self) -> dict[str, Any]:
        """Return what was since the last row; memory in MB, CPU in cores, ``late`` and ``ticks`` in ms."""
        now_s, state = time.monotonic(), self._room.get("/api/state") or {}
        row: dict[str, Any] = {
            "wall_s": now_s - self._begun_s,
            "time_s": float(state.get("time_s", np.nan)),
            "vehicles": float(state.get("vehicles", np.nan)),
        }
        for name, found in self._processes().items():
            cpu_s = _cpu_s(found)
            row[f"{name}_mb"] = memory_mb(found, shared=name == "consoles")
            row[f"{name}_cores"] = max(cpu_s - self._cpu_s.get(name, 0.0), 0.0) / max(now_s - self._row_s, 1e-3)
            self._cpu_s[name] = cpu_s
        ticks_ms, self._ticks_ms = list(self._ticks_ms.values()), {}
        row |= _quantiles("tick", ticks_ms)
        for name in ("missed_ticks", "late_ticks", "policy_failures", "simulator_restarts"):
            row[name] = float(self._health.get(name, 0)) - float(self._first.get(name, 0))
        late_ms = [] if self._consoles is None else self._consoles.late_ms()
        row |= _quantiles("map", [] if not late_ms else np.concatenate(late_ms).tolist())
        row["fewest_updates"] = float(min(map(len, late_ms), default=0))
        self._row_s = now_s
        return row


def _quantiles(name: str, values: list[float]) -> dict[str, Any]:
    """Return the values' number, median and tail; all of them for the summing up."""
    known = values or [np.nan]
    p50, p99 = np.percentile(known, (50, 99)).tolist()
    return {f"{name}s": float(len(values)), f"{name}_p50_ms": p50, f"{name}_p99_ms": p99, f"{name}_all_ms": values}


def _cpu_s(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            total += sum(process.cpu_times()[:2])
        except psutil.Error:
            continue
    return total


def memory_mb(processes: list[psutil.Process], *, shared: bool) -> float:
    """Return what processes have in memory, MiB; pages that they share count once where ``shared`` says so."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss if shared else process.memory_info().rss
        except psutil.Error:
            continue
    return total / 2**20
