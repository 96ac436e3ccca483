"""Opens a database of the record: SQLite by a path, PostgreSQL by a URL; makes or migrates its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql, sqlite

from citybrain.errors import InputError
from citybrain.operations.record.tables import SHORT_LIVED, audit, metadata, runs

_CONNECT_S = 5
_MOST_ROWS = 500


def open_database(url: str, *, must_exist: bool = False) -> sa.Engine:
    """Open a database and bring its tables up to date.

    Parameters
    ----------
    url : str
        A path (SQLite), or a URL such as ``postgresql://user@host/name``.

    Raises
    ------
    InputError
        If it cannot be reached or is something else.
    """
    engine = sa.create_engine(_url(url, must_exist=must_exist), pool_pre_ping=True, **_options(url))
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except CommandError as error:
        raise InputError(
            f"{shown(url)}: is of another version of citybrain ({_one_line(error)}); update citybrain"
        ) from None
    except sa.exc.SQLAlchemyError as error:
        raise InputError(f"{shown(url)}: cannot be opened as a database ({_one_line(error)})") from None
    return engine


def migrate(connection: sa.Connection) -> None:
    """Bring the tables up to date."""
    config = Config()
    config.set_main_option("script_location", str(files("citybrain.operations.record") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _url(url: str, *, must_exist: bool) -> sa.URL:
    if "://" not in url:
        path = Path(url)
        if must_exist and not path.is_file():
            raise InputError(f"{url}: no such database")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path.parent}: {error.strerror}") from None
        return sa.URL.create("sqlite", database=str(path))
    try:
        made = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise InputError(f"{shown(url)}: not a database URL; such as postgresql://user@host/name") from None
    if made.drivername in ("postgres", "postgresql"):
        made = made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputError(f"{shown(url)}: {made.get_backend_name()} is not known; use SQLite or PostgreSQL")
    return made


def _options(url: str) -> dict[str, Any]:
    if url.startswith("postgres"):
        limits = f"-c statement_timeout={1000 * _CONNECT_S} -c lock_timeout={1000 * _CONNECT_S}"
        return {"connect_args": {"connect_timeout": _CONNECT_S, "options": limits}, "pool_size": 3}
    return {"connect_args": {"timeout": _CONNECT_S}}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def shown(url: str) -> str:
    """Return a URL without its password."""
    if "://" not in url:
        return url
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except (sa.exc.ArgumentError, ValueError):
        return "the database's URL"


def insert(connection: sa.Connection, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Add rows; those that are there already stay as they are."""
    by_table: dict[str, list[Mapping[str, Any]]] = {}
    for name, row in rows:
        by_table.setdefault(name, []).append(row)
    for name, found in by_table.items():
        table = metadata.tables[name]
        statement = (
            postgresql.insert(table).on_conflict_do_nothing()
            if connection.dialect.name == "postgresql"
            else sqlite.insert(table).on_conflict_do_nothing()
        )
        for begin in range(0, len(found), _MOST_ROWS):
            connection.execute(statement, list(found[begin : begin + _MOST_ROWS]))


def forget(connection: sa.Connection, *, runs_before_s: float, audit_before_s: float) -> int:
    """Remove what is older than it is kept (wall clock, seconds); return how many rows went."""
    gone = sum(
        connection.execute(sa.delete(table).where(table.c.when_s < runs_before_s)).rowcount for table in SHORT_LIVED
    )
    for table in (audit, runs):
        gone += connection.execute(sa.delete(table).where(table.c.when_s < audit_before_s)).rowcount
    return int(gone)


def last_audit(engine: sa.Engine) -> tuple[int, str]:
    """Return id and chain of the newest entry of the audit; 0 and nothing where there is none."""
    with engine.connect() as connection:
        row = connection.execute(sa.select(audit.c.id, audit.c.chain).order_by(audit.c.id.desc()).limit(1)).first()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def read_audit(
    engine: sa.Engine, *, limit: int, before: int | None = None, kind: str | None = None
) -> list[dict[str, Any]]:
    """Return entries of the audit, the newest first."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    if kind is not None:
        query = query.where(audit.c.kind == kind)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _one_line(error: BaseException) -> str:
    inner = getattr(error, "orig", None) or error
    return " ".join(str(inner).split())[:300]
