"""A job whose every answer is known already, from file to exported results, against the least SQLite needs for it."""

import asyncio
import gc
import io
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Bar, Effort, Finding, Spread, Table
from benchmarks.runs import settings_for, tickets, write_tickets
from forge_tui.core.clock import SystemClock
from forge_tui.headless.progress import Progress
from forge_tui.headless.runner import Ended, FromFiles, Output, Runner
from forge_tui.pipeline.deduplicate import cache_key
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.load import CHUNK_ROWS
from forge_tui.pipeline.session import Session
from forge_tui.provider.presets import resolve
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.account import GOOD_KEY
from forge_tui.settings import Settings
from forge_tui.storage.dedup_cache import KnownAnswer

COUNT = 100_000
LIMIT = 4.0
ANSWER = KnownAnswer("billing", "medium", "The customer was charged twice for one invoice.", None, 158, 0.0069)
SETTINGS = settings_for("https://provider.invalid/v1")  # nobody is asked

# What a job keeps of a ticket and of an answer, one row each, without any index that only searching needs.
_FLOOR_TABLES = """
CREATE TABLE cache (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, stored_at REAL, category TEXT, priority TEXT, summary TEXT,
    tokens INTEGER, cost REAL
);
CREATE TABLE tickets (
    id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL, key BLOB NOT NULL,
    complexity TEXT, words INTEGER, estimated_tokens INTEGER, file TEXT, line INTEGER, text TEXT NOT NULL,
    category TEXT, priority TEXT, summary TEXT, source TEXT, saved_tokens INTEGER, saved_cost REAL, settled_at REAL,
    UNIQUE (job_id, position)
);
"""
_FLOOR_KNOWN = """
INSERT INTO cache (key, stored_at, category, priority, summary, tokens, cost) VALUES (?, 1.0, ?, ?, ?, 158, 0.0069)
"""
_FLOOR_INSERT = """
INSERT INTO tickets (job_id, position, state, key, complexity, words, estimated_tokens, file, line, text)
VALUES (1, ?, 'queued', ?, 'simple', 8, 20, '/tickets.txt', ?, ?)
"""
_FLOOR_MATCH = """
UPDATE tickets SET state = 'done', source = 'cache', settled_at = 2.0, category = cache.category,
    priority = cache.priority, summary = cache.summary, saved_tokens = cache.tokens, saved_cost = cache.cost
FROM cache WHERE cache.key = tickets.key AND tickets.job_id = 1
"""
_ANSWERED = """
UPDATE tickets SET state = 'done', source = 'model', settled_at = ?, known_at = ?,
    category = ?, priority = ?, summary = ?, flags = ?, tokens = ?, cost = ?
"""
_FLOOR_READ = """
SELECT position, text, category, priority, summary, complexity, source, saved_tokens, saved_cost
FROM tickets WHERE job_id = 1 ORDER BY position
"""


def cached(effort: Effort) -> Finding:
    """Everything known already, end to end, over chunked INSERTs, one UPDATE FROM the cache and one ordered SELECT."""
    texts = tickets(COUNT)
    keys = [cache_key(text, resolve(SETTINGS, has_key=True).fingerprint) for text in texts]
    floors, ours = [], []
    for _ in range(2 * effort.repetitions + 1):  # each takes seconds, in which a shared machine changes its speed
        with TemporaryDirectory() as folder:
            floors.append(_floor(Path(folder) / "floor.db", texts, keys))
        with TemporaryDirectory() as folder:
            ours.append(asyncio.run(_whole_job(Path(folder), texts)))
    floor_s, ours_s = Spread.of(floors), Spread.of(ours)
    ratio = Spread.of(mine / least for mine, least in zip(ours, floors, strict=True))
    rows = [
        ["SQLite alone: INSERT in chunks, UPDATE ... FROM, SELECT", floor_s.text(), f"{COUNT / floor_s.median:,.0f}"],
        ["the job: file, keys, rows, report and export", ours_s.text(), f"{COUNT / ours_s.median:,.0f}"],
    ]
    return Finding(
        tables=[Table(f"{COUNT:,} tickets, all known", ["what", "seconds", "tickets/s"], rows)],
        bars=[Bar(f"{COUNT:,} tickets, all cached, with export", "time / SQLite's own", ratio, LIMIT)],
    )


def _floor(path: Path, texts: Sequence[str], keys: Sequence[bytes]) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_FLOOR_TABLES)
        known = ((key, *ANSWER[:3]) for key in keys)
        with _transaction(connection):
            connection.executemany(_FLOOR_KNOWN, known)
        started = time.perf_counter()
        rows = [(n, key, n, text) for n, (key, text) in enumerate(zip(keys, texts, strict=True), start=1)]
        for chunk in (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS)):
            with _transaction(connection):
                connection.executemany(_FLOOR_INSERT, chunk)
        with _transaction(connection):
            connection.execute(_FLOOR_MATCH)
        answered = connection.execute(_FLOOR_READ).fetchall()
        seconds = time.perf_counter() - started
        assert len(answered) == len(texts)
        assert answered[-1][2] == ANSWER.category
        return seconds


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


async def _whole_job(folder: Path, texts: Sequence[str]) -> float:
    """Seconds from opening the database to the exported files."""
    db, clock = folder / "forge.db", SystemClock()
    path = write_tickets(folder / "tickets.txt", texts)
    await _answer_all(path, db, clock.wall())
    gc.freeze()  # as `--batch` does
    started = time.perf_counter()
    session = await _open(SETTINGS, db)
    try:
        with open_inputs([str(path)], SETTINGS) as inputs:
            progress = Progress(io.StringIO(), session.snapshot, clock, 1.0)
            ended = await Runner(session, FromFiles(inputs), db, Output(folder / "out"), progress, clock).run()
    finally:
        await session.close()
    seconds = time.perf_counter() - started
    assert isinstance(ended, Ended)
    assert ended.job.counts.from_cache == len(texts)
    return seconds


async def _answer_all(path: Path, db: Path, at: float) -> None:
    """An earlier job of the same texts, as if a model had answered it."""
    session = await _open(SETTINGS, db)
    try:
        with open_inputs([str(path)], SETTINGS) as inputs:
            await session.prepare(inputs)
    finally:
        await session.close()
    with closing(sqlite3.connect(db, isolation_level=None)) as connection, _transaction(connection):
        connection.execute(_ANSWERED, (at, at, *ANSWER))
        connection.execute("UPDATE jobs SET state = 'finished', finished_at = ?", (at,))


async def _open(settings: Settings, db: Path) -> Session:
    return await Session.open(settings, Secret(GOOD_KEY), db=db, clock=SystemClock(), rng=random.Random(1))
