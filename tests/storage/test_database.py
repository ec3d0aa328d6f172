"""One connection, one owner: transactions grouped, isolated from each other, and safe from cancellation."""

import asyncio
import inspect
import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing

import aiosqlite
import pytest

from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import DatabaseLocked
from forge_tui.storage import database
from forge_tui.storage.database import Database
from inline_sqlite import inline_sqlite
from store_builders import a_database, rows_of_file

CLOCK = SystemClock()


def _make_table(connection):
    connection.execute("CREATE TABLE notes (text TEXT UNIQUE)")


def _insert(text):
    def insert(connection):
        connection.execute("INSERT INTO notes VALUES (?)", (text,))
        return text

    return insert


def _texts(connection):
    return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]


async def _together(*coroutines):
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    await asyncio.wait(tasks)
    return [task.exception() or task.result() for task in tasks]


def _insert_all(connection, texts):
    return [_insert(text)(connection) for text in texts]


async def test_writes_that_wait_together_share_one_commit():
    async with a_database() as database:
        await database.write(_make_table)
        before = database.commits
        await _together(*(database.write(_insert(f"note {n}")) for n in range(100)))
        assert database.commits == before + 1
        assert len(await database.read(_texts)) == 100


async def test_writes_that_come_during_a_commit_share_the_next_one():
    async with a_database() as database:
        await database.write(_make_table)
        before = database.commits
        first = asyncio.ensure_future(database.write(_insert("first")))
        await CLOCK.sleep(0)
        numbers = await _together(*(database.write_numbered(_insert_all, f"note {n}") for n in range(50)))
        assert await first == "first"
        assert {number for _, number in numbers} == {before + 2}


async def test_items_of_one_kind_that_wait_together_go_into_one_call_and_each_gets_its_own_result():
    calls = []

    def insert_all(connection, texts):
        calls.append(list(texts))
        return _insert_all(connection, texts)

    async with a_database() as database:
        await database.write(_make_table)
        outcomes = await _together(*(database.write_numbered(insert_all, text) for text in "abc"))
        assert [text for text, _ in outcomes] == ["a", "b", "c"]
        assert calls == [["a", "b", "c"]]


async def test_of_items_that_go_together_a_failing_one_harms_no_other():
    async with a_database() as database:
        await database.write(_make_table)
        outcomes = await _together(*(database.write_numbered(_insert_all, text) for text in ("a", "b", "a", "c")))
        assert str(outcomes.pop(2)) == "UNIQUE constraint failed: notes.text"
        assert [text for text, _ in outcomes] == ["a", "b", "c"]
        assert await database.read(_texts) == ["a", "b", "c"]


async def test_a_failing_write_takes_no_other_with_it_and_raises_to_its_caller_alone():
    async with a_database() as database:
        await database.write(_make_table)
        outcomes = await _together(*(database.write(_insert(text)) for text in ("a", "b", "a", "c")))
        assert [str(outcome) for outcome in outcomes] == ["a", "b", "UNIQUE constraint failed: notes.text", "c"]
        assert await database.read(_texts) == ["a", "b", "c"]


async def test_a_failing_write_leaves_nothing_of_itself_behind():
    def insert_then_fail(connection):
        connection.execute("INSERT INTO notes VALUES ('half')")
        raise RuntimeError("a bug")

    async with a_database() as database:
        await database.write(_make_table)
        with pytest.raises(RuntimeError, match="a bug"):
            await database.write(insert_then_fail)
        assert await database.read(_texts) == []


async def test_two_hundred_cancelled_writers_leave_the_connection_usable():
    async with a_database() as database:
        await database.write(_make_table)
        for n in range(200):
            writer = asyncio.ensure_future(database.write(_insert(f"cancelled {n}")))
            for _ in range(n % 5):
                await CLOCK.sleep(0)
            writer.cancel()
        await database.write(_insert("after"))
        kept = await database.read(_texts)
        assert kept[-1] == "after"
        assert not await database.read(lambda connection: connection.in_transaction)


async def test_a_cancelled_writer_that_had_handed_its_work_over_has_written():
    async with a_database() as database:
        await database.write(_make_table)
        writer = asyncio.ensure_future(database.write(_insert("paid for")))
        await CLOCK.sleep(0)
        writer.cancel()
        await asyncio.wait([writer])
        assert writer.cancelled()
        await database.write(_insert("next"))
        assert await database.read(_texts) == ["paid for", "next"]


