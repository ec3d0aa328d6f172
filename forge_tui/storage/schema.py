"""The tables, as numbered migrations; what tells our database from a foreign, a newer and a damaged one."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from forge_tui.core.errors import DatabaseRefused
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState

SQLITE_VERSION = sqlite3.sqlite_version
APPLICATION_ID = 0x46545549  # "FTUI", in the file's header
# A job of a million tickets has to go on within two seconds: a full check reads 200 MiB in that time's half, a quick
# one 1 GiB.
FULL_CHECK_UP_TO_BYTES = 32 * 1024**2
QUICK_CHECK_UP_TO_BYTES = 512 * 1024**2

_JOBS = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- a deleted job's number is never given again
    files TEXT NOT NULL,
    input_sha256 TEXT NOT NULL,
    text_column TEXT,
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_version TEXT NOT NULL,
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    code TEXT,
    hold_until REAL,
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    loaded_rows INTEGER NOT NULL DEFAULT 0,
    lookups INTEGER NOT NULL DEFAULT 0,
    estimated_s REAL,
    output TEXT
)
"""

# A refused row has neither key nor complexity. `leader` is the position of the ticket this one follows.
# `known_at` is when a request answered it, where that answer is the cache's: the first to its text for a time to live.
# The long columns stand last: a scan for the others does not walk their overflow pages.
_TICKETS = """
CREATE TABLE tickets (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    complexity TEXT,
    leader INTEGER,
    epoch INTEGER NOT NULL DEFAULT 0,
    ticket_attempts INTEGER NOT NULL DEFAULT 0,
    service_attempts INTEGER NOT NULL DEFAULT 0,
    due REAL,
    source TEXT,
    category TEXT,
    priority TEXT,
    tokens INTEGER NOT NULL DEFAULT 0,
    cost REAL NOT NULL DEFAULT 0,
    saved_tokens INTEGER NOT NULL DEFAULT 0,
    saved_cost REAL NOT NULL DEFAULT 0,
    batch INTEGER,
    code TEXT,
    http_status INTEGER,
    request_id TEXT,
    settled_at REAL,
    known_at REAL,
    key BLOB,
    words INTEGER NOT NULL,
    estimated_tokens INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    line INTEGER NOT NULL,
    file TEXT NOT NULL,
    external_id TEXT,
    summary TEXT,
    flags TEXT,
    message TEXT,
    text TEXT NOT NULL,
    columns TEXT,
    UNIQUE (job_id, position)
)
"""

