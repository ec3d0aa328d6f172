"""`forge-tui --batch`: session and runner put together, and the end told on both streams."""

import asyncio
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import click

from forge_tui.cli.ending import Ending, Exit, ending_of, interrupted
from forge_tui.cli.options import Flag
from forge_tui.cli.recording import log_of
from forge_tui.cli.show import print_document, print_plan
from forge_tui.cli.wiring import Wired, next_commands, wire
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import OutputRefused
from forge_tui.core.text import clean
from forge_tui.headless.progress import Progress
from forge_tui.headless.runner import Ended, Interrupted, Output, Runner
from forge_tui.pipeline.assembly import batcher_for
from forge_tui.pipeline.ingest import Inputs, open_inputs
from forge_tui.pipeline.output_folder import default_folder
from forge_tui.pipeline.plan import Plan, Planner, chunks_of
from forge_tui.pipeline.session import Session
from forge_tui.settings_sources import Given
from forge_tui.storage.reader import Reader
from forge_tui.telemetry.event_log import EventFile
from forge_tui.telemetry.live import Progress as Counted

# An outage over a night ends the run with exit 3; a console waits for its operator instead.
BATCH_DEFAULTS = (Given("max_outage_s", 6 * 3600.0, "the default of --batch"),)


def run(flags: Sequence[Flag], files: Sequence[str], *, as_json: bool, dry_run: bool, events: str | None) -> int:
    """Classify `files`, or only say what it would take; answers the exit code. Raises ForgeError."""
    wired = wire(flags, BATCH_DEFAULTS)
    settings = wired.settings
    click.echo(clean(wired.endpoint.why), err=True)
    with open_inputs(files, settings) as inputs:
        if dry_run:
            print_plan(_preview(wired, inputs), as_json=as_json)
            return Exit.CLASSIFIED
        output = Output(settings.output or default_folder(files[0]), settings.force, settings.csv_raw)
        ended = asyncio.run(_run(wired, inputs, output, events))
    ending = _ending(ended, output.folder, wired)
    if as_json and isinstance(ended, Ended):
        with closing(Reader(wired.loaded.db)) as reader:
            print_document(reader, ended.job.job_id, ended.exported.report, ended.exported.columns)
    click.echo(clean(ending.line), err=True)
    return ending.code


async def _run(wired: Wired, inputs: Inputs, output: Output, events: str | None) -> Ended | Interrupted:
    clock, db, settings = SystemClock(), wired.loaded.db, wired.settings
    session = await Session.open(settings, wired.secret, db=db, clock=clock, rng=random.Random(settings.seed))
    try:
        with ExitStack() as stack:
            if (log := stack.enter_context(log_of(wired, clock))) is not None:
                session.bus.subscribe(log.event)
            if events is not None:
                file = _event_file(Path(events), inputs, session.bus.accumulator.progress)
                session.bus.subscribe(stack.enter_context(closing(file)))
            progress = Progress(sys.stderr, session.snapshot, clock, 1 / settings.refresh_hz)
            return await Runner(session, inputs, db, output, progress, clock).run()
    finally:
        await session.close()


def _event_file(path: Path, inputs: Inputs, progress: Callable[[], Counted]) -> EventFile:
    try:
        if any(path.samefile(name) for name in inputs.files if Path(name).exists() and path.exists()):
            raise OutputRefused(f"--events {path} is an input: name another file")
        return EventFile(path, progress)
    except OSError as fault:
        raise OutputRefused(f"--events {path}: {fault.strerror}") from fault


def _ending(ended: Ended | Interrupted, folder: Path, wired: Wired) -> Ending:
    then = next_commands(wired.loaded)
    match ended:
        case Interrupted(job=job, by=by):
            return interrupted(job, by, then)
        case Ended(job=job):
            return ending_of(job, folder, then)


def _preview(wired: Wired, inputs: Inputs) -> Plan:
    settings, db = wired.settings, wired.loaded.db
    planner = Planner(settings, wired.endpoint, batcher_for(settings, wired.endpoint))
    now = SystemClock().wall()
    with ExitStack() as stack:
        reader = stack.enter_context(closing(Reader(db))) if settings.use_cache and db.is_file() else None
        for chunk in chunks_of(inputs.rows()):
            tickets = planner.estimate(chunk)
            keys = [ticket.key for ticket in tickets]
            planner.count(tickets, reader.cached(keys, now=now, ttl_s=settings.cache_ttl_s) if reader else ())
    return planner.plan()
