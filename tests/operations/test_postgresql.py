"""The record on a real PostgreSQL server, which is stopped and started again."""

from __future__ import annotations

from threading import Event, current_thread

import pytest
import sqlalchemy as sa
from postgres import postgresql
from test_record import count, entry, run_row, tick

from citybrain.operations.record.database import forget, open_database
from citybrain.operations.record.reader import check_chain, read_run
from citybrain.operations.record.recorder import Recorder
from citybrain.operations.record.tables import audit, metadata

pytestmark = pytest.mark.sumo  # takes as long


@pytest.fixture(scope="module")
def server():
    with postgresql() as running:
        yield running


@pytest.fixture
def recorder(server, tmp_path):
    made = Recorder(server.url, tmp_path / "journal.jsonl", keep_days=1e6, keep_audit_days=1e6)
    yield made
    with made.engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.delete(table))
    made.close()


def test_the_migrations_make_the_tables_that_the_code_knows(recorder):
    found = sa.inspect(recorder.engine)
    for table in metadata.tables.values():
        assert {c["name"] for c in found.get_columns(table.name)} == set(table.c.keys())
    open_database(recorder.url).dispose()  # again: nothing to do


def test_a_run_and_its_audit_come_back_as_they_went_in(recorder):
    chain = ""
    recorder.put([run_row(), *(tick(k) for k in range(1, 1201))])
    for number in range(1, 4):
        row = entry(number, chain, new={"kind": "flash", "share": 0.1, "no": None, "words": "äöü → 直行"})
        chain = row["chain"]
        recorder.put([("audit", row)], durable=True)
    recorder.put([tick(5)])  # what is there already stays
    assert recorder.drain()
    assert len(read_run(recorder.engine).digests) == 1200
    assert check_chain(recorder.engine) == (3, None)


def test_the_server_refuses_to_change_the_audit(recorder):
    recorder.put([("audit", entry(1, ""))], durable=True)
    recorder.drain()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), recorder.engine.begin() as connection:
        connection.execute(sa.update(audit).values(who="somebody else"))
    with recorder.engine.begin() as connection:
        assert forget(connection, runs_before_s=0, audit_before_s=2e9) == 1


def test_rows_that_were_forgotten_do_not_come_back_by_a_thread_that_had_them_in_hand(recorder):
    has_them, go_on, done = Event(), Event(), Event()

    @sa.event.listens_for(recorder.engine, "begin")
    def hold(_connection):
        if current_thread().name == "recorder" and not has_them.is_set():
            has_them.set()
            go_on.wait(0.5)

    @sa.event.listens_for(recorder.engine, "commit")
    def end(_connection):
        if current_thread().name == "recorder":
            done.set()

    recorder.put([("audit", entry(1, ""))], durable=True)
    assert has_them.wait(5)
    assert recorder.drain()
    with recorder.engine.begin() as connection:
        assert forget(connection, runs_before_s=0, audit_before_s=2e9) == 1
    go_on.set()
    assert done.wait(5)
    assert count(recorder.engine, audit) == 0


def test_a_server_that_is_lost_loses_nothing(recorder, server):
    recorder.put([tick(1)])
    assert recorder.drain()
    server.stop()
    recorder.put([tick(2)])
    recorder.put([("audit", entry(1, ""))], durable=True)
    assert not recorder.drain()
    assert recorder.status == "spooling"
    server.start()
    assert recorder.drain()
    assert recorder.status == "ok"
    assert (count(recorder.engine), count(recorder.engine, audit)) == (2, 1)
