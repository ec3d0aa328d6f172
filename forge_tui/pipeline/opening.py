"""A stored job as events: what a run of it begins with, and how it is told while nothing of it runs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from forge_tui.core.agreement import NOTHING_CHECKED
from forge_tui.core.event import Event, JobExported, JobOpened, JobStateChanged
from forge_tui.core.job import JobRecord
from forge_tui.provider.presets import Endpoint
from forge_tui.storage.rows import JobHead, OpeningFigures


def opened(
    job: JobRecord | JobHead,
    figures: OpeningFigures,
    endpoint: Endpoint,
    *,
    at: float,
    max_cost: float | None,
    resumed: bool,
) -> JobOpened:
    """The job under the endpoint that will answer it; `at` is Unix seconds."""
    return JobOpened(
        at=at,
        job_id=job.job_id,
        file=_title(job.spec.files),
        provider=endpoint.provider,
        model=endpoint.model,
        currency=endpoint.price.currency if endpoint.price else "",
        counts=figures.counts,
        queued=figures.queued,
        waiting=figures.waiting,
        done=figures.done,
        failed=figures.failed,
        failed_codes=figures.failed_codes,
        tokens=figures.tokens,
        cost=figures.cost,
        saved_tokens=figures.saved_tokens,
        saved_cost=figures.saved_cost,
        batching_saved_tokens=figures.batching_saved_tokens,
        batching_saved_cost=figures.batching_saved_cost,
        max_cost=max_cost,
        resumed=resumed,
        agreement=sum(figures.agreement.values(), NOTHING_CHECKED),
    )


def as_stored(job: JobRecord, figures: OpeningFigures, endpoint: Endpoint, *, at: float) -> Iterator[Event]:
    """The job as it stands, under the endpoint that answered it; the one at hand has no part in it."""
    spec, began_at = job.spec, job.started_at
    yield replace(
        opened(job, figures, endpoint, at=at, max_cost=None, resumed=False),
        provider=spec.provider,
        model=spec.model,
        currency=str(spec.settings.get("currency") or ""),
        took_s=max(0.0, job.finished_at - began_at) if job.finished_at is not None and began_at is not None else 0.0,
    )
    yield JobStateChanged(at, job.job_id, job.state, job.reason, job.code, job.hold_until)
    if job.output is not None:
        yield JobExported(at, job.job_id, job.output, figures.counts.done + figures.counts.failed)


def _title(files: tuple[str, ...]) -> str:
    first = "stdin" if files[0] == "-" else Path(files[0]).name
    return first if len(files) == 1 else f"{first} + {len(files) - 1}"
