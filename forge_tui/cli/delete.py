"""`forge-tui jobs delete`: jobs leave the database with every text of theirs."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from forge_tui.cli.ending import Exit
from forge_tui.cli.look import named_job
from forge_tui.cli.options import Flag
from forge_tui.cli.wiring import load
from forge_tui.core.clock import Clock, SystemClock
from forge_tui.core.errors import SettingsRefused
from forge_tui.core.job import JobRecord
from forge_tui.core.text import one_line
from forge_tui.storage.database import Database
from forge_tui.storage.job_store import JobStore
from forge_tui.storage.reader import Reader

DAY_S = 86_400.0
MOST_AT_ONCE = 100_000


def delete(flags: Sequence[Flag], names: Sequence[str], *, older_than_days: float | None, sure: bool) -> int:
    """Delete the named jobs, or all made so long ago. Raises UnknownJob, DatabaseLocked, SettingsRefused."""
    if bool(names) == (older_than_days is not None):
        raise SettingsRefused("name the jobs to delete, or --older-than DAYS")
    db, clock = load(flags).db, SystemClock()
    with closing(Reader(db)) as reader:
        doomed = [named_job(reader, name) for name in dict.fromkeys(names)]
        if older_than_days is not None:
            before = clock.wall() - older_than_days * DAY_S
            doomed = [job for job in reader.jobs(MOST_AT_ONCE) if job.created_at < before]
    if not doomed:
        click.echo("no job is that old", err=True)
        return Exit.CLASSIFIED
    if not sure and not _confirmed(doomed):
        click.echo("nothing deleted", err=True)
        return Exit.USAGE
    asyncio.run(_delete(db, clock, [job.job_id for job in doomed]))
    click.echo(f"deleted with every text: {', '.join(job.label for job in doomed)}", err=True)
    return Exit.CLASSIFIED


def _confirmed(doomed: Sequence[JobRecord]) -> bool:
    for job in doomed:
        files = one_line(", ".join(job.spec.files), 60)
        click.echo(f"{job.label}  {files}  {job.counts.total} tickets, {job.counts.open} open", err=True)
    if not sys.stdin.isatty():
        raise SettingsRefused("deleting asks first; where nobody can answer, add --yes")
    return click.confirm("Delete them and every text of theirs?", err=True)


async def _delete(db: Path, clock: Clock, job_ids: Sequence[int]) -> None:
    database = await Database.open(db, clock=clock)
    try:
        store = JobStore(database)
        for job_id in job_ids:
            await store.delete_job(job_id)
    finally:
        await database.close()
