"""T0, from file to rows: a chunk is looked up, matched with its twins and stored in a handful of statements."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import inf
from typing import Any, NamedTuple

from forge_tui.core.job import JobState
from forge_tui.core.ticket import EstimatedTicket, RefusedRow, Source, TicketState
from forge_tui.storage.dedup_cache import KnownAnswer, is_known
from forge_tui.storage.tally import unknown
from forge_tui.storage.values import select_in, storable, storable_or_none, to_json

# Of several leaders with one text the last in this order wins: an open one can be followed, a done one has an answer.
_LEADERS = """
SELECT key, position, state, source, category, priority, summary, flags, tokens + saved_tokens, cost + saved_cost,
       code, message, http_status
FROM tickets WHERE job_id = ? AND leader IS NULL AND key IN (:many)
ORDER BY state IN ('queued', 'waiting'), state = 'done', state = 'failed'
"""
_ROWS_PER_INSERT = 500
_LOADED = "UPDATE jobs SET loaded_rows = ?, lookups = lookups + ? WHERE id = ?"
_READY = "UPDATE jobs SET state = ?, estimated_s = ? WHERE id = ? AND state = ?"
# The + keeps SQLite from walking all answers by age: it goes from the open leaders to their keys.
_REFRESH_LEADERS = f"""
UPDATE tickets SET state = 'done', source = 'cache', due = NULL, code = NULL, message = NULL, settled_at = ?2,
    category = known.category, priority = known.priority, summary = known.summary, flags = known.flags,
    saved_tokens = known.tokens, saved_cost = known.cost
FROM tickets AS known
WHERE known.key = tickets.key AND {is_known("known")}
    AND tickets.job_id = ?3 AND tickets.state IN ('queued', 'waiting') AND tickets.leader IS NULL
"""  # noqa: S608 - our own words
# Where the answers are the smaller side it goes the other way round: a million open leaders are not asked one by one.
_FEW = 20_000
_COUNT_TO_FEW = "SELECT count(*) FROM (SELECT 1 FROM tickets WHERE known_at > ? AND known_at <= ? LIMIT ?)"
_REFRESH_FROM_FEW = f"""
{_REFRESH_LEADERS} AND tickets.key IN (SELECT key FROM tickets WHERE known_at > ?1 AND known_at <= ?2)
"""  # noqa: S608 - our own words
_REFRESH_FOLLOWERS = """
UPDATE tickets SET state = 'done', source = 'cache', settled_at = leader.settled_at,
    category = leader.category, priority = leader.priority, summary = leader.summary, flags = leader.flags,
    saved_tokens = leader.saved_tokens, saved_cost = leader.saved_cost
FROM tickets AS leader
WHERE leader.job_id = tickets.job_id AND leader.position = tickets.leader AND leader.state = 'done'
    AND tickets.job_id = ? AND tickets.state = 'queued' AND tickets.leader IS NOT NULL
"""


class Queued(NamedTuple):
    """A ticket to be sent, or one that follows an open leader."""

    leader: int | None


class Answered(NamedTuple):
    """A ticket whose answer is known already."""

    leader: int | None
    source: str
    category: str
    priority: str
    summary: str
    flags: str | None
    saved_tokens: int
    saved_cost: float
    settled_at: float


class Failed(NamedTuple):
    """A refused row, or a ticket whose leader has failed."""

    leader: int | None
    code: str
    message: str | None
    http_status: int | None
    settled_at: float


Fate = Queued | Answered | Failed


_IDENTITY = (
    *("job_id", "position", "key", "complexity", "words", "estimated_tokens", "truncated", "file", "line"),
    *("external_id", "text", "columns"),
)
_PLACE = (*_IDENTITY, "leader")
# A chunk stands aside in memory first, so that each row is stored once, with the answer that the cache has for it: no
# answer travels to Python and back, and no index is written twice. Those that follow an open ticket of an earlier chunk
# (`leader` at most `loaded`) go on following it.
_STAGED = """
CREATE TEMP TABLE IF NOT EXISTS staged (
    state TEXT, job_id INTEGER, position INTEGER, key BLOB, complexity TEXT, words INTEGER, estimated_tokens INTEGER,
    truncated INTEGER, file TEXT, line INTEGER, external_id TEXT, text TEXT, columns TEXT, leader INTEGER
)
"""
_FROM_STAGED = f"""
INSERT INTO tickets (state, source, settled_at, category, priority, summary, flags, saved_tokens, saved_cost, {", ".join(_PLACE)})
SELECT iif(known.id IS NULL, 'queued', 'done'), iif(known.id IS NULL, NULL, 'cache'), iif(known.id IS NULL, NULL, ?2),
    known.category, known.priority, known.summary, known.flags, coalesce(known.tokens, 0), coalesce(known.cost, 0.0),
    {", ".join(f"staged.{name}" for name in _PLACE)}
