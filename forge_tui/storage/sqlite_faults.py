"""The edge where SQLite's errors become ours: what the disk did, what the file is, and what stays a bug."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forge_tui.core.errors import DatabaseFault, DatabaseRefused, ForgeError

_DISK = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_DAMAGE = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


def translated(error: BaseException, path: Path | None) -> BaseException:
    """A new exception of ours for a fault of disk or file; any other error is a bug and comes back as it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    ours: ForgeError
    if primary in _DISK:
        ours = DatabaseFault(f"{path}: {error}")
    elif primary in _DAMAGE:
        ours = DatabaseRefused(
            f"{path} is damaged or no database ({error}); it was not touched: name another with --db"
        )
    else:
        return error
    ours.__cause__ = error
    return ours


@contextmanager
def sqlite_faults(path: Path | None) -> Iterator[None]:
    """Raise ours for SQLite's: DatabaseFault, DatabaseRefused."""
    try:
        yield
    except sqlite3.Error as error:
        ours = translated(error, path)
        if ours is error:
            raise
        raise ours from error
