"""`forge-tui jobs` and `forge-tui export`: read-only, also while another process runs the job."""

from collections.abc import Sequence
from contextlib import closing

import click

from forge_tui.cli.ending import Exit
from forge_tui.cli.options import Flag
from forge_tui.cli.show import print_document, print_job, print_jobs
from forge_tui.cli.wiring import load
from forge_tui.core.clock import SystemClock
from forge_tui.core.errors import SettingsRefused, UnknownJob
from forge_tui.core.job import JobRecord, parse_job
from forge_tui.core.text import clean
from forge_tui.pipeline.document import output_names, report
from forge_tui.pipeline.export import export_job
from forge_tui.pipeline.output_folder import check_folder
from forge_tui.storage.reader import Reader


def jobs(flags: Sequence[Flag], name: str | None, *, as_json: bool) -> int:
    """Print all jobs, or the one that `name` tells. Raises DatabaseRefused and UnknownJob."""
    with closing(Reader(load(flags).db)) as reader:
        if name is None:
            print_jobs(reader.jobs(), as_json=as_json)
            return Exit.CLASSIFIED
        job = named_job(reader, name)
        if as_json:
            print_stored(reader, job)
        else:
            print_job(reader, job)
    return Exit.CLASSIFIED


def export(flags: Sequence[Flag], name: str) -> int:
    """Write a job's files. Raises DatabaseRefused, UnknownJob and OutputRefused."""
    loaded = load(flags)
    folder = loaded.settings.output
    if folder is None:
        raise SettingsRefused("export needs --output DIR")
    with closing(Reader(loaded.db)) as reader:
        job = named_job(reader, name)
        check_folder(folder, job.spec, force=loaded.settings.force)
        written = export_job(
            reader, job.job_id, folder, closed_at=lambda: _ended_at(job), csv_raw=loaded.settings.csv_raw
        )
    click.echo(clean(f"{job.label}: {written.results} results and {written.failures} failures in {folder}/"), err=True)
    return Exit.CLASSIFIED


def named_job(reader: Reader, name: str) -> JobRecord:
    """The job called 42, J-0042 or last. Raises UnknownJob."""
    job_id = parse_job(name)
    if job_id is not None:
        return reader.job(job_id)
    newest = reader.jobs(limit=1)
    if not newest:
        raise UnknownJob("no job yet: forge-tui --batch FILE makes one")
    return newest[0]


def print_stored(reader: Reader, job: JobRecord) -> None:
    """The job as the store has it, as one JSON document."""
    mix = reader.mix(job.job_id)
    duration_s = _ended_at(job) - job.created_at
    agreement = reader.agreement(job.job_id)
    head = report(job, reader.stats(job.job_id), mix, agreement, duration_s=duration_s)
    print_document(reader, job.job_id, head, output_names(mix.columns))


def _ended_at(job: JobRecord) -> float:
    return SystemClock().wall() if job.finished_at is None else job.finished_at
