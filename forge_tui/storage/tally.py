"""A job's record and counts, always counted from its rows: shared by the engine's store and the readers."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobRecord, JobSpec, JobState, Sending, job_label
from forge_tui.core.ticket import Complexity, Source, TicketState
from forge_tui.storage import checks
from forge_tui.storage.rows import JobHead, OpeningFigures
from forge_tui.storage.values import code_from, mapping_from, select_in

# Answered by the index alone, in its own order: no row is read and nothing is sorted.
_TALLY = """
SELECT job_id, state, complexity, source, code, count(*), sum(leader IS NULL) FROM tickets
WHERE job_id IN (:many) GROUP BY job_id, state, complexity, source, code
"""
_LEDGER = """
SELECT job_id, sum(prompt_tokens + completion_tokens), sum(cost),
    count(*), max(started_at) - min(started_at), sum(latency_ms) / 1000
FROM attempts WHERE job_id IN (:many) GROUP BY job_id
"""
_JOBS = """
SELECT id, files, input_sha256, text_column, provider, base_url, model, prompt_version, settings, state, reason, code,
       hold_until, created_at, started_at, finished_at, lookups, output, estimated_s
FROM jobs
"""
_NOTHING_SENT = (0, 0.0, Sending())
_SAVED = "SELECT total(saved_tokens), total(saved_cost) FROM tickets WHERE job_id = ? AND state = 'done'"
_LAST_BATCH = """
SELECT coalesce(max(batch), 0), coalesce(sum(saved_tokens), 0), total(saved_cost) FROM attempts WHERE job_id = ?
"""


class Line(NamedTuple):
    """So many tickets of a job are alike in state, class, source and code; `leaders` of them follow nobody."""

    state: TicketState
    complexity: str | None
    source: str | None
    code: str | None
    tickets: int
    leaders: int


def lines_of(connection: sqlite3.Connection, job_ids: Sequence[int]) -> dict[int, list[Line]]:
    """The tally of each job; one without rows has none."""
    tallies: dict[int, list[Line]] = defaultdict(list)
    for job_id, state, *rest in select_in(connection, _TALLY, job_ids):
        tallies[job_id].append(Line(TicketState(state), *rest))
    return tallies


def counts_of(lines: Iterable[Line], lookups: int) -> JobCounts:
    """The counts that add up to the job's total."""
    by_state: Counter[TicketState] = Counter()
    by_source: Counter[str | None] = Counter()
    leaders = refused = 0
    for line in lines:
        by_state[line.state] += line.tickets
        by_source[line.source] += line.tickets
        leaders += line.leaders if line.state is TicketState.QUEUED else 0
        refused += line.tickets if line.complexity is None else 0
    return JobCounts(
        total=by_state.total(),
        queued=leaders,
        twins=by_state[TicketState.QUEUED] - leaders,
        waiting=by_state[TicketState.WAITING],
        done=by_state[TicketState.DONE],
        failed=by_state[TicketState.FAILED],
        cancelled=by_state[TicketState.CANCELLED],
        from_cache=by_source[Source.CACHE],
        from_twin=by_source[Source.TWIN],
        refused=refused,
        lookups=lookups,
    )


