"""Reads a recorded run so that it can be run again, and checks the audit's chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from citybrain.errors import InputError
from citybrain.operations.live.config import RoomConfig
from citybrain.operations.live.reports import Input
from citybrain.operations.live.seat import SeatAnswer
from citybrain.operations.record.database import shown
from citybrain.operations.record.tables import audit, ends, inputs, runs, ticks

_FIELDS = (
    "id", "run_id", "tick", "time_s", "when", "who", "role", "kind", "where", "why", "old", "new", "action_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A run as it was recorded.

    Attributes
    ----------
    inputs : dict of int to tuple of Input
        By tick; the policy's answers are in ``seat``.
    seat : dict of int to SeatAnswer
        By the plant's milliseconds.
    digests : dict of int to str
        Chained hash of the commands by tick.
    """

    run_id: str
    config: RoomConfig
    digest: str
    scenario_key: str
    state_sha256: str
    started: str
    ended: str
    inputs: dict[int, tuple[Input, ...]]
    seat: dict[int, SeatAnswer]
    digests: dict[int, str]


def list_runs(engine: sa.Engine) -> list[dict[str, Any]]:
    """Return all runs, the oldest first: id, scenario, start, ticks recorded, end."""
    count = sa.select(ticks.c.run_id, sa.func.count().label("ticks")).group_by(ticks.c.run_id).subquery()
    query = (
        sa.select(runs.c.run_id, runs.c.scenario, runs.c.started, count.c.ticks, ends.c.ended, ends.c.why)
        .outerjoin(count, count.c.run_id == runs.c.run_id)
        .outerjoin(ends, ends.c.run_id == runs.c.run_id)
        .order_by(runs.c.when_s)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def read_run(engine: sa.Engine, run_id: str | None = None) -> RecordedRun:
    """Read a run; the longest one where none is named.

    Raises
    ------
    InputError
        If there is no such run, or its first ticks are gone.
    """
    where = shown(engine.url.render_as_string(hide_password=True))
    known = [row for row in list_runs(engine) if row["ticks"]]
    if run_id is None:
        if not known:
            raise InputError(f"{where}: holds 0 runs that can be played")
        run_id = str(max(known, key=lambda row: row["ticks"])["run_id"])
    with engine.connect() as connection:
        head = connection.execute(sa.select(runs).where(runs.c.run_id == run_id)).mappings().first()
        if head is None:
            names = ", ".join(str(row["run_id"]) for row in known) or "none"
            raise InputError(f"{where}: no run {run_id!r} (runs: {names})")
        ended = connection.execute(sa.select(ends.c.ended).where(ends.c.run_id == run_id)).scalar()
        digests = {
            int(tick): str(digest)
            for tick, digest in connection.execute(
                sa.select(ticks.c.tick, ticks.c.digest).where(ticks.c.run_id == run_id).order_by(ticks.c.tick)
            )
        }
        rows = connection.execute(
            sa.select(inputs.c.tick, inputs.c.kind, inputs.c.data, ticks.c.time_ms)
            .join(ticks, (ticks.c.run_id == inputs.c.run_id) & (ticks.c.tick == inputs.c.tick))
            .where(inputs.c.run_id == run_id)
            .order_by(inputs.c.tick, inputs.c.place)
        ).all()
    first, last = min(digests, default=0), max(digests, default=0)
    if first != 1 or len(digests) != last:
        raise InputError(
            f"{where}: run {run_id} has {len(digests)} ticks from {first} to {last}: its beginning is older than runs "
            "are kept, or rows are missing; it cannot be run again"
        )
    given: dict[int, tuple[Input, ...]] = {}
    seat: dict[int, SeatAnswer] = {}
    for tick, kind, data, time_ms in rows:
        if kind == "policy":
            seat[int(time_ms)] = SeatAnswer(**data)
        else:
            given[int(tick)] = (*given.get(int(tick), ()), Input(str(kind), data))
    return RecordedRun(
        run_id=run_id,
        config=RoomConfig.model_validate(head["config"]),
        digest=head["digest"],
        scenario_key=head["scenario_key"],
        state_sha256=head["state_sha256"],
        started=head["started"],
        ended=ended or "",
        inputs=given,
        seat=seat,
        digests=digests,
    )


def chained(before: str, entry: Mapping[str, Any]) -> str:
    """Return the chain after an entry of the audit."""
    text = json.dumps({name: entry[name] for name in _FIELDS}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((before + text).encode()).hexdigest()


def check_chain(engine: sa.Engine) -> tuple[int, int | None]:
    """Check the audit from its oldest entry; return how many entries there are and the first that does not fit."""
    before: str | None = None
    number = 0
    with engine.connect() as connection:
        for row in connection.execute(sa.select(audit).order_by(audit.c.id)).mappings():
            if before is not None and chained(before, dict(row)) != row["chain"]:
                return number, int(row["id"])
            if before is None and row["id"] == 1 and chained("", dict(row)) != row["chain"]:
                return number, 1
            before = str(row["chain"])
            number += 1
    return number, None
