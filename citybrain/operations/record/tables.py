"""The tables of the record. Rows are only ever added, and removed when they are older than they are kept."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("scenario", sa.Text, nullable=False),
    sa.Column("started", sa.String(40), nullable=False),
    sa.Column("when_s", sa.Float, nullable=False, index=True),
    sa.Column("config", sa.JSON, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("scenario_key", sa.String(64), nullable=False),
    sa.Column("state_sha256", sa.String(64), nullable=False),
    sa.Column("versions", sa.JSON, nullable=False),
    sa.Column("after", sa.String(64), nullable=False),
)
"""A run of the plant. ``after`` is the run that it goes on from where the plant was lost; ``digest`` that before its first tick."""

ends = sa.Table(
    "ends",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("ended", sa.String(40), nullable=False),
    sa.Column("when_s", sa.Float, nullable=False, index=True),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("ticks", sa.Integer, nullable=False),
)

ticks = sa.Table(
    "ticks",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("when_s", sa.Float, nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False),
)
"""The chained hash of all commands up to each tick."""

inputs = sa.Table(
    "inputs",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("when_s", sa.Float, nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)
"""All that had an effect on a run from outside, by the tick that it had it in."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("when_s", sa.Float, nullable=False, index=True),
    sa.Column("time_s", sa.Float, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("junction", sa.String(200), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

lamps = sa.Table(
    "lamps",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("junction", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("when_s", sa.Float, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
)
"""What was commanded; junctions by their index in the network."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("tick", sa.Integer, nullable=False),
    sa.Column("time_s", sa.Float, nullable=False),
    sa.Column("when_s", sa.Float, nullable=False, index=True),
    sa.Column("when", sa.String(40), nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("where", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("old", sa.JSON, nullable=False),
    sa.Column("new", sa.JSON, nullable=False),
    sa.Column("action_id", sa.String(64), nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
)
"""``chain`` is the hash of the entry and of the chain before it: an entry that was changed or taken out shows."""

SHORT_LIVED = (ticks, inputs, events, lamps)
"""What a run needs to be run again, kept for days; runs and audit are kept for longer."""
