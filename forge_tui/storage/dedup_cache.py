"""The dedup cache: an answer is known for its time to live, of several the first; it stands in the row of the ticket asked.

Asked in bulk only. Nothing is stored twice, and the random keys stand in one index: that is written when a job is
loaded, by the chunk, and not again when answers come.
"""

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from forge_tui.storage.values import select_in


def is_known(row: str) -> str:
    """The condition under which the answer in the tickets' row named `row` is known: given after ?1 and not after ?2.

    An answer from the future means that the clock was set back: its age is unknown, so it counts as expired. The +
    keeps SQLite from walking all answers by age; without the jobs that can hold such an answer a text that came every
    day for a year would be looked up in 365 rows.
    """
    recent_jobs = "SELECT id FROM jobs WHERE finished_at IS NULL OR finished_at > ?1"
    return (
        f"{row}.leader IS NULL AND +{row}.known_at > ?1 AND +{row}.known_at <= ?2 AND {row}.job_id IN ({recent_jobs})"
    )


_FRESH = f"FROM tickets WHERE {is_known('tickets')} AND key IN (:many)"
_LOOK_UP = f"SELECT key, category, priority, summary, flags, tokens, cost {_FRESH} ORDER BY +known_at DESC"
_KNOWN = f"SELECT key {_FRESH}"
_LEARNED = "SELECT EXISTS (SELECT 1 FROM tickets WHERE known_at >= ?)"


class KnownAnswer(NamedTuple):
    """A known answer, and the tokens and cost of the ticket it was given to; `flags` is JSON."""

    category: str
    priority: str
    summary: str
    flags: str | None
    tokens: int
    cost: float


def look_up(
    connection: sqlite3.Connection, keys: Collection[bytes], now: float, ttl_s: float
) -> dict[bytes, KnownAnswer]:
    """The known answers among `keys`, of several the first: one SELECT per 10,000 keys."""
    rows = select_in(connection, _LOOK_UP, keys, now - ttl_s, now)
    return {key: KnownAnswer(*answer) for key, *answer in rows}


def known(connection: sqlite3.Connection, keys: Collection[bytes], now: float, ttl_s: float) -> set[bytes]:
    """Which of `keys` have a known answer."""
    return {key for (key,) in select_in(connection, _KNOWN, keys, now - ttl_s, now)}


def learned_since(connection: sqlite3.Connection, at: float) -> bool:
    """Whether an answer was stored at `at` or later."""
    return bool(connection.execute(_LEARNED, (at,)).fetchone()[0])
