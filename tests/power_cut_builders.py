"""Power cuts: the statements of a real run, replayed over a file system that remembers which writes were never synced.

A cut keeps what was synced. Of each write after that, every sector of 512 bytes is kept, dropped or torn by itself:
a disk gives no order between two syncs, and nothing in a torn sector's own range can be trusted.
"""

import random
import sqlite3
from collections import defaultdict
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import apsw

from forge_tui.storage import database

SECTOR_BYTES = 512
SUFFIXES = ("", "-wal", "-journal")


class Write(NamedTuple):
    suffix: str
    offset: int
    data: bytes


class Truncate(NamedTuple):
    suffix: str
    size: int


class Sync(NamedTuple):
    suffix: str


class Delete(NamedTuple):
    suffix: str


class Committed(NamedTuple):
    """A transaction was acknowledged; `state` is all that a reader sees from now on."""

    state: int


Step = Write | Truncate | Sync | Delete | Committed


@contextmanager
def every_statement(into: list[str]):
    """The statements of connections opened inside, their values in place, are added to `into`."""
    prepare = database._prepare

    def traced(path, connection):
        connection.set_trace_callback(into.append)
        prepare(path, connection)

    with patch.object(database, "_prepare", traced):
        yield


@dataclass
class Disk:
    """What each file holds for certain, and what was written to it since its last sync."""

    synced: dict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    unsynced: dict[str, list[Write | Truncate]] = field(default_factory=lambda: defaultdict(list))

    def take(self, step: Step) -> None:
        match step:
            case Write(suffix=suffix) | Truncate(suffix=suffix):
                self.unsynced[suffix].append(step)
            case Sync(suffix=suffix):
                for change in self.unsynced.pop(suffix, ()):
                    _apply(self.synced[suffix], change)
            case Delete(suffix=suffix):  # SQLite syncs the folder after it
                self.synced.pop(suffix, None)
                self.unsynced.pop(suffix, None)

    def cut(self, rng: random.Random) -> dict[str, bytes]:
        """The files as they may be found when the power is back."""
        found = {suffix: bytearray(content) for suffix, content in self.synced.items()}
        for suffix, changes in self.unsynced.items():
            content = found.setdefault(suffix, bytearray())
            for change in changes:
                _apply_some(content, change, rng)
        return {suffix: bytes(content) for suffix, content in found.items()}


def _apply(content: bytearray, change: Write | Truncate) -> None:
    match change:
        case Write(offset=offset, data=data):
            content.extend(bytes(max(0, offset + len(data) - len(content))))
            content[offset : offset + len(data)] = data
        case Truncate(size=size):
            del content[size:]
            content.extend(bytes(size - len(content)))


def _apply_some(content: bytearray, change: Write | Truncate, rng: random.Random) -> None:
    if isinstance(change, Truncate):
        if rng.random() < 0.5:
            _apply(content, change)
        return
    for begin in range(0, len(change.data), SECTOR_BYTES):
        sector = change.data[begin : begin + SECTOR_BYTES]
        fate = rng.random()
        if fate < 0.2:  # torn: its beginning arrived, the rest is noise
            arrived = rng.randrange(len(sector))
            sector = sector[:arrived] + rng.randbytes(len(sector) - arrived)
        if fate < 0.6:
            _apply(content, Write(change.suffix, change.offset + begin, sector))


class _RecordingFile(apsw.VFSFile):
    def __init__(self, base, name, flags, suffix, steps):
        super().__init__(base, name, flags)
        self._suffix = suffix
        self._steps = steps

    def xWrite(self, data, offset):  # noqa: N802 - SQLite's name
        self._steps.append(Write(self._suffix, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize):  # noqa: N802
        self._steps.append(Truncate(self._suffix, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags):  # noqa: N802
        self._steps.append(Sync(self._suffix))  # the real one would only cost time


class _RecordingSystem(apsw.VFS):
    """SQLite's own file system, writing down every change of a file before it is made."""

    def __init__(self, steps: list[Step]):
        self._steps = steps
        super().__init__("recording", base="")

    def xOpen(self, name, flags):  # noqa: N802
        filename = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _RecordingFile("", name, flags, _suffix(filename), self._steps)

    def xDelete(self, filename, syncdir):  # noqa: N802
        self._steps.append(Delete(_suffix(filename)))
        super().xDelete(filename, syncdir)


def _suffix(filename: str) -> str:
    return next((suffix for suffix in SUFFIXES[1:] if filename.endswith(suffix)), "")


def replay(statements: list[str], path: Path, *, synchronous: str = "FULL", checkpoint_pages: int = 60) -> list[Step]:
    """Run `statements` as SQLite's caller did; every change of a file, and where each commit was acknowledged."""
    steps: list[Step] = []
    system = _RecordingSystem(steps)
    connection = apsw.Connection(str(path), vfs="recording")
    try:
        for statement in statements:
            if statement.startswith("PRAGMA synchronous"):
                statement = f"PRAGMA synchronous = {synchronous}"  # noqa: PLW2901 - the point of it
            connection.execute(statement).fetchall()
            if statement.startswith("PRAGMA journal_mode"):
                connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}").fetchall()
            if statement == "COMMIT":
                steps.append(Committed(state_of(connection)))
    finally:
        connection.close()
        system.unregister()
    return steps


def state_of(connection) -> int:
    """A fingerprint of every row of every table, and of the schema."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    rows = [tuple(connection.execute(f"SELECT * FROM {name}")) for name in tables]  # noqa: S608 - our own names
    version = tuple(connection.execute("PRAGMA user_version"))
    return hash((tuple(tables), tuple(rows), version))


def state_after(image: dict[str, bytes], path: Path) -> int:
    """What Python's own SQLite finds in the files of a cut; raises AssertionError where it finds damage."""
    for suffix in (*SUFFIXES, "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    for suffix, content in image.items():
        path.with_name(path.name + suffix).write_bytes(content)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        return state_of(connection)
