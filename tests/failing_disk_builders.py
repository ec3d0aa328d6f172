"""A disk that fails at the Nth call: SQLite over a file system of ours under the real store, and the output files.

Python's own SQLite takes no file system from outside, so the store's connections are made by apsw, which does, and
dressed as those of the standard library.
"""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from unittest.mock import patch

import aiosqlite.core
import apsw

from forge_tui.pipeline import output_folder

FULL, IO, BUSY = "disk full", "I/O error", "busy"


class Disk:
    """Counts the calls that can fail in the way of `kind`; the Nth does, and all after it until `well_again` says so."""

    def __init__(self, kind: str, fails_at: int | None, well_again: Callable[[], bool] = lambda: True) -> None:
        self.kind = kind
        self.calls = 0
        self._fails_at = fails_at
        self._well_again = well_again
        self.failed = False

    def fails(self) -> bool:
        """Count one call; whether it must fail."""
        self.calls += 1
        if self._fails_at is None or self.calls < self._fails_at:
            return False
        if self.failed and self._well_again():
            self._fails_at = None
            return False
        self.failed = True
        return True


class _File(apsw.VFSFile):
    def __init__(self, base, name, flags, disk):
        super().__init__(base, name, flags)
        self._disk = disk

    def xWrite(self, data, offset):  # noqa: N802 - SQLite's name
        if self._disk.kind == FULL and self._disk.fails():
            raise apsw.exception_for(apsw.SQLITE_FULL)
        self._call(apsw.SQLITE_IOERR_WRITE)
        super().xWrite(data, offset)

    def xRead(self, amount, offset):  # noqa: N802
        self._call(apsw.SQLITE_IOERR_READ)
        return super().xRead(amount, offset)

    def xTruncate(self, newsize):  # noqa: N802
        self._call(apsw.SQLITE_IOERR_TRUNCATE)
        super().xTruncate(newsize)

    def xSync(self, flags):  # noqa: N802
        self._call(apsw.SQLITE_IOERR_FSYNC)  # the real one would only cost time

    def _call(self, code):
        if self._disk.kind == IO and self._disk.fails():
            raise apsw.exception_for(code)

    def excepthook(self, kind, value, trace):
        """Where SQLite has nobody to tell, in a rollback or a close."""


class _System(apsw.VFS):
    def __init__(self, disk):
        self._disk = disk
        super().__init__("failing", base="")

    def xOpen(self, name, flags):  # noqa: N802
        return _File("", name, flags, self._disk)

    def excepthook(self, kind, value, trace):
        """As above."""


class _Cursor:
    def __init__(self, cursor, connection):
        self._cursor = cursor
        self.rowcount = connection.changes()
        self.lastrowid = connection.last_insert_rowid()

    def __iter__(self):
        return iter(self.fetchall())

    def fetchone(self):
        return _translated(self._cursor.fetchone)

    def fetchall(self):
        return _translated(self._cursor.fetchall)


class _Connection:
    """What the store uses of `sqlite3.Connection`."""

    def __init__(self, name, disk, *, uri=False, **_):
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | (apsw.SQLITE_OPEN_URI if uri else 0)
        self._disk = disk
        self._own = _translated(lambda: apsw.Connection(name, flags=flags, vfs="failing"))

    def execute(self, sql, values=()):
        if self._disk.kind == BUSY and sql.startswith("BEGIN") and self._disk.fails():
            raise _as_sqlite3(apsw.exception_for(apsw.SQLITE_BUSY))
        return _translated(lambda: _Cursor(self._own.execute(sql, values), self._own))

    def executemany(self, sql, rows):
        return _translated(lambda: self._own.executemany(sql, rows).fetchall())

    @property
    def in_transaction(self):
        return self._own.in_transaction

    def close(self):
        with suppress(apsw.Error):  # the standard library does not tell either
            self._own.close()


def _translated(work):
    try:
        return work()
    except apsw.Error as fault:
        raise _as_sqlite3(fault) from None


def _as_sqlite3(fault):
    ours = sqlite3.OperationalError(apsw.mapping_result_codes[fault.extendedresult & 0xFF])
    ours.sqlite_errorcode = fault.extendedresult
    return ours


@contextmanager
def sqlite_on(disk: Disk):
    """Connections that the store opens inside do their reading and writing on `disk`."""
    system = _System(disk)
    library = SimpleNamespace(
        Connection=sqlite3.Connection, connect=lambda name, **options: _Connection(name, disk, **options)
    )
    try:
        with patch.object(aiosqlite.core, "sqlite3", library):
            yield
    finally:
        system.unregister()


class _Calls:
    """The module `os`, of which the calls that write to a disk can fail."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getattr__(self, name):
        real = getattr(os, name)
        return self._failing(real) if name in {"open", "fsync", "rename"} else real

    def _failing(self, real):
        def call(*args, **options):
            if self._disk.fails():
                raise _os_error(self._disk.kind)
            return real(*args, **options)

        return call

    def fdopen(self, descriptor, *args, **options):
        file = os.fdopen(descriptor, *args, **options)
        return _Writes(file, self._disk)


class _Writes:
    def __init__(self, file, disk):
        self._file = file
        self._disk = disk

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, text):
        if self._disk.fails():
            raise _os_error(self._disk.kind)
        return self._file.write(text)


def _os_error(kind):
    number = errno.ENOSPC if kind == FULL else errno.EIO
    return OSError(number, os.strerror(number))


@contextmanager
def output_on(disk: Disk):
    """Output files written inside are on `disk`."""
    with patch.object(output_folder, "os", _Calls(disk)):
        yield