async def test_close_finishes_what_waits(tmp_path):
    path = tmp_path / "forge.db"
    async with a_database(path) as database:
        await database.write(_make_table)
        writers = [asyncio.ensure_future(database.write(_insert(f"note {n}"))) for n in range(20)]
        await CLOCK.sleep(0)
    assert [writer.result() for writer in writers] == [f"note {n}" for n in range(20)]
    assert len(rows_of_file(path, "SELECT * FROM notes")) == 20


async def test_after_closing_the_log_is_empty(tmp_path):
    path = tmp_path / "forge.db"
    async with a_database(path) as database:
        await database.write(_make_table)
        await database.write(_insert("x" * 100_000))
        assert (tmp_path / "forge.db-wal").stat().st_size > 100_000
    log = tmp_path / "forge.db-wal"
    assert not log.exists() or log.stat().st_size == 0
    assert rows_of_file(path, "SELECT length(text) FROM notes") == [(100_000,)]


async def test_every_file_is_for_its_owner_alone(tmp_path):
    async with a_database(tmp_path / "state" / "forge.db") as database:
        await database.write(_make_table)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "state").iterdir()}
    assert set(modes) == {"forge.db", "forge.db-wal", "forge.db-shm", "forge.db.lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


async def test_a_second_opener_learns_who_owns_the_database_and_since_when(tmp_path):
    """D36: a second process is refused instead of doubling every limit."""
    path = tmp_path / "forge.db"
    began = CLOCK.wall()
    async with a_database(path):
        with pytest.raises(DatabaseLocked) as refusal:
            await Database.open(path, clock=CLOCK)
        assert refusal.value.pid == os.getpid()
        assert began <= refusal.value.since <= CLOCK.wall()
        since = time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(refusal.value.since))
        assert f"in use by process {os.getpid()} since {since}" in str(refusal.value)
    async with a_database(path):
        pass  # given free by the first


async def test_a_killed_owner_leaves_no_lock_behind(tmp_path):
    path = tmp_path / "forge.db"
    script = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from forge_tui.core.clock import SystemClock\n"
        "from forge_tui.storage.database import Database\n"
        "async def own():\n"
        "    database = await Database.open(Path(sys.argv[1]), clock=SystemClock())\n"
        "    await database.write(lambda c: c.execute('CREATE TABLE kept (x)') and None)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(own())\n"
    )
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -9
    async with a_database(path) as database:
        assert await database.read(lambda c: c.execute("SELECT count(*) FROM kept").fetchone()) == (0,)


async def test_the_lock_is_not_inherited_by_programs_started_meanwhile(tmp_path):
    path = tmp_path / "forge.db"
    async with a_database(path):
        sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)  # noqa: ASYNC220
    try:
        async with a_database(path):
            pass
    finally:
        sleeper.communicate(b"\n")


async def test_the_connection_is_set_for_power_cuts_and_privacy(tmp_path):
    wanted = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "secure_delete": 1, "foreign_keys": 1}
    async with a_database(tmp_path / "forge.db") as database:
        found = {
            name: await database.read(lambda c, name=name: c.execute(f"PRAGMA {name}").fetchone()[0])
            for name in [*wanted, "temp_store", "journal_size_limit"]
        }
    assert found == wanted | {"temp_store": 2, "journal_size_limit": 64 * 1024**2}


async def test_two_databases_in_memory_know_nothing_of_each_other():
    async with a_database() as one, a_database() as other:
        await one.write(_make_table)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await other.read(_texts)


async def test_it_runs_inline_for_tests_in_virtual_time():
    with inline_sqlite():
        async with a_database() as database:
            await database.write(_make_table)
            before = database.commits
            await _together(*(database.write(_insert(f"note {n}")) for n in range(10)))
            assert database.commits == before + 1


def test_aiosqlite_still_has_the_one_hop_that_the_store_is_built_on():
    assert inspect.iscoroutinefunction(aiosqlite.Connection._execute)
    assert isinstance(aiosqlite.Connection._conn, property)


def test_whatever_ends_a_group_of_writes_leaves_no_transaction_open():
    """The next one would find the connection inside it."""

    def interrupted(connection):
        connection.execute("CREATE TABLE half (x)")
        raise SystemExit

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with pytest.raises(SystemExit):
            database._commit_group([database._Alone(interrupted)], connection)
        assert not connection.in_transaction
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
