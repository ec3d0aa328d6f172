"""Every exception of ours; a failed ticket is a value, never one of these.

ForgeError
├── InputRefused        a whole file cannot be read: file, line and cure are in the message
│   └── ColumnUnknown   no column is known to hold the tickets
├── SettingsRefused     a setting is wrong: its name, its source and what is allowed
├── KeyRefused          a key cannot be used: unreadable file, open permissions, clear-text transport
│   └── KeyMissing      none is set where one is wanted
├── DatabaseRefused     not our database, damaged, or made by a newer version; never touched
├── DatabaseLocked      another process owns the database
├── DatabaseFault       SQLite could not write: full disk, I/O error, read-only medium
├── OutputRefused       results cannot be written where asked
└── UnknownJob          no job of that name in the store
"""

from collections.abc import Sequence

from forge_tui.core.failure import Code


class ForgeError(Exception):
    """Base of all; `code` is what exit codes, logs and `--json` report."""

    code: Code = Code.BUG


class InputRefused(ForgeError):
    """A whole input file cannot be read."""

    code = Code.INPUT


class ColumnUnknown(InputRefused):
    """Which column holds the tickets is not known, or it is not there; `columns` are those there are."""

    def __init__(self, message: str, columns: Sequence[str]) -> None:
        super().__init__(message)
        self.columns = tuple(columns)


class SettingsRefused(ForgeError):
    """A setting is wrong; the message names it, where it came from and what is allowed."""

    code = Code.MODEL


class KeyRefused(ForgeError):
    """The API key cannot be used as asked; the message never holds the key."""

    code = Code.AUTH


class KeyMissing(KeyRefused):
    """The provider wants a key and none is set: the one refusal that a key cures."""


class DatabaseRefused(ForgeError):
    """The file is no database of ours, is damaged, or is newer than this program."""

    code = Code.DATABASE


class DatabaseLocked(ForgeError):
    """Another process owns the database; `pid` and `since` (Unix seconds) tell which, when known."""

    code = Code.LOCKED

    def __init__(self, message: str, pid: int | None, since: float | None) -> None:
        super().__init__(message)
        self.pid = pid
        self.since = since


class DatabaseFault(ForgeError):
    """A write failed for want of space or of a working disk; what was acknowledged is safe."""

    code = Code.DISK


class OutputRefused(ForgeError):
    """Results cannot be written where asked; the message names the path and the cure."""

    code = Code.INPUT


class UnknownJob(ForgeError):
    """No job of that name in the store."""

    code = Code.INPUT
