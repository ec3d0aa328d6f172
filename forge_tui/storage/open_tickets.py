"""What an engine takes up: queued leaders window by window, and waiting ones with the instant they are due."""

import sqlite3
from typing import Any

from forge_tui.core.ticket import Complexity, QueuedTicket

_LATEST_DUE_S = 3600.0  # a ticket due later than this was stored before the clock jumped

_QUEUED = """
SELECT position, text, complexity, estimated_tokens, epoch,
       (SELECT count(*) FROM tickets AS follower
        WHERE follower.job_id = ticket.job_id AND follower.leader = ticket.position AND follower.state = 'queued'),
       ticket_attempts, service_attempts, truncated
FROM tickets AS ticket
WHERE job_id = ? AND complexity = ? AND state = 'queued' AND leader IS NULL AND position > ?
ORDER BY position LIMIT ?
"""
_WAITING = """
SELECT position, text, complexity, estimated_tokens, epoch,
       (SELECT count(*) FROM tickets AS follower
        WHERE follower.job_id = ticket.job_id AND follower.leader = ticket.position AND follower.state = 'queued'),
       ticket_attempts, service_attempts, truncated, due
FROM tickets AS ticket
WHERE job_id = ? AND state = 'waiting'
ORDER BY due, position
"""


def next_queued(
    connection: sqlite3.Connection, job_id: int, complexity: Complexity, after_position: int, limit: int
) -> list[QueuedTicket]:
    """The next `limit` tickets of the class that can be sent, in input order."""
    rows = connection.execute(_QUEUED, (job_id, complexity, after_position, limit)).fetchall()
    return [_queued(row) for row in rows]


def waiting(connection: sqlite3.Connection, job_id: int, now: float) -> list[tuple[float, QueuedTicket]]:
    """Each waiting ticket with its due (Unix seconds), the first due first; one out of reach is due now."""
    rows = connection.execute(_WAITING, (job_id,)).fetchall()
    found = [(due if due <= now + _LATEST_DUE_S else now, _queued(row)) for *row, due in rows]
    return sorted(found, key=lambda item: (item[0], item[1].position))


def _queued(row: Any) -> QueuedTicket:
    position, text, complexity, tokens, epoch, twins, ticket_attempts, service_attempts, truncated = row
    return QueuedTicket(
        position=position,
        text=text,
        complexity=Complexity(complexity),
        tokens=tokens,
        epoch=epoch,
        twins=twins,
        ticket_attempts=ticket_attempts,
        service_attempts=service_attempts,
        truncated=bool(truncated),
    )
