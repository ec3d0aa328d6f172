"""From columns to row values: each SELECT list stands beside the function that reads it."""

from typing import Any

from forge_tui.core.failure import Code
from forge_tui.core.outcome import Classification
from forge_tui.core.ticket import Complexity, Origin, Source, TicketState
from forge_tui.storage.rows import AttemptRow, FailureRow, ResultRow, TicketRow
from forge_tui.storage.values import code_from, complexity_from, mapping_from, strings_from

TICKET = """
position, state, complexity, leader, ticket_attempts, service_attempts, due, source, category, priority, tokens, cost,
saved_tokens, saved_cost, batch, code, http_status, request_id, settled_at, words, truncated, file, line, external_id,
summary, flags, message, text, columns
"""
SETTLED = """
position, state, external_id, text, category, priority, summary, complexity, source, ticket_attempts + service_attempts,
tokens, cost, truncated, flags, code, message, http_status, file, line, columns
"""
FAILURE = """
position, file, line, external_id, complexity, code, message, http_status, ticket_attempts, service_attempts, tokens,
cost, leader, settled_at, text
"""
RESULT = """
position, external_id, complexity, source, batch, category, priority, summary, flags, truncated, text
"""
ATTEMPT = """
SELECT attempts.batch, size, place, started_at, latency_ms, wait_ms, http_status, request_id, aboard.code,
    aboard.message, prompt_tokens + completion_tokens, answer, alone_category, alone_priority
FROM attempt_tickets AS aboard JOIN attempts ON attempts.id = aboard.attempt_id
    LEFT JOIN checks ON checks.job_id = aboard.job_id AND checks.position = aboard.position
        AND checks.batch = attempts.batch
WHERE aboard.job_id = ? AND aboard.position = ? ORDER BY aboard.attempt_id
"""


def ticket_row(row: tuple[Any, ...], twins: tuple[int, ...] = ()) -> TicketRow:
    """The value of one row of TICKET."""
    position, state, complexity, leader, ticket_attempts, service_attempts, due, source, category, priority, *rest = row
    tokens, cost, saved_tokens, saved_cost, batch, code, http_status, request_id, settled_at, *rest = rest
    words, truncated, file, line, external_id, summary, flags, message, text, columns = rest
    answer = None if category is None else Classification(category, priority, summary, strings_from(flags))
    return TicketRow(
        position=position,
        state=TicketState(state),
        text=text,
        origin=Origin(file, line),
        external_id=external_id,
        columns=mapping_from(columns),
        truncated=bool(truncated),
        complexity=complexity_from(complexity),
        words=words,
        leader=leader,
        source=None if source is None else Source(source),
        classification=answer,
        code=code_from(code),
        message=message or "",
        http_status=http_status,
        request_id=request_id,
        ticket_attempts=ticket_attempts,
        service_attempts=service_attempts,
        due=due,
        batch=batch,
        tokens=tokens,
        cost=cost,
        saved_tokens=saved_tokens,
        saved_cost=saved_cost,
        settled_at=settled_at,
        twins=twins,
    )


def failure_row(row: tuple[Any, ...]) -> FailureRow:
    """The value of one row of FAILURE."""
    position, file, line, external_id, complexity, code, message, http_status, *rest = row
    ticket_attempts, service_attempts, tokens, cost, leader, failed_at, text = rest
    return FailureRow(
        position=position,
        origin=Origin(file, line),
        external_id=external_id,
        complexity=complexity_from(complexity),
        code=Code(code),
        message=message or "",
        http_status=http_status,
        ticket_attempts=ticket_attempts,
        service_attempts=service_attempts,
        tokens=tokens,
        cost=cost,
        leader=leader,
        failed_at=failed_at,
        text=text,
    )


def result_row(row: tuple[Any, ...]) -> ResultRow:
    """The value of one row of RESULT."""
    position, external_id, complexity, source, batch, category, priority, summary, flags, truncated, text = row
    return ResultRow(
        position=position,
        external_id=external_id,
        complexity=Complexity(complexity),
        source=Source(source),
        batch=batch,
        category=category,
        priority=priority,
        summary=summary,
        flags=strings_from(flags),
        truncated=bool(truncated),
        text=text,
    )


def attempt_row(row: tuple[Any, ...]) -> AttemptRow:
    """The value of one row of ATTEMPT."""
    batch, size, place, started_at, latency_ms, wait_ms, http_status, request_id, code, message, *rest = row
    tokens, answer, *alone = rest
    return AttemptRow(
        batch=batch,
        size=size,
        place=place,
        started_at=started_at,
        latency_ms=latency_ms,
        wait_ms=wait_ms,
        http_status=http_status,
        request_id=request_id,
        code=code_from(code),
        message=message or "",
        tokens=tokens,
        answer=answer or "",
        alone=None if alone[0] is None else (alone[0], alone[1]),
    )
