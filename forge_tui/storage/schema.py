"""What tells our database from a foreign, a newer and a damaged one, and brings an older one up to date."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from forge_tui.core.errors import DatabaseRefused
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState
from forge_tui.storage.migrations import MIGRATIONS

SQLITE_VERSION = sqlite3.sqlite_version
APPLICATION_ID = 0x46545549  # "FTUI", in the file's header
# A job of a million tickets has to go on within two seconds: a full check reads 200 MiB in that time's half, a quick
# one 1 GiB.
FULL_CHECK_UP_TO_BYTES = 32 * 1024**2
QUICK_CHECK_UP_TO_BYTES = 512 * 1024**2


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