_ATTEMPTS = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    batch INTEGER NOT NULL,
    complexity TEXT NOT NULL,
    size INTEGER NOT NULL,
    started_at REAL NOT NULL,
    latency_ms REAL NOT NULL,
    wait_ms REAL NOT NULL,
    http_status INTEGER,
    code TEXT,
    request_id TEXT,
    paid TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    usage_estimated INTEGER NOT NULL,
    cost REAL NOT NULL,
    saved_tokens INTEGER NOT NULL,
    saved_cost REAL NOT NULL,
    answer TEXT
)
"""

# `place` is the ticket's place in the batch from 1; `code` and `message` are this ticket's own fault in it.
_ATTEMPT_TICKETS = """
CREATE TABLE attempt_tickets (
    job_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    code TEXT,
    message TEXT,
    PRIMARY KEY (job_id, position, attempt_id)
) WITHOUT ROWID
"""

# A ticket that was asked again alone: `category` and `priority` it got in company; alone none where no answer came.
_CHECKS = """
CREATE TABLE checks (
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    complexity TEXT NOT NULL,
    batch INTEGER NOT NULL,
    category TEXT NOT NULL,
    priority TEXT NOT NULL,
    alone_category TEXT,
    alone_priority TEXT,
    checked_at REAL NOT NULL,
    PRIMARY KEY (job_id, position)
) WITHOUT ROWID
"""

_INDEXES = (
    "CREATE INDEX jobs_content ON jobs (input_sha256)",
    # The one index of random keys, of leaders alone: each ticket writes a page of it, once it is big.
    "CREATE INDEX tickets_same_text ON tickets (key, job_id) WHERE key IS NOT NULL AND leader IS NULL",
    "CREATE INDEX tickets_known ON tickets (known_at) WHERE known_at IS NOT NULL",
    "CREATE INDEX tickets_tally ON tickets (job_id, state, complexity, source, code, leader)",
    "CREATE INDEX tickets_to_send ON tickets (job_id, complexity, position) WHERE state = 'queued' AND leader IS NULL",
    "CREATE INDEX tickets_following ON tickets (job_id, leader, state) WHERE leader IS NOT NULL",
    "CREATE INDEX tickets_waiting ON tickets (job_id, due) WHERE state = 'waiting'",
    "CREATE INDEX tickets_failed ON tickets (job_id, position, code, complexity, state) WHERE state = 'failed'",
    "CREATE INDEX tickets_causes ON tickets (job_id, code, message, state) WHERE state = 'failed'",
    "CREATE INDEX tickets_done ON tickets (job_id, position, category, priority, state) WHERE state = 'done'",
    "CREATE INDEX attempts_of_job ON attempts (job_id)",
    "CREATE INDEX attempt_tickets_of_attempt ON attempt_tickets (attempt_id)",
)

# What a big job looks like: rows of the index, then rows per value of its first column, of its first two, ...
# Without these figures SQLite takes `state = 'queued'` for rare and reads the whole backlog for one leader's twins
# (63 s for a window that takes 0.02, measured). They are fixed so that every database has the same plans.
_STATISTICS = (
    "ANALYZE",
    "DELETE FROM sqlite_stat1",
    """
    INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
        ('jobs', 'jobs_content', '100 2'),
        ('tickets', 'sqlite_autoindex_tickets_1', '1000000 100000 1'),
        ('tickets', 'tickets_same_text', '1000000 2 1'),
        ('tickets', 'tickets_known', '1000000 1'),
        ('tickets', 'tickets_tally', '1000000 100000 80000 40000 30000 20000 15000'),
        ('tickets', 'tickets_to_send', '100000 50000 20000 1'),
        ('tickets', 'tickets_following', '500000 50000 2 1'),
        ('tickets', 'tickets_waiting', '1000 500 1'),
        ('tickets', 'tickets_failed', '50000 10000 1 1 1 1'),
        ('tickets', 'tickets_causes', '50000 10000 1000 100 100'),
        ('tickets', 'tickets_done', '900000 90000 1 1 1 1'),
        ('attempts', 'attempts_of_job', '100000 10000'),
        ('attempt_tickets', 'attempt_tickets', '1000000 100000 2 1'),
        ('attempt_tickets', 'attempt_tickets_of_attempt', '1000000 10'),
        ('checks', 'checks', '5000 500 1')
    """,
    "ANALYZE sqlite_master",
)


def _not_in(words: type[StrEnum]) -> str:
    return f"NOT IN ({', '.join(repr(word.value) for word in words)})"


# SQLite's check finds wrong pages and wrong indexes, not a wrong bit in a value that stands in no index.
_NOT_OURS = (
    f"SELECT 1 FROM jobs WHERE state {_not_in(JobState)} OR code {_not_in(Code)}",  # noqa: S608 - our own words
    "SELECT 1 FROM jobs WHERE NOT json_valid(files) OR NOT json_valid(settings)",
    "SELECT 1 FROM tickets WHERE flags IS NOT NULL AND NOT json_valid(flags)",
    "SELECT 1 FROM tickets WHERE columns IS NOT NULL AND NOT json_valid(columns)",
    f"SELECT 1 FROM attempts WHERE code {_not_in(Code)}",  # noqa: S608 - likewise
    f"SELECT 1 FROM attempt_tickets WHERE code {_not_in(Code)}",  # noqa: S608 - likewise
)

# Migration n (from 1) takes a database of version n - 1 to n; a published one is never changed again.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (_JOBS, _TICKETS, _ATTEMPTS, _ATTEMPT_TICKETS, _CHECKS, *_INDEXES, *_STATISTICS),
)


def newest_version() -> int:
    """The `user_version` this program reads and writes."""
    return len(MIGRATIONS)


def check_identity(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a database of ours, 0 for an empty one.

    Raises DatabaseRefused when it is foreign, newer or damaged; reads only.
    """
    application_id = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application_id != APPLICATION_ID and (application_id or version or tables):
        raise DatabaseRefused(f"{path} is the database of another program; it was not touched: name another with --db")
    if version > newest_version():
        raise DatabaseRefused(
            f"{path} has schema {version}, this program knows {newest_version()}: update it, or name another with --db"
        )
    return version


def check_health(connection: sqlite3.Connection, path: Path, size_bytes: int) -> None:
    """Raise DatabaseRefused where the tables are not ours or hold what we never wrote, or SQLite itself finds damage.

    Values and indexes are looked at up to 32 MiB; files over 512 MiB are taken as they are.
    """
    if size_bytes > QUICK_CHECK_UP_TO_BYTES:
        return
    small = size_bytes <= FULL_CHECK_UP_TO_BYTES
    finding = connection.execute(f"PRAGMA {'integrity' if small else 'quick'}_check(1)").fetchone()[0]
    version = _pragma(connection, "user_version")
    if finding == "ok" and version:
        if not _definitions_of(version) <= _definitions(connection):
            finding = f"its tables are not those of schema {version}"
        elif small and any(connection.execute(rows).fetchone() for rows in _NOT_OURS):
            finding = "it holds values that no run of ours wrote"
    if finding != "ok":
        raise DatabaseRefused(f"{path} is damaged ({finding}); it was not touched: name another with --db")


def _definitions(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def _definitions_of(version: int) -> set[tuple[str, str]]:
    """What the migrations up to `version` make of an empty database."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(statement)
        return _definitions(connection)


def migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    """Bring the database to the newest version, step by step; one with data is copied to `<db>.v<n>.bak` before."""
    version = _pragma(connection, "user_version")
    if version == newest_version():
        return
    if version and path is not None:
        _back_up(connection, path.with_name(f"{path.name}.v{version}.bak"))
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        _apply(connection, number, statements)


def _apply(connection: sqlite3.Connection, number: int, statements: Sequence[str]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _back_up(connection: sqlite3.Connection, copy: Path) -> None:
    # An older copy of this version was left by a migration that did not end: the database has not changed since.
    copy.unlink(missing_ok=True)
    descriptor = os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