def jobs(connection: sqlite3.Connection, limit: int) -> list[JobRecord]:
    """The newest `limit` jobs, newest first."""
    rows = connection.execute(f"{_JOBS} ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return _records(connection, rows, lines_of(connection, [row[0] for row in rows]))


def job(connection: sqlite3.Connection, job_id: int) -> JobRecord:
    """One job; raises UnknownJob."""
    return _with_lines(connection, job_id)[0]


def _with_lines(connection: sqlite3.Connection, job_id: int) -> tuple[JobRecord, list[Line]]:
    row = connection.execute(f"{_JOBS} WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise unknown(job_id)
    tallies = lines_of(connection, [job_id])
    return _records(connection, [row], tallies)[0], tallies[job_id]


def head(connection: sqlite3.Connection, job_id: int) -> JobHead:
    """One job without its counts; raises UnknownJob."""
    row = connection.execute(f"{_JOBS} WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise unknown(job_id)
    job = _record(row, (), *_NOTHING_SENT)
    return JobHead(job.job_id, job.spec, job.state, job.created_at, job.started_at, job.hold_until)


def unknown(job_id: int) -> UnknownJob:
    """The refusal of a job number that is not there, or no longer."""
    return UnknownJob(f"no job {job_label(job_id)} in this database (forge-tui jobs lists them)")


def opening(connection: sqlite3.Connection, job_id: int) -> OpeningFigures:
    """Where every ticket of the job stands; raises UnknownJob."""
    record, lines = _with_lines(connection, job_id)
    saved_tokens, saved_cost = connection.execute(_SAVED, (job_id,)).fetchone()
    last_batch, batching_saved_tokens, batching_saved_cost = connection.execute(_LAST_BATCH, (job_id,)).fetchone()
    return OpeningFigures(
        counts=record.counts,
        queued=_by_class((line.complexity, line.leaders) for line in lines if line.state is TicketState.QUEUED),
        waiting=_in_state(lines, TicketState.WAITING),
        done=_in_state(lines, TicketState.DONE),
        failed=_in_state(lines, TicketState.FAILED),
        failed_codes=_failed_codes(lines),
        tokens=record.tokens,
        cost=record.cost,
        saved_tokens=int(saved_tokens),
        saved_cost=saved_cost,
        batching_saved_tokens=batching_saved_tokens,
        batching_saved_cost=batching_saved_cost,
        last_batch=last_batch,
        agreement=checks.agreement(connection, job_id),
    )


def _in_state(lines: Iterable[Line], state: TicketState) -> dict[Complexity, int]:
    return _by_class((line.complexity, line.tickets) for line in lines if line.state is state)


def _by_class(counts: Iterable[tuple[str | None, int]]) -> dict[Complexity, int]:
    summed: Counter[str] = Counter()
    for complexity, tickets in counts:
        if complexity is not None:
            summed[complexity] += tickets
    return {complexity: summed[complexity] for complexity in Complexity}


def _failed_codes(lines: Iterable[Line]) -> dict[Code, int]:
    codes: Counter[Code] = Counter()
    for line in lines:
        if line.state is TicketState.FAILED and line.code is not None:
            codes[Code(line.code)] += line.tickets
    return dict(codes)


def _records(
    connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]], tallies: Mapping[int, list[Line]]
) -> list[JobRecord]:
    ids = [row[0] for row in rows]
    ledgers = {
        job_id: (tokens, cost, Sending(*sent)) for job_id, tokens, cost, *sent in select_in(connection, _LEDGER, ids)
    }
    return [_record(row, tallies.get(row[0], []), *ledgers.get(row[0], _NOTHING_SENT)) for row in rows]


def _record(row: tuple[Any, ...], lines: Iterable[Line], tokens: int, cost: float, sending: Sending) -> JobRecord:
    job_id, files, sha256, text_column, provider, base_url, model, prompt_version, settings, *rest = row
    state, reason, code, hold_until, created_at, started_at, finished_at, lookups, output, estimated_s = rest
    return JobRecord(
        job_id=job_id,
        spec=JobSpec(
            files=tuple(json.loads(files)),
            input_sha256=sha256,
            text_column=text_column,
            provider=provider,
            base_url=base_url,
            model=model,
            prompt_version=prompt_version,
            settings=mapping_from(settings),
        ),
        state=JobState(state),
        reason=reason,
        created_at=created_at,
        started_at=started_at,
        finished_at=finished_at,
        hold_until=hold_until,
        counts=counts_of(lines, lookups),
        tokens=tokens,
        cost=cost,
        output=output,
        code=code_from(code),
        estimated_s=estimated_s,
        sending=sending,
    )
