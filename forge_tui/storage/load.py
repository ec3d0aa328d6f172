"""T0, from file to rows: a chunk is looked up, matched with its twins and stored in a handful of statements."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from forge_tui.core.job import JobState
from forge_tui.core.ticket import EstimatedTicket, Origin, RefusedRow, Source, TicketState
from forge_tui.storage import dedup_cache
from forge_tui.storage.dedup_cache import KnownAnswer
from forge_tui.storage.tally import unknown
from forge_tui.storage.values import select_in, storable, storable_or_none, to_json

_INSERT = """
INSERT INTO tickets (
    job_id, position, key, complexity, words, estimated_tokens, truncated, file, line, external_id, text, columns,
    state, leader, source, category, priority, summary, flags, saved_tokens, saved_cost, code, message, http_status,
    settled_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Of several leaders with one text the last in this order wins: an open one can be followed, a done one has an answer.
_LEADERS = """
SELECT key, position, state, source, category, priority, summary, flags, tokens + saved_tokens, cost + saved_cost,
       code, message, http_status
FROM tickets WHERE job_id = ? AND leader IS NULL AND key IN (:many)
ORDER BY state IN ('queued', 'waiting'), state = 'done', state = 'failed'
"""
_LOADED = "UPDATE jobs SET loaded_rows = max(loaded_rows, ?), lookups = lookups + ? WHERE id = ?"
_READY = "UPDATE jobs SET state = ? WHERE id = ? AND state = ?"
_REFRESH_LEADERS = """
UPDATE tickets SET state = 'done', source = 'cache', due = NULL, code = NULL, message = NULL, settled_at = ?,
    category = cache.category, priority = cache.priority, summary = cache.summary, flags = cache.flags,
    saved_tokens = cache.tokens, saved_cost = cache.cost
FROM cache
WHERE cache.key = tickets.key AND cache.stored_at > ? AND cache.stored_at <= ?
    AND tickets.job_id = ? AND tickets.state IN ('queued', 'waiting') AND tickets.leader IS NULL
"""
_REFRESH_FOLLOWERS = """
UPDATE tickets SET state = 'done', source = 'cache', settled_at = leader.settled_at,
    category = leader.category, priority = leader.priority, summary = leader.summary, flags = leader.flags,
    saved_tokens = leader.saved_tokens, saved_cost = leader.saved_cost
FROM tickets AS leader
WHERE leader.job_id = tickets.job_id AND leader.position = tickets.leader AND leader.state = 'done'
    AND tickets.job_id = ? AND tickets.state = 'queued' AND tickets.leader IS NOT NULL
"""


class Fate(NamedTuple):
    """What a row is when it is stored: queued, following, answered or failed; plain strings bind twice as fast."""

    state: str
    leader: int | None = None
    source: str | None = None
    category: str | None = None
    priority: str | None = None
    summary: str | None = None
    flags: str | None = None
    saved_tokens: int = 0
    saved_cost: float = 0.0
    code: str | None = None
    message: str | None = None
    http_status: int | None = None
    settled_at: float | None = None


_QUEUED = Fate(TicketState.QUEUED.value)


class Leader(NamedTuple):
    """A ticket of the job that others with the same text may follow, and what became of it."""

    position: int
    state: str
    source: str | None
    category: str | None
    priority: str | None
    summary: str | None
    flags: str | None
    tokens: int
    cost: float
    code: str | None
    message: str | None
    http_status: int | None


def add_rows(
    connection: sqlite3.Connection,
    job_id: int,
    tickets: Sequence[EstimatedTicket],
    refused: Sequence[RefusedRow],
    *,
    now: float,
    ttl_s: float | None,
) -> None:
    """Store one chunk; rows at positions that are stored already are left out, so that an ingest can begin again."""
    loaded = loaded_rows(connection, job_id)
    fresh = [item for item in tickets if item.ticket.position > loaded]
    rows = [_refused_row(job_id, row, now) for row in refused if row.position > loaded]
    rows += _ticket_rows(connection, job_id, fresh, now, ttl_s)
    if rows:
        rows.sort(key=itemgetter(1))
        connection.executemany(_INSERT, rows)
        connection.execute(_LOADED, (rows[-1][1], 0 if ttl_s is None else len(fresh), job_id))


def loaded_rows(connection: sqlite3.Connection, job_id: int) -> int:
    """The position up to which rows are stored; raises UnknownJob."""
    found = connection.execute("SELECT loaded_rows FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if found is None:
        raise unknown(job_id)
    return int(found[0])


def finish_loading(connection: sqlite3.Connection, job_id: int) -> None:
    """Move a loading job to ready."""
    connection.execute(_READY, (JobState.READY, job_id, JobState.LOADING))


def refresh_from_cache(connection: sqlite3.Connection, job_id: int, now: float, ttl_s: float) -> int:
    """Answer the open leaders that the cache knows by now, and their followers; how many tickets that ended."""
    leaders = connection.execute(_REFRESH_LEADERS, (now, now - ttl_s, now, job_id)).rowcount
    if not leaders:
        return 0
    return leaders + connection.execute(_REFRESH_FOLLOWERS, (job_id,)).rowcount


def leaders_of(connection: sqlite3.Connection, job_id: int, keys: Collection[bytes]) -> dict[bytes, Leader]:
    """For each text of the job among `keys` the ticket to follow: an open one before a done before a failed one."""
    return {key: Leader(*rest) for key, *rest in select_in(connection, _LEADERS, keys, job_id)}


def _ticket_rows(
    connection: sqlite3.Connection, job_id: int, tickets: Sequence[EstimatedTicket], now: float, ttl_s: float | None
) -> list[tuple[Any, ...]]:
    keys = {item.key: None for item in tickets}
    answers = {} if ttl_s is None else dedup_cache.look_up(connection, keys, now, ttl_s)
    leaders = leaders_of(connection, job_id, keys)
    following = {key: fate for key, leader in leaders.items() if (fate := _after(leader, now)) is not None}
    fates = _fates(tickets, following, answers, now)
    return [_ticket_row(job_id, item, fate) for item, fate in zip(tickets, fates, strict=True)]


def _fates(
    tickets: Sequence[EstimatedTicket], following: dict[bytes, Fate], answers: dict[bytes, KnownAnswer], now: float
) -> Iterator[Fate]:
    """Each ticket's fate in input order; the first of a new text becomes the one that the next follow."""
    for item in tickets:
        fate = following.get(item.key)
        if fate is None:
            answer = answers.get(item.key)
            fate = _QUEUED if answer is None else _from_cache(answer, now)
            following[item.key] = fate._replace(leader=item.ticket.position)
        yield fate


def _from_cache(answer: KnownAnswer, now: float) -> Fate:
    return Fate(
        TicketState.DONE.value,
        source=Source.CACHE.value,
        category=answer.category,
        priority=answer.priority,
        summary=answer.summary,
        flags=answer.flags,
        saved_tokens=answer.tokens,
        saved_cost=answer.cost,
        settled_at=now,
    )


def _after(leader: Leader, now: float) -> Fate | None:
    """What becomes of one that follows `leader`; None where there is nobody to follow."""
    match TicketState(leader.state):
        case TicketState.QUEUED | TicketState.WAITING:
            return Fate(TicketState.QUEUED.value, leader.position)
        case TicketState.DONE:
            source = Source.CACHE if leader.source == Source.CACHE else Source.TWIN
            answer = leader.category, leader.priority, leader.summary, leader.flags, leader.tokens, leader.cost
            return Fate(TicketState.DONE.value, leader.position, source.value, *answer, settled_at=now)
        case TicketState.FAILED:
            return Fate(
                TicketState.FAILED.value,
                leader.position,
                code=leader.code,
                message=leader.message,
                http_status=leader.http_status,
                settled_at=now,
            )
        case TicketState.CANCELLED:
            return None


def _ticket_row(job_id: int, item: EstimatedTicket, fate: Fate) -> tuple[Any, ...]:
    ticket = item.ticket
    return (
        job_id,
        ticket.position,
        item.key,
        item.complexity.value,
        item.words,
        item.tokens,
        int(ticket.truncated),
        *_origin(ticket.origin),
        storable_or_none(ticket.external_id),
        storable(ticket.text),
        to_json(ticket.columns),
        *fate,
    )


def _refused_row(job_id: int, row: RefusedRow, now: float) -> tuple[Any, ...]:
    fate = Fate(TicketState.FAILED.value, code=row.code.value, message=storable(row.message), settled_at=now)
    return (
        job_id,
        row.position,
        None,
        None,
        0,
        0,
        0,
        *_origin(row.origin),
        storable_or_none(row.external_id),
        storable(row.text),
        to_json(row.columns),
        *fate,
    )


def _origin(origin: Origin) -> tuple[str, int]:
    return storable(origin.file), origin.line
