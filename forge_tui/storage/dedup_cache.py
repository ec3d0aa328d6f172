"""The dedup cache: the first answer to a text is known for its time to live; it stands in the row of the ticket asked.

Asked in bulk only. Nothing is stored twice, and the random keys stand in one index: that is written when a job is
loaded, by the chunk, and not again when answers come.
"""

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from forge_tui.storage.values import select_in

# Where an answer can stand that has not expired at ?1. Without it a text that came every day for a year would be
# looked up in 365 rows.
RECENT_JOBS = "SELECT id FROM jobs WHERE finished_at IS NULL OR finished_at > ?1"
# An answer from the future means that the clock was set back: its age is unknown, so it counts as expired.
# The + keeps SQLite from walking all answers by age.
_FRESH = f"""
FROM tickets WHERE +known_at > ?1 AND +known_at <= ?2 AND leader IS NULL AND job_id IN ({RECENT_JOBS}) AND key IN (:many)
"""
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