FROM staged LEFT JOIN tickets AS known ON known.id = (
    SELECT id FROM tickets WHERE key = staged.key AND {is_known("tickets")}
        AND (staged.leader IS NULL OR staged.leader > ?3)
    ORDER BY +known_at LIMIT 1
)
ORDER BY staged.rowid
"""  # noqa: S608 - our own names
# One value instead of many rows: between two rows the GIL changes hands, and the next chunk is read meanwhile.
_FROM_CACHE = """
SELECT json_group_array(position) FROM tickets WHERE job_id = ? AND position > ? AND source = 'cache'
"""
_INTO: dict[type[Fate], tuple[str, str]] = {
    Queued: ("staged", TicketState.QUEUED.value),
    Answered: ("tickets", TicketState.DONE.value),
    Failed: ("tickets", TicketState.FAILED.value),
}


def _insert(kind: type[Fate], rows: int) -> str:
    """Only the columns a row has: binding a None costs as much as binding four strings (1 µs, measured)."""
    table, state = _INTO[kind]
    columns = ("state", *_IDENTITY, *kind._fields)
    values = ",".join([f"('{state}'{', ?' * (len(columns) - 1)})"] * rows)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}"  # noqa: S608 - our own names


class Matched(NamedTuple):
    """What the texts of a chunk met, by position: those that the cache knew, and those that follow another one."""

    known: set[int]
    twins: set[int]


class Leader(NamedTuple):
    """A ticket of the job that others with the same text may follow, and what became of it."""

    position: int
    state: str
    source: str | None
    answer: tuple[str, str, str, str | None, int, float]
    fault: tuple[str, str | None, int | None]


class Staged(NamedTuple):
    """A chunk that stands aside: `aside` of its tickets in a table of the connection, the others here.

    `loaded` is the position up to which the job was stored before, `last` the one up to which it is afterwards.
    """

    job_id: int
    loaded: int
    last: int
    tickets: int
    aside: int
    ended: dict[type[Fate], list[tuple[Any, ...]]]
    twins: set[int]


def stage(
    connection: sqlite3.Connection,
    job_id: int,
    tickets: Sequence[EstimatedTicket],
    refused: Sequence[RefusedRow],
    *,
    now: float,
) -> Staged:
    """Match one chunk with what the job holds already, and let it stand aside; nothing of the job is changed.

    Rows at positions that are stored already are left out, so that an ingest can begin again.
    """
    loaded = loaded_rows(connection, job_id)
    fresh = [item for item in tickets if item.ticket.position > loaded]
    refusals = [row for row in refused if row.position > loaded]
    rows: dict[type[Fate], list[tuple[Any, ...]]] = {kind: [] for kind in _INTO}
    rows[Failed] = [(*_refused_identity(job_id, row), *_refused(row, now)) for row in refusals]
    twins = set[int]()
    for item, fate in zip(fresh, _fates(connection, job_id, fresh, now), strict=True):
        rows[type(fate)].append((*_identity(job_id, item), *fate))
        if fate.leader is not None:
            twins.add(item.ticket.position)
    connection.execute(_STAGED)
    connection.execute("DELETE FROM staged")  # of a chunk that could not be stored
    queued = rows.pop(Queued)
    _insert_all(connection, Queued, queued)
    last = max([loaded, *(item.ticket.position for item in fresh), *(row.position for row in refusals)])
    return Staged(job_id, loaded, last, len(fresh), len(queued), rows, twins)


def add_staged(connection: sqlite3.Connection, staged: Staged, *, now: float, ttl_s: float | None) -> Matched:
    """Store the chunk that was staged last, and answer what its texts met."""
    expired = inf if ttl_s is None else now - ttl_s
    for kind, several in staged.ended.items():
        _insert_all(connection, kind, several)
    connection.execute(_FROM_STAGED, (expired, now, staged.loaded))
    if connection.execute("DELETE FROM staged").rowcount != staged.aside:
        raise RuntimeError(f"job {staged.job_id}: another chunk was staged over this one")
    connection.execute(_LOADED, (staged.last, 0 if ttl_s is None else staged.tickets, staged.job_id))
    known = connection.execute(_FROM_CACHE, (staged.job_id, staged.loaded)).fetchone()[0]
    return Matched(set(json.loads(known)), staged.twins)


def _insert_all(connection: sqlite3.Connection, kind: type[Fate], rows: Sequence[tuple[Any, ...]]) -> None:
    """Many rows a statement: between two statements the GIL changes hands, and the next chunk is read meanwhile."""
    for start in range(0, len(rows), _ROWS_PER_INSERT):
        some = rows[start : start + _ROWS_PER_INSERT]
        connection.execute(_insert(kind, len(some)), tuple(chain.from_iterable(some)))


def loaded_rows(connection: sqlite3.Connection, job_id: int) -> int:
    """The position up to which rows are stored; raises UnknownJob."""
    found = connection.execute("SELECT loaded_rows FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if found is None:
        raise unknown(job_id)
    return int(found[0])


def finish_loading(connection: sqlite3.Connection, job_id: int, estimated_s: float | None) -> None:
    """Move a loading job to ready."""
    connection.execute(_READY, (JobState.READY, estimated_s, job_id, JobState.LOADING))


def refresh_from_cache(connection: sqlite3.Connection, job_id: int, now: float, ttl_s: float) -> int:
    """Answer the open leaders that the cache knows by now, and their followers; how many tickets that ended."""
    since = (now - ttl_s, now)
    if connection.execute(_COUNT_TO_FEW, (*since, _FEW)).fetchone()[0] < _FEW:
        leaders = connection.execute(_REFRESH_FROM_FEW, (*since, job_id)).rowcount
    else:
        leaders = connection.execute(_REFRESH_LEADERS, (*since, job_id)).rowcount
    if not leaders:
        return 0
    return leaders + connection.execute(_REFRESH_FOLLOWERS, (job_id,)).rowcount


def leaders_of(connection: sqlite3.Connection, job_id: int, keys: Collection[bytes]) -> dict[bytes, Leader]:
    """For each text of the job among `keys` the ticket to follow: an open one before a done before a failed one."""
    return {
        key: Leader(position, state, source, tuple(rest[:6]), tuple(rest[6:]))
        for key, position, state, source, *rest in select_in(connection, _LEADERS, keys, job_id)
    }


def _fates(
    connection: sqlite3.Connection, job_id: int, tickets: Sequence[EstimatedTicket], now: float
) -> Iterator[Fate]:
    leaders = leaders_of(connection, job_id, {item.key: None for item in tickets}).items()
    led = {key: fate for key, leader in leaders if (fate := after_leader(leader, now))}
    return fates(((item.key, item.ticket.position) for item in tickets), led, {}, now)


def fates(
    tickets: Iterable[tuple[bytes, int]], led: Mapping[bytes, Fate], answers: Mapping[bytes, KnownAnswer], now: float
) -> Iterator[Fate]:
    """The fate of each ticket (key and position) in order: after the one that leads its text, else by a known answer.

    The first of a text that nobody leads becomes the one that the next follow.
    """
    first: dict[bytes, tuple[Fate, int]] = {}
    for key, position in tickets:
        if (fate := led.get(key)) is not None:
            yield fate
        elif (seen := first.get(key)) is not None:
            yield seen[0]._replace(leader=seen[1])
        else:
            answer = answers.get(key)
            fate = Queued(None) if answer is None else _from_cache(answer, now)
            first[key] = fate, position
            yield fate


def _from_cache(answer: KnownAnswer, now: float) -> Answered:
    return Answered(None, Source.CACHE.value, *answer, settled_at=now)


def after_leader(leader: Leader, now: float) -> Fate | None:
    """What becomes of one that follows `leader`; None where there is nobody to follow."""
    match TicketState(leader.state):
        case TicketState.QUEUED | TicketState.WAITING:
            return Queued(leader.position)
        case TicketState.DONE:
            source = Source.CACHE if leader.source == Source.CACHE else Source.TWIN
            return Answered(leader.position, source.value, *leader.answer, settled_at=now)
        case TicketState.FAILED:
            return Failed(leader.position, *leader.fault, settled_at=now)
        case TicketState.CANCELLED:
            return None


def _refused(row: RefusedRow, now: float) -> Failed:
    return Failed(None, row.code.value, storable(row.message), None, now)


def _identity(job_id: int, item: EstimatedTicket) -> tuple[Any, ...]:
    ticket = item.ticket
    return (
        *(job_id, ticket.position, item.key, item.complexity.value, item.words, item.tokens, int(ticket.truncated)),
        *(storable(ticket.origin.file), ticket.origin.line),
        *(storable_or_none(ticket.external_id), storable(ticket.text), to_json(ticket.columns)),
    )


def _refused_identity(job_id: int, row: RefusedRow) -> tuple[Any, ...]:
    return (
        *(job_id, row.position, None, None, 0, 0, 0),
        *(storable(row.origin.file), row.origin.line),
        *(storable_or_none(row.external_id), storable(row.text), to_json(row.columns)),
    )
