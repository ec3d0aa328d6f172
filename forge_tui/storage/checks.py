"""Tickets that were answered in company and asked again alone: what both answers said, and who is still to be asked."""

import sqlite3
from collections.abc import Callable, Sequence

from forge_tui.core.agreement import Agreement
from forge_tui.core.outcome import Classification
from forge_tui.core.settlement import CheckedTicket, Settlement
from forge_tui.core.ticket import Complexity, QueuedTicket
from forge_tui.storage.values import select_in

_STORE = """
INSERT INTO checks (job_id, position, complexity, batch, category, priority, alone_category, alone_priority, checked_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (job_id, position) DO NOTHING
"""
_AGREEMENT = """
SELECT complexity, count(alone_category), total(alone_category = category), total(alone_priority = priority),
       count(*) - count(alone_category)
FROM checks WHERE job_id = ? GROUP BY complexity
"""
_UNCHECKED = """
SELECT position FROM tickets
WHERE job_id = :job_id AND state = 'done' AND source = 'model'
    AND batch IN (SELECT batch FROM attempts WHERE job_id = :job_id AND size > 1)
    AND position NOT IN (SELECT position FROM checks WHERE job_id = :job_id)
ORDER BY position
"""
_TO_ASK = """
SELECT position, text, complexity, estimated_tokens, epoch, truncated, category, priority, summary FROM tickets
WHERE job_id = ? AND position IN (:many)
"""


def store(connection: sqlite3.Connection, run: Sequence[Settlement], now: float) -> None:
    """Keep what was found of each ticket asked again; the first finding stands."""
    rows = [_row(one, checked, now) for one in run for checked in one.checked]
    connection.executemany(_STORE, rows)


def agreement(connection: sqlite3.Connection, job_id: int) -> dict[Complexity, Agreement]:
    """What a job's checks found so far, per class."""
    rows = connection.execute(_AGREEMENT, (job_id,))
    return {Complexity(name): Agreement(*map(int, counts)) for name, *counts in rows.fetchall()}


def unchecked(connection: sqlite3.Connection, job_id: int, chosen: Callable[[int], bool]) -> list[QueuedTicket]:
    """The `chosen` among the tickets answered in company of which no check is known, each ready to be asked alone."""
    positions = [position for (position,) in connection.execute(_UNCHECKED, {"job_id": job_id}) if chosen(position)]
    return [_queued(*row) for row in select_in(connection, _TO_ASK, positions, job_id)]


def _row(settlement: Settlement, checked: CheckedTicket, now: float) -> tuple[object, ...]:
    alone = (None, None) if checked.alone is None else (checked.alone.category, checked.alone.priority)
    head = (settlement.job_id, checked.position, checked.complexity, settlement.entry.batch)
    return (*head, checked.given.category, checked.given.priority, *alone, now)


def _queued(
    position: int,
    text: str,
    complexity: str,
    tokens: int,
    epoch: int,
    truncated: int,
    category: str,
    priority: str,
    summary: str,
) -> QueuedTicket:
    return QueuedTicket(
        position=position,
        text=text,
        complexity=Complexity(complexity),
        tokens=tokens,
        epoch=epoch,
        company=1,
        truncated=bool(truncated),
        check_of=Classification(category, priority, summary),
    )
