"""Stores, rows and settlements for tests: name what matters, the rest is ordinary."""

import hashlib
import sqlite3
from contextlib import asynccontextmanager, closing

from forge_tui.core.clock import SystemClock
from forge_tui.core.failure import Code
from forge_tui.core.job import JobSpec
from forge_tui.core.outcome import Classification, Paid, Usage
from forge_tui.core.settlement import (
    CheckedTicket,
    DoneTicket,
    FailedTicket,
    LedgerEntry,
    RequeuedTicket,
    Settlement,
    WaitingTicket,
)
from forge_tui.core.ticket import Complexity, EstimatedTicket, Origin, RefusedRow, Ticket
from forge_tui.storage.database import Database
from forge_tui.storage.job_store import JobStore
from forge_tui.storage.reader import Reader
from forge_tui.storage.tables import TICKET, ticket_row

NOW = 1_795_377_600.0  # 2026-11-22T20:00:00Z
DAY_S = 86_400.0
BILLING = Classification("billing", "high", "Charged twice")


@asynccontextmanager
async def a_database(path=None):
    database = await Database.open(path, clock=SystemClock())
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def a_store(path=None, **given):
    async with a_database(path) as database:
        yield JobStore(database, **given)


def a_spec(**given):
    ordinary = {
        "files": ("tickets.csv",),
        "input_sha256": "5e",
        "text_column": "text",
        "provider": "local",
        "base_url": "",
        "model": "local-rules",
        "prompt_version": "p1",
    }
    return JobSpec(**(ordinary | given))


def key_of(text):
    return hashlib.sha256(text.encode(errors="replace")).digest()[:16]


def a_row(position, text=None, complexity=Complexity.SIMPLE, **given):
    """A ticket with a text of its own, unless one is given: rows with the same text are twins."""
    text = f"text {position}" if text is None else text
    ticket = Ticket(position=position, text=text, origin=Origin("tickets.csv", position + 1), **given)
    return EstimatedTicket(ticket, key_of(text), complexity, words=len(text.split()), tokens=10)


def rows(count, *, start=1, **given):
    return [a_row(position, **given) for position in range(start, start + count)]


def a_refusal(position, code=Code.INPUT, message="no text", **given):
    return RefusedRow(position, Origin("tickets.csv", position + 1), code, message, **given)


async def add_rows(store, job_id, tickets, refused, *, now, ttl_s):
    """One chunk, staged and stored."""
    return await store.add_staged(await store.stage_rows(job_id, tickets, refused, now=now), now=now, ttl_s=ttl_s)


async def a_job(store, tickets=(), refused=(), *, now=NOW, ttl_s=DAY_S, **spec):
    """A loaded job, ready to run."""
    job_id = await store.create_job(a_spec(**spec), now)
    await add_rows(store, job_id, tickets, refused, now=now, ttl_s=ttl_s)
    await store.finish_loading(job_id)
    return job_id


def an_entry(*positions, batch=1, **given):
    ordinary = {
        "complexity": Complexity.SIMPLE,
        "started_at": NOW,
        "latency_ms": 100.0,
        "wait_ms": 0.0,
        "http_status": 200,
        "code": None,
        "request_id": "r-1",
        "paid": Paid.PAID,
        "usage": Usage(60, 40),
        "cost": 1.0,
    }
    return LedgerEntry(batch=batch, positions=positions, **(ordinary | given))


def done(position, *, epoch=0, classification=BILLING, tokens=100, cost=1.0, ticket_attempts=1, service_attempts=0):
    return DoneTicket(position, epoch, classification, tokens, cost, ticket_attempts, service_attempts)


def waiting(position, *, epoch=0, due=NOW + 5, code=Code.SERVER, message="503", attempts=(0, 1), tokens=0, cost=0.0):
    return WaitingTicket(position, epoch, due, code, message, *attempts, tokens, cost)


def requeued(position, *, epoch=0, attempts=(0, 0), tokens=100, cost=1.0):
    return RequeuedTicket(position, epoch, *attempts, tokens, cost)


def failed(position, *, epoch=0, code=Code.SCHEMA, message="category x", attempts=(3, 0), tokens=100, cost=1.0):
    return FailedTicket(position, epoch, code, message, 200, "r-1", *attempts, tokens, cost)


def a_settlement(job_id, *outcomes, entry=None):
    by_kind = {
        kind: tuple(outcome for outcome in outcomes if isinstance(outcome, kind))
        for kind in (DoneTicket, WaitingTicket, RequeuedTicket, FailedTicket, CheckedTicket)
    }
    entry = entry or an_entry(*(outcome.position for outcome in outcomes))
    return Settlement(job_id, entry, *by_kind.values())


async def looked_at(store, look):
    """What a reader sees over the store's own connection."""
    return await store._database.read(lambda connection: look(Reader(connection)))


async def all_rows(store, job_id):
    sql = f"SELECT {TICKET} FROM tickets WHERE job_id = ? ORDER BY position"  # noqa: S608 - our own words
    return await looked_at(store, lambda reader: [ticket_row(row) for row in reader._rows(sql, (job_id,))])


def rows_of_file(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()
