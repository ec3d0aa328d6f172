"""T4 and T6: creating, moving, cancelling, ending and deleting a job."""

import json
import sqlite3
from collections import defaultdict
from dataclasses import replace
from typing import cast

from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobSpec, JobState, PauseReason
from forge_tui.core.ticket import Complexity
from forge_tui.storage import tally
from forge_tui.storage.rows import CancelledCounts
from forge_tui.storage.values import storable, storable_or_none

_CREATE = """
INSERT INTO jobs (
    files, input_sha256, text_column, provider, base_url, model, prompt_version, settings, state, created_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GO_ON_UNDER = "UPDATE jobs SET provider = ?, base_url = ?, model = ?, settings = ? WHERE id = ?"
_UNFINISHED = """
SELECT max(id) FROM jobs
WHERE input_sha256 = ? AND text_column IS ? AND model = ? AND prompt_version = ?
    AND state NOT IN ('finished', 'finished_with_failures', 'refused', 'cancelled')
    AND NOT (state = 'paused' AND reason = ?)
"""
_NEWEST = """
SELECT id, state FROM jobs
WHERE input_sha256 = ? AND text_column IS ? AND model = ? AND prompt_version = ? ORDER BY id DESC LIMIT 1
"""
# A cancel is final: a drain that ends after it must not make the job ready again. Only a retry reopens it.
_MOVE = """
UPDATE jobs SET state = :state, reason = :reason, code = :code, hold_until = :hold_until,
    started_at = CASE WHEN :state = 'running' THEN coalesce(started_at, :now) ELSE started_at END,
    finished_at = CASE WHEN :ended THEN :now END
WHERE id = :job_id AND (state <> 'cancelled' OR :state = 'cancelled')
"""
_OPEN = """
SELECT complexity, state, leader IS NOT NULL, count(*) FROM tickets
WHERE job_id = ? AND state IN ('queued', 'waiting') GROUP BY 1, 2, 3
"""
_CANCEL = """
UPDATE tickets SET state = 'cancelled', due = NULL, settled_at = ? WHERE job_id = ? AND state IN ('queued', 'waiting')
"""


def create_job(connection: sqlite3.Connection, spec: JobSpec, now: float) -> int:
    """A job in state loading."""
    row = (
        json.dumps([storable(file) for file in spec.files], ensure_ascii=False),
        spec.input_sha256,
        storable_or_none(spec.text_column),
        spec.provider,
        storable(spec.base_url),
        storable(spec.model),
        spec.prompt_version,
        _settings(spec),
        JobState.LOADING,
        now,
    )
    return cast("int", connection.execute(_CREATE, row).lastrowid)


def latest_job(connection: sqlite3.Connection) -> int | None:
    """The job created last."""
    found: int | None = connection.execute("SELECT max(id) FROM jobs").fetchone()[0]
    return found


def unfinished_job(connection: sqlite3.Connection, spec: JobSpec) -> int | None:
    """The newest job of the same content, model and prompt that may simply go on."""
    found: int | None = connection.execute(_UNFINISHED, (*_content(spec), PauseReason.OPERATOR)).fetchone()[0]
    return found


def set_aside(connection: sqlite3.Connection, spec: JobSpec) -> tuple[int, JobState] | None:
    """The newest job of the same content, where an operator paused or cancelled it: nobody goes on with it unasked.

    To be asked when there is no `unfinished_job`.
    """
    found = connection.execute(_NEWEST, _content(spec)).fetchone()
    if found is None or found[1] not in {JobState.PAUSED, JobState.CANCELLED}:
        return None
    return int(found[0]), JobState(found[1])


def _content(spec: JobSpec) -> tuple[str | None, ...]:
    return spec.input_sha256, storable_or_none(spec.text_column), storable(spec.model), spec.prompt_version


def set_state(
    connection: sqlite3.Connection,
    job_id: int,
    state: JobState,
    now: float,
    *,
    reason: str = "",
    code: Code | None = None,
    hold_until: float | None = None,
) -> None:
    """Move the job; a cancelled one stays cancelled. Raises UnknownJob."""
    moved = connection.execute(
        _MOVE,
        {
            "job_id": job_id,
            "state": state,
            "reason": storable(reason),
            "code": code,
            "hold_until": hold_until,
            "ended": state in ENDED,
            "now": now,
        },
    ).rowcount
    if not moved:
        tally.job(connection, job_id)


def finish(connection: sqlite3.Connection, job_id: int, now: float) -> JobState:
    """End the job as finished or finished_with_failures; a cancelled one stays cancelled.

    Raises UnknownJob, and RuntimeError while a ticket is open.
    """
    record = tally.job(connection, job_id)
    if record.counts.open:
        raise RuntimeError(f"{record.label} has {record.counts.open} open tickets and cannot finish")
    if record.state is JobState.CANCELLED:
        return record.state
    unanswered = record.counts.failed + record.counts.cancelled
    state = JobState.FINISHED_WITH_FAILURES if unanswered else JobState.FINISHED
    set_state(connection, job_id, state, now)
    return state


def cancel(connection: sqlite3.Connection, job_id: int, now: float) -> dict[Complexity, CancelledCounts]:
    """End the job and all its open tickets; one that has ended by itself stays as it is. Raises UnknownJob.

    A job may be cancelled while requests of it are in flight: called again, this ends what they left open.
    """
    if tally.job(connection, job_id).state in ENDED - {JobState.CANCELLED}:
        return {}
    cancelled: dict[Complexity, CancelledCounts] = defaultdict(CancelledCounts)
    for complexity, state, follows, tickets in connection.execute(_OPEN, (job_id,)).fetchall():
        kind = "twins" if follows else state
        cancelled[Complexity(complexity)] = replace(cancelled[Complexity(complexity)], **{kind: tickets})
    connection.execute(_CANCEL, (now, job_id))
    set_state(connection, job_id, JobState.CANCELLED, now)
    return dict(cancelled)


def refuse(connection: sqlite3.Connection, job_id: int, reason: str, code: Code, now: float) -> None:
    """End a loading job with what was stored of it."""
    connection.execute(_CANCEL, (now, job_id))
    set_state(connection, job_id, JobState.REFUSED, now, reason=reason, code=code)


def end_cancelled(connection: sqlite3.Connection, now: float) -> None:
    """End the open tickets of cancelled jobs: a crash came before their last requests were home."""
    # Job by job: as one statement it reads the index of every ticket of every job.
    for (job_id,) in connection.execute("SELECT id FROM jobs WHERE state = 'cancelled'").fetchall():
        connection.execute(_CANCEL, (now, job_id))


def go_on_under(connection: sqlite3.Connection, job_id: int, spec: JobSpec) -> None:
    """Keep the endpoint and the settings under which the job goes on; its content stays what it is."""
    connection.execute(_GO_ON_UNDER, (spec.provider, spec.base_url, storable(spec.model), _settings(spec), job_id))


def set_output(connection: sqlite3.Connection, job_id: int, folder: str) -> None:
    """Remember where the results were written last."""
    connection.execute("UPDATE jobs SET output = ? WHERE id = ?", (storable(folder), job_id))


def delete_job(connection: sqlite3.Connection, job_id: int) -> None:
    """Remove the job with every text and answer of it: tickets, ledger, and with them what the cache knew. Raises UnknownJob."""
    tally.job(connection, job_id)
    connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))


def _settings(spec: JobSpec) -> str:
    return storable(json.dumps(dict(spec.settings), ensure_ascii=False, default=str))
