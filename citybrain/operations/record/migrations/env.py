"""Alembic's environment: migrates the connection that :func:`..database.open_database` passes in."""

from __future__ import annotations

from alembic import context

from citybrain.operations.record.tables import metadata

config = getattr(context, "config", None)  # there is none where Alembic does not run this file
if config is not None:
    context.configure(connection=config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
