"""`--resume`, `--job` and `--retry-failed`: which stored job a run goes on with, and under which settings."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from forge_tui.cli.look import named_job
from forge_tui.cli.options import Flag
from forge_tui.cli.wiring import load
from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import RULES, RetryHelps
from forge_tui.core.job import ENDED, JobRecord, JobState
from forge_tui.headless.runner import Stored
from forge_tui.pipeline.spec import settings_of
from forge_tui.storage.reader import Reader

LAST = "last"
_HOPELESS = tuple(code for code, rule in RULES.items() if rule.retry_helps is RetryHelps.NO)


def resumed(flags: Sequence[Flag], name: str) -> tuple[list[Flag], Stored, JobRecord]:
    """The job to go on with, and its own settings under what was typed now. Raises UnknownJob."""
    with closing(Reader(load(flags).db)) as reader:
        job = _newest_open(reader) if name.casefold() == LAST else named_job(reader, name)
    if job.state is JobState.LOADING:
        files = " ".join(job.spec.files)
        raise UnknownJob(f"{job.label} was not read to its end: run its files again (forge-tui --batch {files})")
    if _has_ended(job):
        raise UnknownJob(f"nothing of {job.label} is open: --retry-failed {job.label} asks its failed tickets again")
    return _with_its_settings(flags, job), Stored(job.job_id), job


def retried(flags: Sequence[Flag], name: str) -> tuple[list[Flag], Stored, JobRecord]:
    """The job and those of its failed tickets that asking again can help. Raises UnknownJob."""
    with closing(Reader(load(flags).db)) as reader:
        job = named_job(reader, name)
        positions = tuple(reader.positions(job.job_id, exclude_codes=_HOPELESS))
    return _with_its_settings(flags, job), Stored(job.job_id, positions), job


def output_of(job: JobRecord) -> Path | None:
    """Where the job's results went before."""
    return Path(job.output) if job.output else None


def _newest_open(reader: Reader) -> JobRecord:
    for job in reader.jobs():
        if not _has_ended(job) and job.state not in {JobState.LOADING, JobState.CANCELLED}:
            return job
    raise UnknownJob("no job has open tickets: forge-tui jobs lists them all")


def _has_ended(job: JobRecord) -> bool:
    """Nothing is left to send and nothing to write: a crash after the last answer leaves a job to be finished."""
    return job.counts.open == 0 and job.state in ENDED


def _with_its_settings(flags: Sequence[Flag], job: JobRecord) -> list[Flag]:
    typed = {field for field, _, _ in flags}
    source = f"the settings of {job.label}"
    stored: list[Flag] = [(field, value, source) for field, value in settings_of(job).items()]
    return [flag for flag in stored if flag[0] not in typed] + list(flags)
