"""`forge-tui --batch`: session and runner put together, and the end told on both streams."""

import asyncio
import gc
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from forge_tui.cli.ending import Ending, Exit, broken_off, ending_of, interrupted
from forge_tui.cli.look import print_stored
from forge_tui.cli.options import Flag
from forge_tui.cli.recording import log_of
from forge_tui.cli.resume import output_of, resumed, retried
from forge_tui.cli.show import print_document, print_plan
from forge_tui.cli.wiring import Wired, next_commands, wire
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import ForgeError, OutputRefused
from forge_tui.core.event import Event, JobOpened, Notice
from forge_tui.core.job import JobRecord, job_label
from forge_tui.core.text import clean
from forge_tui.core.turns import take_short_turns
from forge_tui.headless.progress import Progress
from forge_tui.headless.runner import Ended, FromFiles, Interrupted, Output, Runner, Stored, Work
from forge_tui.pipeline.assembly import intake_for, planner_for
from forge_tui.pipeline.ingest import Inputs, open_inputs
from forge_tui.pipeline.output_folder import default_folder
from forge_tui.pipeline.plan import Plan, chunks_of
from forge_tui.pipeline.session import Session
from forge_tui.settings_sources import Given
from forge_tui.storage.reader import Reader
from forge_tui.telemetry.crash import without_locals
from forge_tui.telemetry.event_log import EventFile
from forge_tui.telemetry.live import Progress as Counted
from forge_tui.telemetry.log import Log

# An outage over a night ends the run with exit 3; a console waits for its operator instead.
BATCH_DEFAULTS = (Given("max_outage_s", 6 * 3600.0, "the default of --batch"),)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `--batch` was asked for beside settings: files, or the name of a stored job."""

    files: Sequence[str] = ()
    fresh: bool = False
    resume: str | None = None
    retry_failed: str | None = None
    as_json: bool = False
    dry_run: bool = False
    events: str | None = None


def run(flags: Sequence[Flag], asked: Asked) -> int:
    """Classify files, go on with a job, or only say what it would take; answers the exit code. Raises ForgeError."""
    if asked.resume is not None:
        flags, work, job = resumed(flags, asked.resume)
        return _go_on(flags, work, job, asked)
    if asked.retry_failed is not None:
        flags, work, job = retried(flags, asked.retry_failed)
        if not work.retry:
            click.echo(f"{job.label}: no failed ticket that asking again can help", err=True)
        return _go_on(flags, work, job, asked)
    wired = wire(flags, BATCH_DEFAULTS)
    click.echo(clean(wired.endpoint.why), err=True)
    with open_inputs(asked.files, wired.settings) as inputs:
        if asked.dry_run:
            print_plan(_preview(wired, inputs), as_json=asked.as_json, free=wired.endpoint.is_free)
            return Exit.CLASSIFIED
        folder = wired.settings.output or default_folder(asked.files[0])
        return _finish(wired, FromFiles(inputs, asked.fresh), folder, asked)


def _go_on(flags: Sequence[Flag], work: Stored, job: JobRecord, asked: Asked) -> int:
    wired = wire(flags, BATCH_DEFAULTS)
    folder = wired.settings.output or output_of(job) or default_folder(job.spec.files[0])
    return _finish(wired, work, folder, asked)


def _finish(wired: Wired, work: Work, folder: Path, asked: Asked) -> int:
    output = Output(folder, wired.settings.force, wired.settings.csv_raw)
    try:
        # What is loaded lives as long as the process: the collector need not look at it again and again.
        gc.freeze()
        take_short_turns()
        ended = asyncio.run(_run(wired, work, output, asked.events))
    except ForgeError:
        raise
    except Exception as bug:  # noqa: BLE001 - the border: a run ends by a sentence, whatever ended it
        ending = broken_off(bug, next_commands(wired.loaded))
        click.echo(without_locals(bug) + clean(ending.line), err=True)
        return ending.code
    ending = _ending(ended, folder, wired)
    if asked.as_json and ended.job is not None:
        _print(ended, ended.job, wired.loaded.db)
    click.echo(clean(ending.line), err=True)
    return ending.code


def _print(ended: Ended | Interrupted, job: JobRecord, db: Path) -> None:
    """The job as one JSON document, also where a signal cut it short."""
    with closing(Reader(db)) as reader:
        if isinstance(ended, Ended):
            print_document(reader, job.job_id, ended.exported.report, ended.exported.columns)
        else:
            with suppress(OSError):  # after a hang-up nobody reads
                print_stored(reader, job)


async def _run(wired: Wired, work: Work, output: Output, events: str | None) -> Ended | Interrupted:
    clock, db, settings = SystemClock(), wired.loaded.db, wired.settings
    session = await Session.open(settings, wired.secret, db=db, clock=clock, rng=random.Random(settings.seed))
    try:
        with ExitStack() as stack:
            progress = Progress(sys.stderr, session.snapshot, clock, 1 / settings.refresh_hz)
            session.bus.subscribe(partial(_say, progress))
            if (log := stack.enter_context(log_of(wired, clock, partial(click.echo, err=True)))) is not None:
                session.bus.subscribe(log.event)
            if events is not None:
                file = _event_file(Path(events), _inputs_of(work), session.bus.accumulator.progress)
                session.bus.subscribe(stack.enter_context(closing(file)))
            with _bugs_in(log):
                return await Runner(session, work, db, output, progress, clock).run()
    finally:
        await session.close()


@contextmanager
def _bugs_in(log: Log | None) -> Iterator[None]:
    """A bug goes into the log on its way out."""
    try:
        yield
    except ForgeError:
        raise
    except Exception as bug:
        if log is not None:
            log.bug(bug)
        raise


def _say(progress: Progress, event: Event) -> None:
    """What an operator must know beside the progress: what goes on from earlier, what an operator set aside, a full disk."""
    match event:
        case Notice(text=text):
            progress.tell(clean(text))
        case JobOpened(job_id=job_id, counts=counts, resumed=True):
            done = f"{counts.done} of {counts.total} done before, {counts.open} to do"
            progress.tell(f"{job_label(job_id)} goes on: {done}")
        case _:
            pass


def _inputs_of(work: Work) -> Sequence[str]:
    return work.inputs.files if isinstance(work, FromFiles) else ()


def _event_file(path: Path, inputs: Sequence[str], progress: Callable[[], Counted]) -> EventFile:
    try:
        if any(path.samefile(name) for name in inputs if Path(name).exists() and path.exists()):
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
    intake, planner = intake_for(settings, wired.endpoint), planner_for(settings, wired.endpoint)
    now = SystemClock().wall()
    with ExitStack() as stack:
        reader = stack.enter_context(closing(Reader(db))) if settings.use_cache and db.is_file() else None
        for chunk in chunks_of(inputs.rows()):
            portion = intake.take_all(chunk)
            keys = [ticket.key for ticket in portion.tickets]
            planner.foresee(portion, reader.cached(keys, now=now, ttl_s=settings.cache_ttl_s) if reader else ())
    return planner.plan()
