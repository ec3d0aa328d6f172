"""The one read-write connection: opened under a lock, checked, migrated; every transaction one function on one thread.

Writes are grouped: all that wait while one commit runs share the next one, and with it its fsync. Those that say so
share their statements too.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from forge_tui.core.clock import Clock
from forge_tui.core.errors import DatabaseFault, DatabaseRefused
from forge_tui.storage.owner import Owner
from forge_tui.storage.schema import check_health, check_identity, migrate, newest_version
from forge_tui.storage.sqlite_faults import sqlite_faults, translated

T = TypeVar("T")
Item = TypeVar("Item")
Transaction = Callable[[sqlite3.Connection], T]
Together = Callable[[sqlite3.Connection, Sequence[Item]], Sequence[T]]

_BUSY_TIMEOUT_S = 5.0
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # 400 simulated power cuts lost nothing; NORMAL lost paid answers in 236 (measured)
    "PRAGMA fullfsync = ON",  # macOS only: fsync alone does not reach the disk there
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA wal_autocheckpoint = 8000",  # pages: 32 MiB; a quarter of the time of a load is checkpoints at the default 1000
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",  # ticket text never goes to a temporary file
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
)


@dataclass(frozen=True, slots=True)
class _Alone:
    """A transaction of its own."""

    transaction: Transaction[Any]


@dataclass(frozen=True, slots=True)
class _OfMany:
    """One item of a transaction that takes many at once."""

    together: Together[Any, Any]
    item: Any


_Work = _Alone | _OfMany


@dataclass(frozen=True, slots=True)
class _Write:
    work: _Work
    outcome: "asyncio.Future[tuple[Any, int]]"


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception


class Database:
    """Opened by `open`, closed in a `finally`: its thread is no daemon and would keep the process alive."""

    def __init__(self, connection: aiosqlite.Connection, path: Path | None, owner: Owner | None) -> None:
        self._connection = connection
        self._owner = owner
        self._waiting: list[_Write] = []
        self._committing: asyncio.Task[None] | None = None
        self.path = path
        self.commits = 0

    @classmethod
    async def open(cls, path: Path | None, *, clock: Clock) -> "Database":
        """Own and open the database at `path`, made if need be; None is one in memory, without a lock.

        Raises DatabaseLocked, DatabaseRefused (foreign, newer, damaged; left as it was) and DatabaseFault.
        """
        if path is None:
            return cls(await _connect(":memory:", None), None, None)
        _make_folder(path)
        owner = Owner.take(path, since=clock.wall())
        try:
            await _inspect_or_create(path)
            return cls(await _connect(str(path), path), path, owner)
        except BaseException:
            owner.release()
            raise

    async def write(self, transaction: Transaction[T]) -> T:
        """Run `transaction` and return its result once that is durable.

        It runs to its end even if the caller is cancelled. What it raises reaches this caller alone and undoes
        nothing of the others. Raises DatabaseFault when it is not on disk.
        """
        result, _ = await self._write(_Alone(transaction))
        return cast("T", result)

    async def write_numbered(self, together: Together[Item, T], item: Item) -> tuple[T, int]:
        """The result of `together` for `item` and the number of the commit that made it durable.

        Items that wait for the same commit are handed to one call of `together`, in the order of these calls.
        """
        result, commit = await self._write(_OfMany(together, item))
        return cast("T", result), commit

    async def _write(self, work: _Work) -> tuple[Any, int]:
        write = _Write(work, asyncio.get_running_loop().create_future())
        self._waiting.append(write)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_until_idle(), name="commit")
        return await asyncio.shield(write.outcome)

    async def read(self, query: Transaction[T]) -> T:
        """Run `query` between two commits; it hands back values, never a cursor."""
        with sqlite_faults(self.path):
            return await _run(self._connection, query)

    async def truncate_wal(self) -> None:
        """Bring all commits into the database file and empty the log beside it."""
        await self.read(_truncate_wal)

    async def close(self) -> None:
        """Finish what waits, empty the log, close, and give the lock free."""
        try:
            while self._committing is not None:
                await asyncio.wait((self._committing,))
        finally:
            await self._close_connection()

    async def _close_connection(self) -> None:
        try:
            # What is acknowledged stands in the log: a full disk leaves the emptying to the next start.
            with suppress(DatabaseFault):
                await self.truncate_wal()
        finally:
            try:
                await self._connection.close()
            finally:
                if self._owner is not None:
                    self._owner.release()
                    self._owner = None

    async def _commit_until_idle(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._commit(group)
        finally:
            self._committing = None

    async def _commit(self, group: Sequence[_Write]) -> None:
        works = [write.work for write in group]
        try:
            outcomes = await _run(self._connection, partial(_commit_group, works))
        except asyncio.CancelledError:
            for write in group:
                write.outcome.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, each waiting caller must hear of it
            for write in group:
                write.outcome.set_exception(translated(error, self.path))
            return
        self.commits += 1
        for write, outcome in zip(group, outcomes, strict=True):
            match outcome:
                case _Raised(error=raised):
                    write.outcome.set_exception(translated(raised, self.path))
                case _:
                    write.outcome.set_result((outcome, self.commits))


def _commit_group(works: Sequence[_Work], connection: sqlite3.Connection) -> list[Any]:
    # IMMEDIATE, because a deferred transaction that read first fails at once when somebody else has written since.
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [outcome for run in _runs(works) for outcome in _outcomes(run, connection)]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _runs(works: Sequence[_Work]) -> Iterator[list[_Work]]:
    """The works in order, neighbours that can be done together in one list."""
    for together, run in groupby(works, key=lambda work: work.together if isinstance(work, _OfMany) else None):
        if together is None:
            yield from ([work] for work in run)
        else:
            yield list(run)


def _outcomes(run: Sequence[_Work], connection: sqlite3.Connection) -> Sequence[Any]:
    match run:
        case [_Alone(transaction=transaction)]:
            return [_in_savepoint(transaction, connection)]
        case [_OfMany(together=together), *_]:
            items = [work.item for work in run if isinstance(work, _OfMany)]
            outcomes = _in_savepoint(lambda c: together(c, items), connection)
            if not isinstance(outcomes, _Raised):
                return cast("Sequence[Any]", outcomes)
            # One of them is to blame: each by itself, so that it alone hears of it.
            return [_in_savepoint(partial(_one, together, item), connection) for item in items]
        case _:
            raise AssertionError("a run holds one work alone, or several of one kind")


def _one(together: Together[Item, T], item: Item, connection: sqlite3.Connection) -> T:
    return together(connection, [item])[0]


def _in_savepoint(transaction: Transaction[Any], connection: sqlite3.Connection) -> Any:
    connection.execute("SAVEPOINT one")
    try:
        outcome = transaction(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise  # a full disk makes SQLite undo the whole group
        connection.execute("ROLLBACK TO one")
        outcome = _Raised(error)
    connection.execute("RELEASE one")
    return outcome


async def _run(connection: aiosqlite.Connection, work: Transaction[T]) -> T:
    # aiosqlite's public calls are one thread hop per statement: a transaction of several, cancelled between two of
    # them, leaves the connection inside it. One function is one hop.
    result: T = await connection._execute(work, connection._conn)  # type: ignore[no-untyped-call] # noqa: SLF001
    return result


async def _connect(database: str, path: Path | None) -> aiosqlite.Connection:
    with sqlite_faults(path):
        connection = await aiosqlite.connect(database, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
        try:
            await _run(connection, partial(_prepare, path))
        except BaseException:
            await connection.close()
            raise
        return connection


def _prepare(path: Path | None, connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma).fetchall()
    migrate(connection, path)


async def _inspect_or_create(path: Path) -> None:
    try:
        size_bytes = _size_or_create(path)
        if size_bytes:
            await _inspect(path, size_bytes)
        path.chmod(0o600)  # noqa: ASYNC240 - one call at start; SQLite gives the log and its index the same mode
    except OSError as error:
        raise DatabaseFault(f"{path}: {error.strerror}") from error


def _size_or_create(path: Path) -> int:
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        return 0
    # Found out here, because aiosqlite's thread outlives the failed attempt to open a connection.
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        raise DatabaseFault(f"{path} is no file that can be read and written")
    return path.stat().st_size


async def _inspect(path: Path, size_bytes: int) -> None:
    """Look at the file read-only: a database that is not ours, or damaged, stays as it is to the byte."""
    with sqlite_faults(path, untouched=True):
        connection = await aiosqlite.connect(_read_only_uri(path), uri=True, isolation_level=None)
        try:
            await _run(connection, partial(_check, path, size_bytes))
        finally:
            await connection.close()


def _check(path: Path, size_bytes: int, connection: sqlite3.Connection) -> None:
    check_identity(connection, path)
    check_health(connection, path, size_bytes)


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection for pages and lists, also while another process owns the database.

    Raises DatabaseRefused when the file is missing, not ours, damaged, or of another version.
    """
    if not path.is_file():
        raise DatabaseRefused(f"{path}: no database there yet; run a file first, or name another with --db")
    with sqlite_faults(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            timeout=_BUSY_TIMEOUT_S,
            check_same_thread=False,
        )
        try:
            version = check_identity(connection, path)
        except BaseException:
            connection.close()
            raise
    if version != newest_version():
        connection.close()
        raise DatabaseRefused(f"{path} has schema {version}: start a job with it once, which brings it up to date")
    return connection


def _read_only_uri(path: Path) -> str:
    # Without a log nothing can be missing from the file, and an immutable one is opened without a file beside it.
    logged = path.with_name(path.name + "-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro{'' if logged else '&immutable=1'}"


def _truncate_wal(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseFault(f"{path.parent}: {error.strerror}") from error
