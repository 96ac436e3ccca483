"""Keeps the record: rows into the journal at once, from there into the database by a thread.

Where the database is lost the journal grows, and is put in when it is back. Where the disk of the journal
is full too, rows wait in memory; then changes are refused that cannot be recorded.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic, time

import sqlalchemy as sa

from citybrain.errors import CitybrainError
from citybrain.operations.record.database import forget, insert, open_database, shown
from citybrain.operations.record.journal import Journal, Row

log = logging.getLogger("citybrain")
_EVERY_S, _RETRY_S, _FORGET_S = 0.5, 2.0, 3600.0
_DRAIN_S = 15.0
_DAY_S = 86400.0


class RecordError(CitybrainError):
    """Something cannot be recorded now."""


class Recorder:
    """See the module.

    Parameters
    ----------
    url : str
        Of the database.
    journal : Path
    keep_days, keep_audit_days : float
        How long runs, and how long the audit, are kept.

    Attributes
    ----------
    status : str
        ``ok``; ``spooling`` (the database is lost, the journal keeps the record); ``lost`` (neither can be
        written to, rows wait in memory). ``problem`` says what to do.
    """

    def __init__(
        self,
        url: str,
        journal: Path,
        *,
        keep_days: float = 30.0,
        keep_audit_days: float = 730.0,
        open_: Callable[[str], sa.Engine] = open_database,
    ) -> None:
        self.url, self._keep_s, self._keep_audit_s = url, keep_days * _DAY_S, keep_audit_days * _DAY_S
        self.engine = open_(url)
        self._journal = Journal(journal)
        self._memory: deque[Row] = deque()
        self._lock, self._draining = Lock(), Lock()
        self._stop, self._wake = Event(), Event()
        self._database_problem = self._journal_problem = ""
        self._forgot_s = -_FORGET_S
        self.drain()  # what an earlier room left
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def status(self) -> str:
        """How it is."""
        if self._journal_problem and self._database_problem:
            return "lost"
        return "spooling" if self._database_problem or self._journal_problem else "ok"

    @property
    def problem(self) -> str:
        """What is wrong and what to do; nothing where all is well."""
        return "; ".join(part for part in (self._database_problem, self._journal_problem) if part)

    @property
    def waiting(self) -> int:
        """About how many rows are not in the database yet."""
        return len(self._memory) + self._journal.waiting_bytes // 200

    def put(self, rows: Sequence[Row], *, durable: bool = False, force: bool = False) -> None:
        """Record rows.

        Parameters
        ----------
        durable : bool
            Return only when they would survive a loss of power.
        force : bool
            Keep durable rows in memory where no disk takes them, in the place of an error.

        Raises
        ------
        RecordError
            If rows that must be durable cannot be written.
        """
        with self._lock:
            try:
                self._flush_memory()
                self._journal.add(rows, durable=durable)
            except OSError as error:
                self._journal_problem = (
                    f"{self._journal.path}: {error.strerror or error}; free space there, nothing is lost until then"
                )
                if durable and not force:
                    raise RecordError(f"cannot be recorded: {self._journal_problem}") from None
                self._memory.extend(rows)
        if durable:
            self._wake.set()

    def _flush_memory(self) -> None:
        """Move what waits in memory to the journal; the lock is held."""
        if self._memory:
            self._journal.add(list(self._memory), durable=True)
            self._memory.clear()
        self._journal_problem = ""

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(_EVERY_S if not self._database_problem else _RETRY_S)
            self._wake.clear()
            self.drain()
            self._forget()

    def drain(self) -> bool:
        """Put into the database what it has not taken yet; return whether it has all now.

        One thread at a time: rows that two had in hand would come back after they were forgotten.
        """
        if not self._draining.acquire(timeout=_DRAIN_S):
            return False
        try:
            return self._drain()
        finally:
            self._draining.release()

    def _drain(self) -> bool:
        if self._journal_problem:
            with self._lock:
                try:
                    self._flush_memory()
                except OSError:
                    self._straight_from_memory()
        try:
            while True:
                rows, place = self._journal.read()
                if not rows:
                    break
                with self.engine.begin() as connection:
                    insert(connection, rows)
                self._journal.take(place)
                self._database_problem = ""
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self._failed(error)
            return False
        if self._database_problem:
            self._try_again()
        return not self._database_problem

    def _straight_from_memory(self) -> None:
        """Bring memory to a database that is well where the journal's disk is not; the lock is held."""
        try:
            with self.engine.begin() as connection:
                insert(connection, list(self._memory))
            self._memory.clear()
            self._database_problem = ""
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self._failed(error)

    def _try_again(self) -> None:
        try:
            with self.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
            self._database_problem = ""
        except sa.exc.SQLAlchemyError as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        inner = getattr(error, "orig", None) or error
        if not self._database_problem:
            log.warning("the database was lost: %s", inner)
        self._database_problem = (
            f"database {shown(self.url)}: {' '.join(str(inner).split())[:200]}; "
            f"the record is kept in {self._journal.path} and put in when it is back"
        )

    def _forget(self) -> None:
        if self._database_problem or monotonic() - self._forgot_s < _FORGET_S:
            return
        self._forgot_s = monotonic()
        now_s = time()
        try:
            with self.engine.begin() as connection:
                forget(connection, runs_before_s=now_s - self._keep_s, audit_before_s=now_s - self._keep_audit_s)
        except sa.exc.SQLAlchemyError as error:
            self._failed(error)

    def close(self) -> None:
        """Write what waits, then stop. May be called twice."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._wake.set()
        self._thread.join(_DRAIN_S)
        self.drain()
        self._journal.close()
        self.engine.dispose()
