"""What a crash leaves of a database: its two files after any commit, taken while a run goes on and put back elsewhere."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from forge_tui.storage import database


@dataclass(frozen=True)
class Image:
    """Database and log as they stood when a commit had just become durable."""

    database: bytes
    log: bytes

    @classmethod
    def of(cls, path):
        log = path.with_name(path.name + "-wal")
        return cls(path.read_bytes(), log.read_bytes() if log.exists() else b"")

    def restore(self, path):
        """Put the files where a next start finds them."""
        path.write_bytes(self.database)
        path.with_name(path.name + "-wal").write_bytes(self.log)
        path.with_name(path.name + "-shm").unlink(missing_ok=True)


@contextmanager
def after_every_commit(look: Callable[[], None]):
    """Call `look` when a commit is durable and nobody has been told of it yet."""
    commit_group = database._commit_group

    def commit_and_look(transactions, connection):
        outcomes = commit_group(transactions, connection)
        look()
        return outcomes

    with patch.object(database, "_commit_group", commit_and_look):
        yield
