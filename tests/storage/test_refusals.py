"""What is not ours, newer, or damaged is refused and stays as it is; what is older is copied, then migrated."""

import hashlib
import random
import sqlite3
import stat
from contextlib import closing

import pytest

from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import DatabaseFault, DatabaseLocked, DatabaseRefused
from forge_tui.storage import owner, schema
from forge_tui.storage.database import Database, open_reader
from forge_tui.storage.owner import file_system_of
from forge_tui.storage.reader import Reader
from store_builders import DAY_S, NOW, a_database, a_job, a_store, all_rows, rows, rows_of_file


async def _refusal(path):
    before = hashlib.sha256(path.read_bytes()).digest()
    with pytest.raises(DatabaseRefused) as refusal:
        await Database.open(path, clock=SystemClock())
    assert hashlib.sha256(path.read_bytes()).digest() == before
    return str(refusal.value)


def _statements(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


async def _filled(path, count=50):
    async with a_store(path) as store:
        return await a_job(store, rows(count))


async def test_the_database_of_another_program_is_refused_untouched(tmp_path):
    path = tmp_path / "other.db"
    _statements(path, "PRAGMA journal_mode = WAL", "CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)")
    assert "another program" in await _refusal(path)
    assert {file.name for file in tmp_path.iterdir()} == {"other.db", "other.db.lock"}


async def test_a_foreign_database_with_a_log_keeps_both_files_as_they_are(tmp_path):
    path, log = tmp_path / "other.db", tmp_path / "other.db-wal"
    with closing(sqlite3.connect(path, isolation_level=None)) as theirs:
        theirs.execute("PRAGMA journal_mode = WAL")
        theirs.execute("PRAGMA application_id = 7")
        theirs.execute("CREATE TABLE theirs (x)")
        logged = log.read_bytes()
        assert "another program" in await _refusal(path)
        assert log.read_bytes() == logged != b""


async def test_a_newer_schema_is_refused_untouched_and_named(tmp_path):
    path = tmp_path / "forge.db"
    await _filled(path)
    newer = schema.newest_version() + 1
    _statements(path, f"PRAGMA user_version = {newer}")
    message = await _refusal(path)
    assert f"schema {newer}" in message
    assert "update" in message


async def test_text_and_noise_are_refused_untouched(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 1000, encoding="utf-8")
    assert "no database" in await _refusal(path)
    path.write_bytes(random.Random(7).randbytes(50_000))
    assert "no database" in await _refusal(path)


async def test_a_damaged_page_is_found_at_the_start(tmp_path):
    path = tmp_path / "forge.db"
    await _filled(path, count=500)
    content = bytearray(path.read_bytes())
    content[-20_000:-10_000] = random.Random(7).randbytes(10_000)
    path.write_bytes(content)
    assert "damaged" in await _refusal(path)


async def test_a_cut_off_file_is_refused_untouched(tmp_path):
    path = tmp_path / "forge.db"
    await _filled(path, count=500)
    path.write_bytes(path.read_bytes()[:30_000])
    assert "damaged" in await _refusal(path)


async def test_an_empty_file_becomes_a_database(tmp_path):
    path = tmp_path / "forge.db"
    path.touch(mode=0o644)
    await _filled(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert rows_of_file(path, "PRAGMA user_version") == [(schema.newest_version(),)]


async def test_an_older_database_is_copied_aside_and_then_migrated(tmp_path, monkeypatch):
    older = schema.newest_version()
    path, copy = tmp_path / "forge.db", tmp_path / f"forge.db.v{older}.bak"
    job_id = await _filled(path)
    later = ("ALTER TABLE jobs ADD COLUMN colour TEXT", "UPDATE jobs SET colour = 'blue'")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, later))
    async with a_store(path) as store:
        assert len(await all_rows(store, job_id)) == 50
    assert rows_of_file(path, "SELECT colour FROM jobs") == [("blue",)]
    assert rows_of_file(path, "PRAGMA user_version") == [(older + 1,)]
    assert rows_of_file(copy, "SELECT count(*) FROM tickets") == [(50,)]
    assert rows_of_file(copy, "PRAGMA user_version") == [(older,)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


_VERSION_1 = """
INSERT INTO jobs (files, input_sha256, provider, base_url, model, prompt_version, settings, state, created_at)
    VALUES ('[]', '', 'openai', '', 'm', '1', '{}', 'running', :now);
INSERT INTO tickets (job_id, position, state, complexity, leader, source, category, priority, summary, settled_at, key,
        words, estimated_tokens, truncated, line, file, text)
    VALUES (1, 1, 'done', 'simple', NULL, 'model', 'billing', 'high', 'Charged twice', :now, :key, 1, 1, 0, 1, '', 'a'),
           (1, 2, 'done', 'simple', 1, 'twin', 'billing', 'high', 'Charged twice', :now, :key, 1, 1, 0, 2, '', 'A'),
           (1, 3, 'queued', 'simple', NULL, NULL, NULL, NULL, NULL, NULL, :other, 1, 1, 0, 3, '', 'b');
INSERT INTO cache (key, stored_at, category, priority, summary, tokens, cost)
    VALUES (:key, :now, 'billing', 'high', 'Charged twice', 9, 0.1)
"""


async def test_what_version_1_knew_is_known_and_its_open_tickets_go_on(tmp_path):
    path, whole = tmp_path / "forge.db", bytes(range(32))
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in schema.MIGRATIONS[0]:
            connection.execute(statement)
        for statement in _VERSION_1.split(";"):
            connection.execute(statement, {"now": NOW, "key": whole, "other": whole[::-1]})
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    async with a_store(path) as store:
        assert await store.cached([whole[:16], whole[:15:-1]], NOW + 1, DAY_S) == {whole[:16]}
        assert [ticket.state for ticket in await all_rows(store, 1)] == ["done", "done", "queued"]


async def test_a_migration_that_fails_halfway_leaves_the_old_database_and_can_begin_again(tmp_path, monkeypatch):
    path = tmp_path / "forge.db"
    await _filled(path)
    good = schema.MIGRATIONS
    halfway = ("ALTER TABLE jobs ADD COLUMN colour TEXT", "UPDATE nowhere SET colour = 'blue'")
    monkeypatch.setattr(schema, "MIGRATIONS", (*good, halfway))
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        await Database.open(path, clock=SystemClock())
    assert rows_of_file(path, "PRAGMA user_version") == [(len(good),)]
    monkeypatch.setattr(schema, "MIGRATIONS", (*good, halfway[:1]))
    async with a_database(path):
        pass
    assert rows_of_file(path, "SELECT count(colour) FROM jobs") == [(0,)]


async def test_a_new_database_needs_no_copy(tmp_path):
    await _filled(tmp_path / "forge.db")
    assert not list(tmp_path.glob("*.bak"))


async def test_a_folder_in_place_of_the_file_is_a_fault_with_its_name(tmp_path):
    with pytest.raises(DatabaseFault, match=str(tmp_path)):
        await Database.open(tmp_path, clock=SystemClock())


async def test_a_file_in_place_of_the_folder_is_a_fault_with_its_name(tmp_path):
    (tmp_path / "state").touch()
    with pytest.raises(DatabaseFault, match="state"):
        await Database.open(tmp_path / "state" / "forge.db", clock=SystemClock())


async def test_a_refused_database_is_free_for_the_next_who_asks(tmp_path):
    path = tmp_path / "other.db"
    _statements(path, "CREATE TABLE theirs (x)")
    await _refusal(path)
    await _refusal(path)  # and not DatabaseLocked


async def test_a_network_file_system_is_refused_where_it_can_be_told(tmp_path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"36 1 0:3 / / rw - ext4 /dev/a rw\n37 36 0:4 / {tmp_path} rw - nfs4 server:/x rw\n")
    monkeypatch.setattr(owner, "_MOUNTS", mounts)
    with pytest.raises(DatabaseRefused, match="network file system"):
        await Database.open(tmp_path / "forge.db", clock=SystemClock())
    assert not (tmp_path / "forge.db").exists()


def test_the_deepest_mount_decides_and_spaces_in_its_name_are_read(tmp_path):
    mounts = "36 1 0:3 / / rw shared:1 - ext4 /dev/a rw\n37 36 0:4 / /mnt/my\\040share rw - cifs //x/y rw\nnonsense\n"
    assert file_system_of((tmp_path / "x").resolve(), mounts) == "ext4"
    assert file_system_of(type(tmp_path)("/mnt/my share/state"), mounts) == "cifs"
    assert file_system_of(tmp_path, "") is None


def test_an_unreadable_lock_file_still_refuses_without_a_name(tmp_path):
    first = owner.Owner.take(tmp_path / "forge.db", since=NOW)
    (tmp_path / "forge.db.lock").write_bytes(b"\xff{")
    with pytest.raises(DatabaseLocked, match="another process") as refusal:
        owner.Owner.take(tmp_path / "forge.db", since=NOW)
    assert (refusal.value.pid, refusal.value.since) == (None, None)
    first.release()


async def test_readers_are_refused_as_writers_are(tmp_path, monkeypatch):
    with pytest.raises(DatabaseRefused, match="no database there yet"):
        open_reader(tmp_path / "forge.db")
    assert not (tmp_path / "forge.db").exists()
    foreign = tmp_path / "other.db"
    _statements(foreign, "CREATE TABLE theirs (x)")
    with pytest.raises(DatabaseRefused, match="another program"):
        Reader(foreign)
    await _filled(tmp_path / "forge.db")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE later (x)",)))
    with pytest.raises(DatabaseRefused, match="up to date"):
        Reader(tmp_path / "forge.db")
