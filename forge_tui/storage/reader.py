"""Read-only pages, lists and figures for console, command line and export: each call fetches all and holds no cursor."""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any, Unpack

from forge_tui.core.agreement import Agreement
from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import Code
from forge_tui.core.job import JobRecord, JobSpec, job_label
from forge_tui.core.ticket import Complexity, Source, TicketState, ticket_label
from forge_tui.storage import checks, dedup_cache, steer, tally
from forge_tui.storage.causes import by_cause
from forge_tui.storage.database import open_reader
from forge_tui.storage.filters import (
    Conditions,
    FailureFilter,
    Order,
    ResultFilter,
    done_where,
    failed_where,
    order_sql,
)
from forge_tui.storage.rows import (
    AttemptRow,
    FailureGroup,
    FailureRow,
    JobMix,
    JobStats,
    LabelCounts,
    ResultRow,
    SettledRow,
    TicketRow,
)
from forge_tui.storage.sqlite_faults import sqlite_faults
from forge_tui.storage.tables import (
    ATTEMPT,
    FAILURE,
    RESULT,
    SETTLED,
    TICKET,
    attempt_row,
    failure_row,
    result_row,
    ticket_row,
)
from forge_tui.storage.values import code_from

_ROWS_AT_ONCE = 500

# `id` grows with the position, and unlike it stands in the index of causes.
_MESSAGES = "SELECT code, coalesce(message, ''), count(*), min(id) FROM tickets WHERE {where} GROUP BY code, message"
_PLACES = "SELECT id, position FROM tickets WHERE id IN (SELECT value FROM json_each(?))"
_LABELS = "SELECT category, priority, count(*) FROM tickets WHERE job_id = ? AND state = 'done' GROUP BY 1, 2"
_CLASSES = """
SELECT complexity, count(*), sum(leader IS NULL AND source IS NOT 'cache') FROM tickets
WHERE job_id = ? AND complexity IS NOT NULL GROUP BY complexity
"""
_COLUMNS = """
SELECT name.key FROM tickets, json_each(tickets.columns) AS name WHERE job_id = ?
GROUP BY name.key ORDER BY min(tickets.position), min(name.id)
"""
_TWINS = """
SELECT position FROM tickets
WHERE job_id = :job_id AND leader = :position
    AND key = (SELECT key FROM tickets WHERE job_id = :job_id AND position = :position)
ORDER BY position
"""
_ALIKE = """
SELECT count(*) - 1 FROM tickets WHERE job_id = ? AND state = 'failed' AND code = ? AND message = ?
"""
_SUMS = """
SELECT count(*), coalesce(sum(code IS NOT NULL), 0), coalesce(sum(prompt_tokens), 0),
       coalesce(sum(completion_tokens), 0), total(cost), coalesce(sum(saved_tokens), 0), total(saved_cost)
FROM attempts WHERE job_id = ?
"""
# Answered: it has a status, or it needed none (rules in process). SQLite ranks them: a million would fill our memory.
_ANSWERED = "FROM attempts WHERE job_id = ? AND (http_status IS NOT NULL OR code IS NULL)"
_ANSWERS = f"SELECT count(*) {_ANSWERED}"
_AT_RANKS = f"""
SELECT rank, latency_ms FROM (SELECT latency_ms, row_number() OVER (ORDER BY latency_ms) AS rank {_ANSWERED})
WHERE rank IN (?, ?, ?)
"""  # noqa: S608 - likewise
_ENDED = """
SELECT started_at + latency_ms / 1000.0, code FROM attempts WHERE job_id = ? AND started_at >= ? ORDER BY 1, id
"""
_SAVED = "SELECT total(saved_tokens), total(saved_cost) FROM tickets WHERE job_id = ? AND state = 'done'"


