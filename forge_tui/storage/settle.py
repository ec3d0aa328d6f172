"""T1 to T3: what one request came to, with its ledger row, what the cache learns, and the followers of its tickets."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from forge_tui.core.settlement import (
    CheckedTicket,
    DoneTicket,
    FailedTicket,
    LedgerEntry,
    RequeuedTicket,
    Settlement,
    WaitingTicket,
)
from forge_tui.core.ticket import TicketState
from forge_tui.storage import checks
from forge_tui.storage.dedup_cache import KnownAnswer
from forge_tui.storage.values import select_in, storable, storable_or_none, to_json

_ATTEMPT = """
INSERT INTO attempts (
    id, job_id, batch, complexity, size, started_at, latency_ms, wait_ms, http_status, code, request_id, paid,
    prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, usage_estimated, cost,
    saved_tokens, saved_cost, answer
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ABOARD = "INSERT INTO attempt_tickets (job_id, attempt_id, position, place, code, message) VALUES (?, ?, ?, ?, ?, ?)"
_CURRENT = "SELECT position, epoch, state, leader FROM tickets WHERE job_id = ? AND position IN (:many)"
_DONE = """
UPDATE tickets SET state = 'done', source = 'model', category = ?, priority = ?, summary = ?, flags = ?, batch = ?,
    http_status = ?, request_id = ?, ticket_attempts = ?, service_attempts = ?, tokens = tokens + ?, cost = cost + ?,
    settled_at = ?, known_at = iif(leader IS NULL, ?, NULL), due = NULL, code = NULL, message = NULL
WHERE job_id = ? AND position = ? AND epoch = ? AND state <> 'done'
"""
_FAILED = """
UPDATE tickets SET state = 'failed', code = ?, message = ?, http_status = ?, request_id = ?, batch = ?,
    ticket_attempts = ?, service_attempts = ?, tokens = tokens + ?, cost = cost + ?, settled_at = ?, due = NULL
WHERE job_id = ? AND position = ? AND epoch = ? AND state IN ('queued', 'waiting')
"""
_WAITING = """
UPDATE tickets SET state = 'waiting', due = ?, code = ?, message = ?,
    ticket_attempts = ?, service_attempts = ?, tokens = tokens + ?, cost = cost + ?
WHERE job_id = ? AND position = ? AND epoch = ? AND state IN ('queued', 'waiting')
"""
_REQUEUED = """
UPDATE tickets SET state = 'queued', due = NULL, code = NULL, message = NULL,
    ticket_attempts = ?, service_attempts = ?, tokens = tokens + ?, cost = cost + ?
WHERE job_id = ? AND position = ? AND epoch = ? AND state IN ('queued', 'waiting')
"""
_PAID_ONLY = "UPDATE tickets SET tokens = tokens + ?, cost = cost + ? WHERE job_id = ? AND position = ?"
_FOLLOWERS = """
SELECT leader, count(*) FROM tickets WHERE job_id = ? AND state = 'queued' AND leader IN (:many) GROUP BY leader
"""
_FOLLOWERS_DONE = """
UPDATE tickets SET state = 'done', source = 'twin', category = ?, priority = ?, summary = ?, flags = ?,
    saved_tokens = ?, saved_cost = ?, settled_at = ?
WHERE job_id = ? AND leader = ? AND state = 'queued'
"""
_FOLLOWERS_FAILED = """
UPDATE tickets SET state = 'failed', code = ?, message = ?, http_status = ?, settled_at = ?
WHERE job_id = ? AND leader = ? AND state = 'queued'
"""
_OPEN = frozenset({TicketState.QUEUED, TicketState.WAITING})

Outcome = DoneTicket | WaitingTicket | RequeuedTicket | FailedTicket | CheckedTicket


class _Current(NamedTuple):
    epoch: int
    state: str
    leader: int | None


class Followers(NamedTuple):
    """How many followers ended with each leader, by its position."""

    done: dict[int, int]
    failed: dict[int, int]


def record(connection: sqlite3.Connection, given: Sequence[tuple[Settlement, float]]) -> list[Followers]:
    """Write settlements, each with its instant, in few statements for all of them.

    An answer that comes too late for its ticket is paid for and moves nothing.
    """
    followers: list[Followers] = []
    for run in _runs([settlement for settlement, _ in given]):
        now = given[len(followers)][1]
        current = _current(connection, run)
        if any(row.leader in current for row in current.values()):
            # A follower was asked by itself before it followed: what its leader's answer made of it comes first.
            for one in run:
                followers += _record(connection, [one], _current(connection, [one]), now)
        else:
            followers += _record(connection, run, current, now)
    return followers


def _runs(settlements: Sequence[Settlement]) -> Iterator[list[Settlement]]:
    """The settlements in order, cut where the job changes or a ticket comes again: that one was retried meanwhile."""
    run: list[Settlement] = []
    aboard: set[int] = set()
    for settlement in settlements:
        positions = settlement.entry.positions
        if run and (settlement.job_id != run[0].job_id or not aboard.isdisjoint(positions)):
            yield run
            run, aboard = [], set()
        run.append(settlement)
        aboard.update(positions)
    if run:
        yield run


def _record(
    connection: sqlite3.Connection, run: Sequence[Settlement], current: Mapping[int, _Current], now: float
) -> Iterator[Followers]:
    """Settlements of one job in which no ticket comes twice."""
    job_id = run[0].job_id
    _write_ledger(connection, run)
    done = [(one.entry, ticket) for one in run for ticket in one.done if _takes_answer(ticket, current)]
    failed = [(one.entry, ticket) for one in run for ticket in one.failed if _is_open(ticket, current)]
    waiting = [ticket for one in run for ticket in one.waiting if _is_open(ticket, current)]
    requeued = [ticket for one in run for ticket in one.requeued if _is_open(ticket, current)]
    connection.executemany(_DONE, [_done(ticket, job_id, entry, now) for entry, ticket in done])
    connection.executemany(_FAILED, [_failed(ticket, job_id, entry, now) for entry, ticket in failed])
    connection.executemany(_WAITING, [_waiting(ticket, job_id) for ticket in waiting])
    connection.executemany(_REQUEUED, [_requeued(ticket, job_id) for ticket in requeued])
    answered, given_up = [ticket for _, ticket in done], [ticket for _, ticket in failed]
    moved: list[Outcome] = [*answered, *given_up, *waiting, *requeued]
    _pay_the_rest(connection, run, {ticket.position for ticket in moved})
    checks.store(connection, run, now)
    followers = _end_followers(connection, job_id, answered, given_up, now)
    for one in run:
        yield Followers(
            *(
                {position: counts[position] for position in one.entry.positions if position in counts}
                for counts in followers
            )
        )


def _write_ledger(connection: sqlite3.Connection, run: Sequence[Settlement]) -> None:
    last: int = connection.execute("SELECT coalesce(max(id), 0) FROM attempts").fetchone()[0]
    numbered = list(enumerate(run, start=last + 1))
    connection.executemany(_ATTEMPT, [_attempt(number, one) for number, one in numbered])
    connection.executemany(_ABOARD, [row for number, one in numbered for row in _aboard(number, one)])


def _attempt(number: int, settlement: Settlement) -> tuple[Any, ...]:
    entry, usage = settlement.entry, settlement.entry.usage
    return (
        *(number, settlement.job_id, entry.batch, entry.complexity, len(entry.positions), entry.started_at),
        *(entry.latency_ms, entry.wait_ms, entry.http_status, entry.code, storable_or_none(entry.request_id)),
        *(entry.paid, usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens, usage.cached_tokens),
        *(usage.estimated, entry.cost, entry.saved_tokens, entry.saved_cost, storable_or_none(entry.answer)),
    )


def _aboard(number: int, settlement: Settlement) -> Iterator[tuple[Any, ...]]:
    entry = settlement.entry
    faults: dict[int, tuple[str | None, str | None]] = dict.fromkeys(entry.positions, (entry.code, None))
    answered: list[DoneTicket | CheckedTicket] = [*settlement.done, *settlement.checked]
    faults |= {ticket.position: (None, None) for ticket in answered}
    named: list[WaitingTicket | FailedTicket] = [*settlement.waiting, *settlement.failed]
    faults |= {ticket.position: (ticket.code, storable(ticket.message)) for ticket in named}
    for place, position in enumerate(entry.positions, start=1):
        yield settlement.job_id, number, position, place, *faults[position]


def _current(connection: sqlite3.Connection, run: Sequence[Settlement]) -> dict[int, _Current]:
    positions = [position for one in run for position in one.entry.positions]
    rows = select_in(connection, _CURRENT, positions, run[0].job_id)
    return {position: _Current(*rest) for position, *rest in rows}


def _takes_answer(ticket: DoneTicket, current: Mapping[int, _Current]) -> bool:
    row = current.get(ticket.position)
    return row is not None and row.epoch == ticket.epoch and row.state != TicketState.DONE


def _is_open(ticket: WaitingTicket | RequeuedTicket | FailedTicket, current: Mapping[int, _Current]) -> bool:
    row = current.get(ticket.position)
    return row is not None and row.epoch == ticket.epoch and row.state in _OPEN


def _answer(ticket: DoneTicket) -> KnownAnswer:
    given = ticket.classification
    return KnownAnswer(
        storable(given.category),
        storable(given.priority),
        storable(given.summary),
        to_json(given.flags),
        ticket.tokens,
        ticket.cost,
    )


def _done(ticket: DoneTicket, job_id: int, entry: LedgerEntry, now: float) -> tuple[Any, ...]:
    category, priority, summary, flags, tokens, cost = _answer(ticket)
    return (
        *(category, priority, summary, flags, entry.batch, entry.http_status, storable_or_none(entry.request_id)),
        *(ticket.ticket_attempts, ticket.service_attempts, tokens, cost, now, now),
        *(job_id, ticket.position, ticket.epoch),
    )


def _failed(ticket: FailedTicket, job_id: int, entry: LedgerEntry, now: float) -> tuple[Any, ...]:
    return (
        *(ticket.code, storable(ticket.message), ticket.http_status, storable_or_none(ticket.request_id), entry.batch),
        *(ticket.ticket_attempts, ticket.service_attempts, ticket.tokens, ticket.cost, now),
        *(job_id, ticket.position, ticket.epoch),
    )


def _waiting(ticket: WaitingTicket, job_id: int) -> tuple[Any, ...]:
    return (
        *(ticket.due, ticket.code, storable(ticket.message)),
        *(ticket.ticket_attempts, ticket.service_attempts, ticket.tokens, ticket.cost),
        *(job_id, ticket.position, ticket.epoch),
    )


def _requeued(ticket: RequeuedTicket, job_id: int) -> tuple[Any, ...]:
    return (
        *(ticket.ticket_attempts, ticket.service_attempts, ticket.tokens, ticket.cost),
        *(job_id, ticket.position, ticket.epoch),
    )


def _pay_the_rest(connection: sqlite3.Connection, run: Sequence[Settlement], moved: set[int]) -> None:
    """The shares of tickets that were cancelled, retried, answered meanwhile or only checked: rows sum to the ledger."""
    late = [
        (ticket.tokens, ticket.cost, one.job_id, ticket.position)
        for one in run
        for ticket in _outcomes(one)
        if ticket.position not in moved
    ]
    connection.executemany(_PAID_ONLY, late)


def _outcomes(settlement: Settlement) -> Iterator[Outcome]:
    yield from settlement.done
    yield from settlement.failed
    yield from settlement.waiting
    yield from settlement.requeued
    yield from settlement.checked


def _end_followers(
    connection: sqlite3.Connection, job_id: int, done: Sequence[DoneTicket], failed: Sequence[FailedTicket], now: float
) -> Followers:
    """The open followers end as their leaders did: one payment, an answer or a code for each of them."""
    leaders = [ticket.position for ticket in done] + [ticket.position for ticket in failed]
    counts: dict[int, int] = dict(select_in(connection, _FOLLOWERS, leaders, job_id))
    answered = [(*_answer(t), now, job_id, t.position) for t in done if t.position in counts]
    connection.executemany(_FOLLOWERS_DONE, answered)
    given_up = [
        (t.code, storable(t.message), t.http_status, now, job_id, t.position) for t in failed if t.position in counts
    ]
    connection.executemany(_FOLLOWERS_FAILED, given_up)
    return Followers(
        {ticket.position: counts[ticket.position] for ticket in done if ticket.position in counts},
        {ticket.position: counts[ticket.position] for ticket in failed if ticket.position in counts},
    )
