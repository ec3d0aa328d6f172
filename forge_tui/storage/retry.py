"""T5: failed and cancelled tickets are queued again, unless their text has been answered since."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from forge_tui.core.failure import Code
from forge_tui.core.ticket import Complexity, Source, TicketState
from forge_tui.storage import dedup_cache
from forge_tui.storage.load import Answered, Fate, after_leader, fates, leaders_of
from forge_tui.storage.rows import RetriedCounts
from forge_tui.storage.values import select_in

_ENDED = """
SELECT position, key, state, complexity, code FROM tickets
WHERE job_id = ? AND state IN ('failed', 'cancelled') AND complexity IS NOT NULL
"""
_ENDED_AT = _ENDED + "AND position IN (:many)"
_REOPEN = """
UPDATE tickets SET state = 'queued', leader = ?, epoch = epoch + 1, ticket_attempts = 0, service_attempts = 0,
    due = NULL, code = NULL, message = NULL, http_status = NULL, request_id = NULL, batch = NULL, settled_at = NULL
WHERE job_id = ? AND position = ?
"""
_ANSWER = """
UPDATE tickets SET state = 'done', leader = ?, source = ?, category = ?, priority = ?, summary = ?, flags = ?,
    saved_tokens = ?, saved_cost = ?, settled_at = ?, epoch = epoch + 1, ticket_attempts = 0, service_attempts = 0,
    due = NULL, code = NULL, message = NULL, http_status = NULL, request_id = NULL, batch = NULL
WHERE job_id = ? AND position = ?
"""
_READY = """
UPDATE jobs SET state = 'ready', reason = '', code = NULL, hold_until = NULL, finished_at = NULL
WHERE id = ? AND state IN ('finished', 'finished_with_failures', 'cancelled')
"""


class _Ended(NamedTuple):
    position: int
    key: bytes
    state: str
    complexity: str
    code: str | None


def retry(
    connection: sqlite3.Connection,
    job_id: int,
    positions: Collection[int] | None,
    *,
    now: float,
    ttl_s: float | None,
) -> dict[Complexity, RetriedCounts]:
    """Open failed and cancelled tickets again, all of them or those at `positions`; a refused row has nothing to send.

    One whose text was answered meanwhile, in this job or in the cache (`ttl_s` None: not asked), is done at once and
    paid for by nobody. Of one text the first leads and the others follow, unless a ticket that is open already leads.
    Pressed twice, the second finds nothing.
    """
    chosen = _ended(connection, job_id, positions)
    if not chosen:
        return {}
    becomes = _fates(connection, job_id, chosen, now, ttl_s)
    queued, answered = [], []
    for row, fate in zip(chosen, becomes, strict=True):
        if isinstance(fate, Answered):
            answered.append((*fate, job_id, row.position))
        else:
            queued.append((fate.leader, job_id, row.position))
    connection.executemany(_REOPEN, queued)
    connection.executemany(_ANSWER, answered)
    connection.execute(_READY, (job_id,))
    return _retried(chosen, becomes)


def _ended(connection: sqlite3.Connection, job_id: int, positions: Collection[int] | None) -> list[_Ended]:
    rows: list[Any]
    if positions is None:
        rows = connection.execute(_ENDED, (job_id,)).fetchall()
    else:
        rows = list(select_in(connection, _ENDED_AT, dict.fromkeys(positions), job_id))
    return sorted(_Ended(*row) for row in rows)


def _fates(
    connection: sqlite3.Connection, job_id: int, chosen: Sequence[_Ended], now: float, ttl_s: float | None
) -> list[Fate]:
    keys = {row.key: None for row in chosen}
    answers = {} if ttl_s is None else dedup_cache.look_up(connection, keys, now, ttl_s)
    led = {
        key: fate
        for key, leader in leaders_of(connection, job_id, keys).items()
        # A leader that failed is no reason to fail: it is what is asked again.
        if leader.state != TicketState.FAILED and (fate := after_leader(leader, now))
    }
    return list(fates([(row.key, row.position) for row in chosen], led, answers, now))


def _retried(chosen: Sequence[_Ended], becomes: Sequence[Fate]) -> dict[Complexity, RetriedCounts]:
    by_class: dict[str, list[tuple[_Ended, Fate]]] = defaultdict(list)
    for row, fate in zip(chosen, becomes, strict=True):
        by_class[row.complexity].append((row, fate))
    return {Complexity(complexity): _counts(pairs) for complexity, pairs in by_class.items()}


def _counts(pairs: Sequence[tuple[_Ended, Fate]]) -> RetriedCounts:
    answered = [fate for _, fate in pairs if isinstance(fate, Answered)]
    cached = sum(fate.source == Source.CACHE for fate in answered)
    return RetriedCounts(
        from_failed=sum(row.state == TicketState.FAILED for row, _ in pairs),
        from_cancelled=sum(row.state == TicketState.CANCELLED for row, _ in pairs),
        twins=sum(fate.leader is not None for _, fate in pairs if not isinstance(fate, Answered)),
        codes=dict(Counter(Code(row.code) for row, _ in pairs if row.state == TicketState.FAILED and row.code)),
        known_to_cache=cached,
        known_to_twin=len(answered) - cached,
        saved_tokens=sum(fate.saved_tokens for fate in answered),
        saved_cost=sum(fate.saved_cost for fate in answered),
    )
