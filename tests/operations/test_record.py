"""The record on a real SQLite: nothing is lost whatever fails, and the audit shows what was changed."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from citybrain.errors import InputError
from citybrain.operations.record.database import forget, open_database, read_audit
from citybrain.operations.record.journal import Journal
from citybrain.operations.record.reader import chained, check_chain, list_runs, read_run
from citybrain.operations.record.recorder import Recorder, RecordError
from citybrain.operations.record.tables import audit, metadata, ticks


def tick(k, run="r"):
    return ("ticks", {"run_id": run, "tick": k, "time_ms": 1000 * k, "when_s": 1e9 + k, "digest": f"{k:x}"})


def entry(number, chain, **changes):
    row = {
        "id": number, "run_id": "r", "tick": 1, "time_s": 1.0, "when": "2026-01-01", "who": "ana", "role": "operator",
        "kind": "flash", "where": "J", "why": "because", "old": {"level": "adaptive"}, "new": {"kind": "flash"},
        "action_id": "a", **changes,
    }  # fmt: skip
    return {**row, "when_s": 1e9, "chain": chained(chain, row)}


@pytest.fixture
def opened():
    engines = []

    def open_(path):
        engines.append(open_database(str(path)))
        return engines[-1]

    yield open_
    for engine in engines:
        engine.dispose()


def count(engine, table=ticks):
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()


@pytest.fixture
def recorder(tmp_path):
    made = Recorder(str(tmp_path / "record.db"), tmp_path / "journal.jsonl", keep_days=1e6, keep_audit_days=1e6)
    yield made
    made.close()


def test_the_migrations_make_the_tables_that_the_code_knows(tmp_path, opened):
    engine = opened(tmp_path / "new" / "record.db")
    found = sa.inspect(engine)
    for table in metadata.tables.values():
        assert {c["name"] for c in found.get_columns(table.name)} == set(table.c.keys())
        assert set(found.get_pk_constraint(table.name)["constrained_columns"]) == set(table.primary_key.columns.keys())
    opened(tmp_path / "new" / "record.db")  # again: nothing to do


def test_rows_reach_the_database_and_the_journal_is_empty_at_the_end(recorder, tmp_path, opened):
    recorder.put([tick(k) for k in range(1, 1001)])
    recorder.put([("audit", entry(1, ""))], durable=True)
    recorder.close()
    engine = opened(tmp_path / "record.db")
    assert (count(engine), count(engine, audit)) == (1000, 1)
    assert (tmp_path / "journal.jsonl").stat().st_size == 0


def test_what_a_room_that_was_killed_left_is_put_in_by_the_next_one(tmp_path, opened):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add([tick(k) for k in range(1, 6)], durable=True)
    journal._file.close()
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'["ticks",{"run_id":"r","tick":6')  # the power went
    recorder = Recorder(str(tmp_path / "record.db"), tmp_path / "journal.jsonl", keep_days=1e6)
    recorder.put([tick(5), tick(6)])
    recorder.close()
    assert count(opened(tmp_path / "record.db")) == 6


def test_a_lost_database_is_said_and_all_is_put_in_when_it_is_back(recorder, tmp_path):
    with recorder.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ticks RENAME TO gone"))
    recorder.put([tick(k) for k in range(1, 51)])
    assert not recorder.drain()
    assert recorder.status == "spooling"
    assert "is kept in" in recorder.problem
    assert recorder.waiting > 0
    recorder.put([("audit", entry(1, ""))], durable=True)  # people can go on
    with recorder.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO ticks"))
    assert recorder.drain()
    assert recorder.status == "ok"
    assert (count(recorder.engine), count(recorder.engine, audit)) == (50, 1)


def full_disk(*_args, **_kwargs):
    raise OSError(28, "No space left on device")


def test_with_a_full_disk_a_change_that_cannot_be_recorded_is_refused_and_the_rest_is_kept(recorder, monkeypatch):
    with recorder.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ticks RENAME TO gone"))
    recorder.put([tick(1)])
    recorder.drain()
    with monkeypatch.context() as patched:
        patched.setattr(recorder._journal, "_write", full_disk)
        recorder.put([tick(2)])
        assert recorder.status == "lost"
        assert "No space left on device; free space there" in recorder.problem
        with pytest.raises(RecordError, match="cannot be recorded"):
            recorder.put([("audit", entry(1, ""))], durable=True)
        recorder.put([("audit", entry(1, ""))], durable=True, force=True)
    with recorder.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO ticks"))
    assert recorder.drain()
    assert recorder.status == "ok"
    assert (count(recorder.engine), count(recorder.engine, audit)) == (2, 1)


def test_a_journal_that_was_half_written_takes_the_rest_back(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    journal.add([tick(1)], durable=False)
    size = (tmp_path / "j.jsonl").stat().st_size
    write = journal._write

    def half(data):
        write(data[: len(data) // 2])
        full_disk()

    journal._write = half
    with pytest.raises(OSError, match="No space"):
        journal.add([tick(2), tick(3)], durable=True)
    assert (tmp_path / "j.jsonl").stat().st_size == size
    journal._write = write
    journal.add([tick(4)], durable=True)
    rows, place = journal.read()
    assert [row["tick"] for _, row in rows] == [1, 4]
    journal.take(place)
    assert journal.waiting_bytes == 0
    journal.close()


def test_the_database_itself_refuses_to_change_the_audit_and_the_chain_shows_what_was_taken_out(recorder):
    chain = ""
    for number in range(1, 6):
        row = entry(number, chain)
        chain = row["chain"]
        recorder.put([("audit", row)], durable=True)
    recorder.drain()
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), recorder.engine.begin() as connection:
        connection.execute(sa.update(audit).values(who="somebody else"))
    assert check_chain(recorder.engine) == (5, None)
    with recorder.engine.begin() as connection:
        connection.execute(sa.delete(audit).where(audit.c.id == 3))
    assert check_chain(recorder.engine) == (2, 4)
    assert [row["id"] for row in read_audit(recorder.engine, limit=2, before=5)] == [4, 2]


def test_old_rows_go_and_the_audit_stays_longer(recorder):
    recorder.put([tick(1), ("audit", entry(1, ""))], durable=True)
    recorder.drain()
    with recorder.engine.begin() as connection:
        assert forget(connection, runs_before_s=2e9, audit_before_s=0) == 1
        assert forget(connection, runs_before_s=2e9, audit_before_s=2e9) == 1


def run_row(run="r"):
    config = json.loads('{"scenario": "resco:cologne1"}')
    return ("runs", {
        "run_id": run, "scenario": "resco:cologne1", "started": "2026", "when_s": 1e9, "config": config, "digest": "d",
        "scenario_key": "k", "state_sha256": "", "versions": {}, "after": "",
    })  # fmt: skip


def test_a_run_is_read_back_with_its_inputs_and_one_with_a_gap_is_refused(recorder):
    given = {"run_id": "r", "tick": 2, "place": 0, "when_s": 1e9, "kind": "policy"}
    answer = {"fresh": True, "asked": True, "answered": False, "lost": False}
    recorder.put([run_row(), run_row("gap"), *(tick(k) for k in range(1, 4)), tick(1, "gap"), tick(3, "gap")])
    recorder.put([("inputs", {**given, "data": answer})])
    recorder.put([("inputs", {**given, "place": 1, "kind": "console", "data": {"ok": False}})])
    recorder.drain()
    run = read_run(recorder.engine)
    assert run.run_id == "r"
    assert run.seat[2000].fresh
    assert run.inputs == {2: (("console", {"ok": False}),)}
    assert run.digests == {1: "1", 2: "2", 3: "3"}
    assert [row["ticks"] for row in list_runs(recorder.engine)] == [3, 2]
    with pytest.raises(InputError, match="run gap has 2 ticks from 1 to 3"):
        read_run(recorder.engine, "gap")
    with pytest.raises(InputError, match="no run 'other'"):
        read_run(recorder.engine, "other")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://user:secret@host/name", "mysql is not known; use SQLite or PostgreSQL"),
        ("http://host/name", "cannot be opened|not a database URL|is not known"),
        ("postgresql://user:secret@127.0.0.1:9/none", "cannot be opened as a database"),
    ],
)
def test_a_database_that_is_none_is_one_line_without_the_password(url, complaint):
    with pytest.raises(InputError, match=complaint) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_line(tmp_path):
    (tmp_path / "x.db").write_text("hello " * 1000)
    with pytest.raises(InputError, match="cannot be opened as a database"):
        open_database(str(tmp_path / "x.db"))
    with pytest.raises(InputError, match="no such database"):
        open_database(str(tmp_path / "y.db"), must_exist=True)
    assert not (tmp_path / "y.db").exists()
