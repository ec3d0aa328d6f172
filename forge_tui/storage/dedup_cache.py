"""The dedup cache: the first answer to a text is kept for its time to live; asked for and written in bulk only."""

import sqlite3
from collections.abc import Collection, Iterable
from typing import NamedTuple

from forge_tui.storage.values import select_in

_PRUNE_AT_ONCE = 20_000

# An entry from the future means that the clock was set back: its age is unknown, so it counts as expired.
_LOOK_UP = """
SELECT key, category, priority, summary, flags, tokens, cost FROM cache
WHERE stored_at > ? AND stored_at <= ? AND key IN (:many)
"""
_KNOWN = "SELECT key FROM cache WHERE stored_at > ? AND stored_at <= ? AND key IN (:many)"
_LEARNED = "SELECT EXISTS (SELECT 1 FROM cache WHERE stored_at >= ?)"
_STORE = """
INSERT INTO cache (key, category, priority, summary, flags, tokens, cost, stored_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    category = excluded.category, priority = excluded.priority, summary = excluded.summary, flags = excluded.flags,
    tokens = excluded.tokens, cost = excluded.cost, stored_at = excluded.stored_at
WHERE cache.stored_at <= ? OR cache.stored_at > excluded.stored_at
"""
_PRUNE = "DELETE FROM cache WHERE id IN (SELECT id FROM cache WHERE stored_at <= ? ORDER BY stored_at LIMIT ?)"
_FORGET = "DELETE FROM cache WHERE key IN (SELECT key FROM tickets WHERE job_id = ?)"


class KnownAnswer(NamedTuple):
    """A cached answer, and the tokens and cost it had when it was given; `flags` is JSON."""

    category: str
    priority: str
    summary: str
    flags: str | None
    tokens: int
    cost: float


def look_up(
    connection: sqlite3.Connection, keys: Collection[bytes], now: float, ttl_s: float
) -> dict[bytes, KnownAnswer]:
    """The known answers among `keys`: one SELECT per 10,000 of them."""
    rows = select_in(connection, _LOOK_UP, keys, now - ttl_s, now)
    return {key: KnownAnswer(*answer) for key, *answer in rows}


def known(connection: sqlite3.Connection, keys: Collection[bytes], now: float, ttl_s: float) -> set[bytes]:
    """Which of `keys` have a known answer."""
    return {key for (key,) in select_in(connection, _KNOWN, keys, now - ttl_s, now)}


def learned_since(connection: sqlite3.Connection, at: float) -> bool:
    """Whether an answer was stored at `at` or later."""
    return bool(connection.execute(_LEARNED, (at,)).fetchone()[0])


def store(
    connection: sqlite3.Connection, answers: Iterable[tuple[bytes, KnownAnswer]], now: float, ttl_s: float
) -> None:
    """Keep each answer, unless one that has not expired is there already."""
    expired = now - ttl_s
    connection.executemany(_STORE, [(key, *answer, now, expired) for key, answer in answers])


def prune(connection: sqlite3.Connection, now: float, ttl_s: float) -> None:
    """Drop the oldest expired entries, a bounded number at a time."""
    connection.execute(_PRUNE, (now - ttl_s, _PRUNE_AT_ONCE))


def forget_job(connection: sqlite3.Connection, job_id: int) -> None:
    """Drop what was answered for the texts of a job: a summary tells of its text."""
    connection.execute(_FORGET, (job_id,))
