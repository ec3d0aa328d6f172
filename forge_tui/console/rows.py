"""Rows of the store for the screen: each call opens the database read-only, reads, and closes, all in one worker's hop.

A reader that stays open pins the write-ahead log, which then grows without end.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar, Unpack

from forge_tui.core.errors import DatabaseRefused
from forge_tui.core.failure import Code
from forge_tui.core.job import JobRecord
from forge_tui.storage.filters import FailureFilter, Order, ResultFilter
from forge_tui.storage.reader import Reader
from forge_tui.storage.rows import AttemptRow, FailureGroup, FailureRow, JobStats, LabelCounts, ResultRow, TicketRow

T = TypeVar("T")


class StoreRows:
    """The RowSource over the database at `db`; before there is one, there are no jobs and no rows."""

    def __init__(self, db: Path) -> None:
        self._db = db

    def jobs(self, limit: int = 200) -> list[JobRecord]:
        reader = reader_if_any(self._db)
        if reader is None:
            return []
        with closing(reader):
            return reader.jobs(limit)

    def job(self, job_id: int) -> JobRecord:
        return self._read(lambda reader: reader.job(job_id))

    def failure_positions(
        self, job_id: int, order: Order = Order.TICKET, limit: int = -1, **wanted: Unpack[FailureFilter]
    ) -> list[int]:
        return self._read(lambda reader: reader.positions(job_id, order, limit, **wanted))

    def failures(
        self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Unpack[FailureFilter]
    ) -> list[FailureRow]:
        return self._read(lambda reader: reader.failures(job_id, after=after, limit=limit, **wanted))

    def failure_codes(self, job_id: int, **wanted: Unpack[FailureFilter]) -> dict[Code, int]:
        return self._read(lambda reader: reader.failure_codes(job_id, **wanted))

    def failure_groups(self, job_id: int, **wanted: Unpack[FailureFilter]) -> list[FailureGroup]:
        return self._read(lambda reader: reader.failure_groups(job_id, **wanted))

    def results(
        self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Unpack[ResultFilter]
    ) -> list[ResultRow]:
        return self._read(lambda reader: reader.results(job_id, after=after, limit=limit, **wanted))

    def result_positions(
        self, job_id: int, order: Order = Order.TICKET, limit: int = -1, **wanted: Unpack[ResultFilter]
    ) -> list[int]:
        return self._read(lambda reader: reader.result_positions(job_id, order, limit, **wanted))

    def results_count(self, job_id: int, **wanted: Unpack[ResultFilter]) -> int:
        return self._read(lambda reader: reader.results_count(job_id, **wanted))

    def counts_by_label(self, job_id: int) -> LabelCounts:
        return self._read(lambda reader: reader.counts_by_label(job_id))

    def ticket(self, job_id: int, position: int) -> TicketRow:
        return self._read(lambda reader: reader.ticket(job_id, position))

    def attempts(self, job_id: int, position: int) -> list[AttemptRow]:
        return self._read(lambda reader: reader.attempts(job_id, position))

    def stats(self, job_id: int) -> JobStats:
        return self._read(lambda reader: reader.stats(job_id))

    def _read(self, query: Callable[[Reader], T]) -> T:
        with closing(Reader(self._db)) as reader:
            return query(reader)


def reader_if_any(db: Path) -> Reader | None:
    """A reader, or None before there is a database of this version: the engine may be just making it."""
    try:
        return Reader(db)
    except DatabaseRefused:
        return None
