"""The record: runs, ticks, inputs, events, lamps, and an audit that the database itself protects from changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_RUN = ("run_id", sa.String(64))


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column(*_RUN, primary_key=True),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("started", sa.String(40), nullable=False),
        sa.Column("when_s", sa.Float, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scenario_key", sa.String(64), nullable=False),
        sa.Column("state_sha256", sa.String(64), nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("after", sa.String(64), nullable=False),
    )
    op.create_table(
        "ends",
        sa.Column(*_RUN, primary_key=True),
        sa.Column("ended", sa.String(40), nullable=False),
        sa.Column("when_s", sa.Float, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("ticks", sa.Integer, nullable=False),
    )
    op.create_table(
        "ticks",
        sa.Column(*_RUN, primary_key=True),
        sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("when_s", sa.Float, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.create_table(
        "inputs",
        sa.Column(*_RUN, primary_key=True),
        sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("when_s", sa.Float, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column(*_RUN, primary_key=True),
        sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("when_s", sa.Float, nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("junction", sa.String(200), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "lamps",
        sa.Column(*_RUN, primary_key=True),
        sa.Column("tick", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("junction", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("when_s", sa.Float, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("tick", sa.Integer, nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("when_s", sa.Float, nullable=False),
        sa.Column("when", sa.String(40), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("where", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("old", sa.JSON, nullable=False),
        sa.Column("new", sa.JSON, nullable=False),
        sa.Column("action_id", sa.String(64), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    for table in ("runs", "ends", "ticks", "inputs", "events", "lamps", "audit"):
        op.create_index(f"ix_{table}_when_s", table, ["when_s"])
    for table in ("events", "audit"):
        op.create_index(f"ix_{table}_kind", table, ["kind"])
    _protect()


def _protect() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE ON audit FOR EACH ROW "
            "EXECUTE FUNCTION audit_is_append_only()"
        )
    else:
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        )


def downgrade() -> None:
    """Take them away, with all that is in them."""
    for table in ("audit", "lamps", "events", "inputs", "ticks", "ends", "runs"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS audit_is_append_only()")