class Reader:
    """A reader of the database at a path, also while another process owns it; or of a connection that stays open.

    One thread at a time. Raises DatabaseRefused and DatabaseFault.
    """

    def __init__(self, source: Path | sqlite3.Connection) -> None:
        self._path = source if isinstance(source, Path) else None
        self._connection = open_reader(source) if isinstance(source, Path) else source

    def close(self) -> None:
        """Close what was opened here."""
        if self._path is not None:
            self._connection.close()

    def jobs(self, limit: int = 200) -> list[JobRecord]:
        """The newest jobs, newest first."""
        with sqlite_faults(self._path):
            return tally.jobs(self._connection, limit)

    def job(self, job_id: int) -> JobRecord:
        """Raises UnknownJob."""
        with sqlite_faults(self._path):
            return tally.job(self._connection, job_id)

    def unfinished_job(self, spec: JobSpec) -> JobRecord | None:
        """The newest job of the same content, model and prompt that a run would go on with."""
        with sqlite_faults(self._path):
            job_id = steer.unfinished_job(self._connection, spec)
            return None if job_id is None else tally.job(self._connection, job_id)

    def failures(
        self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Unpack[FailureFilter]
    ) -> list[FailureRow]:
        """The next page of failed tickets after position `after`, in input order."""
        return [failure_row(row) for row in self._page(FAILURE, failed_where(job_id, wanted), after, limit)]

    def positions(
        self, job_id: int, order: Order = Order.TICKET, limit: int = -1, **wanted: Unpack[FailureFilter]
    ) -> list[int]:
        """The positions of the failures the filter leaves: all of them, or the first `limit`."""
        return self._positions(failed_where(job_id, wanted), order, limit)

    def failure_codes(self, job_id: int, **wanted: Unpack[FailureFilter]) -> dict[Code, int]:
        """How many failures of each code the filter leaves, the most frequent first."""
        where = failed_where(job_id, wanted)
        sql = f"SELECT code, count(*) FROM tickets WHERE {where.sql} GROUP BY code ORDER BY 2 DESC, 1"  # noqa: S608 - as in _page
        return {Code(code): tickets for code, tickets in self._rows(sql, where.parameters)}

    def failure_groups(self, job_id: int, **wanted: Unpack[FailureFilter]) -> list[FailureGroup]:
        """The failures that the filter leaves by cause, the most frequent first."""
        where = failed_where(job_id, wanted)
        groups = by_cause(self._rows(_MESSAGES.format(where=where.sql), where.parameters))
        places = dict(self._rows(_PLACES, (json.dumps([group.first for group in groups]),)))
        return [group._replace(first=places[group.first]) for group in groups]

    def results(
        self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Unpack[ResultFilter]
    ) -> list[ResultRow]:
        """The next page of classified tickets after position `after`, in input order."""
        return [result_row(row) for row in self._page(RESULT, done_where(job_id, wanted), after, limit)]

    def result_positions(
        self, job_id: int, order: Order = Order.TICKET, limit: int = -1, **wanted: Unpack[ResultFilter]
    ) -> list[int]:
        """The positions of the results the filter leaves: all of them, or the first `limit`."""
        return self._positions(done_where(job_id, wanted), order, limit)

    def results_count(self, job_id: int, **wanted: Unpack[ResultFilter]) -> int:
        """How many results the filter leaves."""
        return self._count(done_where(job_id, wanted))

    def counts_by_label(self, job_id: int) -> LabelCounts:
        """The whole job's done tickets by category, by priority and by source."""
        categories: Counter[str] = Counter()
        priorities: Counter[str] = Counter()
        for category, priority, tickets in self._rows(_LABELS, (job_id,)):
            categories[category] += tickets
            priorities[priority] += tickets
        counts = self.job(job_id).counts
        from_model = counts.done - counts.from_cache - counts.from_twin
        sources = {Source.MODEL: from_model, Source.CACHE: counts.from_cache, Source.TWIN: counts.from_twin}
        return LabelCounts(dict(categories), dict(priorities), sources)

    def mix(self, job_id: int) -> JobMix:
        """What the job is made of; columns in the order of the input."""
        counted = self._rows(_CLASSES, (job_id,))
        classes = dict.fromkeys(Complexity, 0) | {Complexity(name): tickets for name, tickets, _ in counted}
        columns = tuple(name for (name,) in self._rows(_COLUMNS, (job_id,)))
        return JobMix(classes, sum(unique for _, _, unique in counted), columns)

    def ticket(self, job_id: int, position: int) -> TicketRow:
        """One row with everything, its twins too; raises UnknownJob where there is none."""
        where = Conditions("job_id = ? AND position = ?", job_id, position)
        rows = self._page(TICKET, where, 0, 1)
        if not rows:
            raise UnknownJob(f"no ticket {ticket_label(position)} in {job_label(job_id)}")
        twins = self._rows(_TWINS, {"job_id": job_id, "position": position})
        ticket = ticket_row(rows[0], tuple(twin for (twin,) in twins))
        if ticket.state is not TicketState.FAILED:
            return ticket
        alike = self._rows(_ALIKE, (job_id, ticket.code, ticket.message))[0][0]
        return replace(ticket, alike=alike)

    def attempts(self, job_id: int, position: int) -> list[AttemptRow]:
        """The requests that the ticket rode in, in the order they were sent."""
        return [attempt_row(row) for row in self._rows(ATTEMPT, (job_id, position))]

    def settled_rows(self, job_id: int) -> Iterator[SettledRow]:
        """The done and failed rows of the job in input order, read in pages: nothing is held open between two of them."""
        after = 0
        while page := self._page(
            SETTLED, Conditions("job_id = ? AND state IN ('done', 'failed')", job_id), after, _ROWS_AT_ONCE
        ):
            yield from map(SettledRow._make, page)
            after = page[-1][0]

    def stats(self, job_id: int) -> JobStats:
        """The job's figures; raises UnknownJob."""
        job = self.job(job_id)
        counts = job.counts
        requests, requests_failed, prompt_tokens, completion_tokens, cost, *by_company = self._rows(_SUMS, (job_id,))[0]
        p50_ms, p95_ms, p99_ms = self._latencies_ms(job_id, (0.50, 0.95, 0.99))
        saved_tokens, saved_cost = self._rows(_SAVED, (job_id,))[0]
        return JobStats(
            requests=requests,
            requests_failed=requests_failed,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost=cost,
            saved_tokens=int(saved_tokens),
            saved_cost=saved_cost,
            batching_saved_tokens=by_company[0],
            batching_saved_cost=by_company[1],
            answered=counts.done - counts.from_cache - counts.from_twin,
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            p99_ms=p99_ms,
            lookups=counts.lookups,
            cache_hits=counts.from_cache,
            cache_hit_rate=_share(counts.from_cache, counts.lookups),
            failure_rate=_share(counts.failed, counts.done + counts.failed),
            duration_s=None if job.finished_at is None else job.finished_at - job.created_at,
        )

    def agreement(self, job_id: int) -> dict[Complexity, Agreement]:
        """What the job's checks found, per class; empty where nothing was asked again."""
        with sqlite_faults(self._path):
            return checks.agreement(self._connection, job_id)

    def requests_since(self, job_id: int, since: float) -> list[tuple[float, Code | None]]:
        """When each request that began at `since` (Unix seconds) or later ended, and its code, in that order."""
        return [(ended_at, code_from(code)) for ended_at, code in self._rows(_ENDED, (job_id, since))]

    def cached(self, keys: Collection[bytes], *, now: float, ttl_s: float) -> set[bytes]:
        """Which of `keys` the cache answers: what a preview counts, without owning the database."""
        with sqlite_faults(self._path):
            return dedup_cache.known(self._connection, keys, now, ttl_s)

    def _latencies_ms(self, job_id: int, shares: tuple[float, float, float]) -> list[float]:
        """The latencies at these ranks; the same definition as telemetry/latency.py, so that screen and report agree."""
        answers = self._rows(_ANSWERS, (job_id,))[0][0]
        ranks = [max(1, ceil(share * answers)) for share in shares]
        found = dict(self._rows(_AT_RANKS, (job_id, *ranks)))
        return [found.get(rank, 0.0) for rank in ranks]

    def _page(self, select: str, where: Conditions, after: int, limit: int) -> list[tuple[Any, ...]]:
        # Column lists and conditions are our own words; every value is a parameter.
        sql = f"SELECT {select} FROM tickets WHERE {where.sql} AND position > ? ORDER BY position LIMIT ?"  # noqa: S608
        return self._rows(sql, (*where.parameters, after, limit))

    def _positions(self, where: Conditions, order: Order, limit: int) -> list[int]:
        rows = f"SELECT position FROM tickets WHERE {where.sql} ORDER BY {order_sql(order)} LIMIT ?"  # noqa: S608 - as in _page
        # One value of 100,000 numbers comes in half the time of 100,000 rows, and most of it without the GIL (measured).
        found = self._rows(f"SELECT json_group_array(position) FROM ({rows})", (*where.parameters, limit))  # noqa: S608
        positions: list[int] = json.loads(found[0][0])
        return positions

    def _count(self, where: Conditions) -> int:
        sql = f"SELECT count(*) FROM tickets WHERE {where.sql}"  # noqa: S608 - as in _page
        return int(self._rows(sql, where.parameters)[0][0])

    def _rows(self, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        with sqlite_faults(self._path):
            return self._connection.execute(sql, parameters).fetchall()


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
