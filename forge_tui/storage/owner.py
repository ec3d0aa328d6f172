"""Who owns the database: an flock on `<db>.lock`, held for the whole life of the one read-write connection."""

import fcntl
import json
import os
import time
from pathlib import Path

from forge_tui.core.errors import DatabaseFault, DatabaseLocked, DatabaseRefused

_NETWORK_FILE_SYSTEMS = frozenset(
    {
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
_LOOKS, _LOOK_EVERY_S = 20, 0.01
_MOUNTS = Path("/proc/self/mountinfo")  # Linux; elsewhere the kind of file system is not known


class Owner:
    """The lock itself. The kernel drops it with the process, so a stale one cannot exist."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, database: Path, *, since: float) -> "Owner":
        """Become the owner; `since` (Unix seconds) and our pid are written for whoever comes second.

        Raises DatabaseLocked, DatabaseFault (the lock cannot be made) and DatabaseRefused (network file system).
        """
        _refuse_network(database)
        # Never the database itself: closing a second descriptor of it would drop SQLite's own POSIX locks.
        path = database.with_name(database.name + ".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise DatabaseFault(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _wait_for_owner(descriptor)
            os.close(descriptor)
            raise _locked(database, *owner) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Give the database free; the lock file stays, because removing it would race with the next owner."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def owner_of(database: Path) -> int | None:
    """The process that owns `database` now, as far as its lock file and the process table tell; takes no lock."""
    try:
        descriptor = os.open(database.with_name(database.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        pid, _ = _read_owner(descriptor)
    finally:
        os.close(descriptor)
    return pid if pid is not None and _is_alive(pid) else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait_for_owner(descriptor: int) -> tuple[int | None, float | None]:
    """Who holds the lock; one that took it in this moment has its name there within milliseconds."""
    for _ in range(_LOOKS):
        owner = _read_owner(descriptor)
        if owner != (None, None):
            return owner
        time.sleep(_LOOK_EVERY_S)
    return None, None


def _read_owner(descriptor: int) -> tuple[int | None, float | None]:
    try:
        owner = json.loads(os.pread(descriptor, 200, 0))
        time.gmtime(owner["since"])  # raises for what is no time
        return int(owner["pid"]), float(owner["since"])
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None, None


def _locked(database: Path, pid: int | None, since: float | None) -> DatabaseLocked:
    who = "another process" if pid is None else f"process {pid}"
    when = "" if since is None else time.strftime(" since %Y-%m-%d %H:%MZ", time.gmtime(since))
    return DatabaseLocked(f"{database} is in use by {who}{when}; name another with --db", pid, since)


def _refuse_network(database: Path) -> None:
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    kind = file_system_of(database.parent.resolve(), mounts)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise DatabaseRefused(f"{database} is on a network file system ({kind}), where locks may lie; use a local --db")


def file_system_of(folder: Path, mountinfo: str) -> str | None:
    """The type of the file system that holds `folder`, from the text of proc(5) mountinfo."""
    best: tuple[int, str] | None = None
    for line in mountinfo.splitlines():
        mounted, _, source = line.partition(" - ")
        if len(fields := mounted.split(" ")) < 5 or not source:
            continue
        point = Path(fields[4].encode().decode("unicode_escape"))
        if folder.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = len(point.parts), source.split(" ")[0]
    return None if best is None else best[1]
