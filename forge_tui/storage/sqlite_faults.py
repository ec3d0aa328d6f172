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
# No code of their own: a header from the future, and text that is none, which is Python's finding.
_DAMAGE_WORDS = ("unsupported file format", "Could not decode to UTF-8")


def translated(error: BaseException, path: Path | None, *, untouched: bool = False) -> BaseException:
    """A new exception of ours for a fault of disk or file; any other error is a bug and comes back as it is.

    `untouched` says that nothing was written to the file yet.
    """
    if not isinstance(error, sqlite3.Error | UnicodeDecodeError):
        return error
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    ours: ForgeError
    if primary in _DISK:
        ours = DatabaseFault(f"{path}: {error}")
    elif primary in _DAMAGE or isinstance(error, UnicodeDecodeError) or str(error).startswith(_DAMAGE_WORDS):
        kept = "; it was not touched" if untouched else ""
        ours = DatabaseRefused(f"{path} is damaged or no database ({error}){kept}: name another with --db")
    else:
        return error
    ours.__cause__ = error
    return ours


@contextmanager
def sqlite_faults(path: Path | None, *, untouched: bool = False) -> Iterator[None]:
    """Raise ours for SQLite's: DatabaseFault, DatabaseRefused; `untouched` as in `translated`."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter where SQLite quotes a damaged name
        ours = translated(error, path, untouched=untouched)
        if ours is error:
            raise
        raise ours from error
