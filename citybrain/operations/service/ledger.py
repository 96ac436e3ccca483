"""Writes the record of a room: runs, ticks, and the audit with its chain."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from time import time
from typing import Any

import numpy as np
import sqlalchemy as sa

from citybrain.detection.tokens import is_genuine
from citybrain.messages import PriorityRequest
from citybrain.operations.actions import AuditEntry
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.reports import Hello, Input, TickReport
from citybrain.operations.record.database import last_audit, read_audit
from citybrain.operations.record.journal import Row
from citybrain.operations.record.reader import chained
from citybrain.operations.record.recorder import Recorder
from citybrain.simulation.sumo import sumo_version

_RECENT = 1000
_FIELDS = frozenset(AuditEntry.model_fields)


def utc(seconds: float | None = None) -> str:
    """Return wall-clock time, UTC."""
    return datetime.fromtimestamp(time() if seconds is None else seconds, UTC).isoformat(timespec="milliseconds")


class Ledger:
    """See the module.

    Parameters
    ----------
    recorder : Recorder, optional
        Nothing is written where not given: a run that is played again has been recorded before.
    key : bytes
        Of emergency requests: the record says whether one was genuine, and never has its signature.
    told : callable
        Is told of every entry of the audit.
    """

    def __init__(self, recorder: Recorder | None, *, key: bytes, told: Callable[[AuditEntry], None]) -> None:
        self.recorder, self._key, self._told = recorder, key, told
        self._lock = Lock()
        self._id, self._chain = (0, "") if recorder is None else last_audit(recorder.engine)
        self._recent: deque[AuditEntry] = deque(maxlen=_RECENT)
        self.run_id, self._ticks = "", 0

    def begin_run(
        self, run_id: str, config: RoomConfig, hello: Hello, *, scenario_key: str, after: str, state: Path | None
    ) -> None:
        """Record that a run begins."""
        self.run_id, self._ticks = run_id, 0
        digest = "" if state is None else hashlib.sha256(state.read_bytes()).hexdigest()
        row = {
            "run_id": run_id,
            "scenario": config.scenario,
            "started": utc(),
            "when_s": time(),
            "config": json.loads(config.model_dump_json()),
            "digest": hello.digest,
            "scenario_key": scenario_key,
            "state_sha256": digest,
            "versions": {"citybrain": version("citybrain"), "sumo": sumo_version()},
            "after": after,
        }
        self._put([("runs", row)], durable=True, force=True)

    def end_run(self, why: str) -> None:
        """Record that it is over."""
        if self.run_id:
            row = {"run_id": self.run_id, "ended": utc(), "when_s": time(), "why": why[:500], "ticks": self._ticks}
            self._put([("ends", row)], durable=True, force=True)

    def tick(self, report: TickReport) -> None:
        """Record a tick."""
        self._ticks = report.tick
        head = {"run_id": self.run_id, "tick": report.tick, "when_s": report.when_s}
        rows: list[Row] = [("ticks", {**head, "time_ms": report.time_ms, "digest": report.digest})]
        rows += [
            ("inputs", {**head, "place": k, "kind": given.kind, "data": self._without_secrets(given)})
            for k, given in enumerate(report.inputs)
        ]
        rows += [("lamps", {**head, "junction": j, "state": state}) for j, state in report.lamps]
        rows += [
            (
                "events",
                {
                    **head, "place": k, "time_s": event.time_s, "kind": event.kind, "junction": event.junction_id,
                    "data": plain(event.data),
                },
            )
            for k, event in enumerate(report.events)
        ]  # fmt: skip
        self._put(rows)

    def _without_secrets(self, given: Input) -> dict[str, Any]:
        data = dict(given.data)
        if given.kind == "request":
            data["token"] = "genuine" if is_genuine(PriorityRequest(**data), self._key) else "forged"
        return data

    def enter(
        self,
        *,
        kind: str,
        where: str,
        who: str,
        role: str,
        why: str,
        old: dict[str, Any],
        new: dict[str, Any],
        tick: int,
        time_s: float,
        action_id: str = "",
        force: bool = False,
    ) -> AuditEntry:
        """Make an entry of the audit; it is on the disk when this returns.

        Parameters
        ----------
        force : bool
            Go on although no disk takes it: it stays in memory until one does.

        Raises
        ------
        RecordError
            If it cannot be recorded.
        """
        with self._lock:
            now_s = time()
            entry = AuditEntry(
                id=self._id + 1, run_id=self.run_id, tick=tick, time_s=time_s, when=utc(now_s), who=who, role=role,
                kind=kind, where=where, why=why, old=plain(old), new=plain(new), action_id=action_id,
            )  # fmt: skip
            row = entry.model_dump()
            chain = chained(self._chain, row)
            self._put([("audit", {**row, "when_s": now_s, "chain": chain})], durable=True, force=force)
            self._id, self._chain = entry.id, chain
            self._recent.append(entry)
        self._told(entry)
        return entry

    def _put(self, rows: Sequence[Row], *, durable: bool = False, force: bool = False) -> None:
        if self.recorder is not None:
            self.recorder.put(rows, durable=durable, force=force)

    def audit(self, *, limit: int, before: int | None, kind: str | None) -> list[AuditEntry]:
        """Return entries, the newest first: those of this room from memory, older ones from the database."""
        recent = [
            entry
            for entry in reversed(self._recent)
            if (before is None or entry.id < before) and (kind is None or entry.kind == kind)
        ][:limit]
        if len(recent) == limit or self.recorder is None:
            return recent
        oldest = self._recent[0].id if self._recent else self._id + 1
        try:
            rows = read_audit(
                self.recorder.engine,
                limit=limit - len(recent),
                before=min(oldest, before or oldest),
                kind=kind,
            )
        except sa.exc.SQLAlchemyError:
            return recent
        return recent + [AuditEntry(**{k: v for k, v in row.items() if k in _FIELDS}) for row in rows]


def plain(value: Any) -> Any:
    """Return data as JSON can have it."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    return value if isinstance(value, str | int | bool | type(None)) else str(value)
