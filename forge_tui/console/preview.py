"""The preview of a launch: the run's own ingest, estimator and dedup over the files, nothing written, nothing sent."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from forge_tui.console.hub import InputFile, Launch, Preview
from forge_tui.console.rows import reader_if_any
from forge_tui.core.job import JobRecord
from forge_tui.pipeline.assembly import intake_for, planner_for
from forge_tui.pipeline.ingest import Inputs, open_inputs
from forge_tui.pipeline.plan import Plan, chunks_of
from forge_tui.pipeline.spec import spec_of
from forge_tui.provider.presets import Endpoint, resolve
from forge_tui.settings import Settings

# Beyond this many rows the rest is extrapolated.
MOST_ROWS_READ = 200_000


def previews(launch: Launch, settings: Settings, db: Path, *, has_key: bool, now: float) -> Iterator[Preview]:
    """One preview after every portion read, the last one complete; `now` is Unix seconds, for the cache's age.

    Raises InputRefused, SettingsRefused.
    """
    endpoint = resolve(settings, has_key=has_key)
    with open_inputs(launch.files, settings) as inputs:
        intake, planner = intake_for(settings, endpoint), planner_for(settings, endpoint)
        bytes_in_all = sum(file.size_bytes for file in inputs.describe())
        read_chars = rows = 0
        for chunk in chunks_of(inputs.rows()):
            portion = intake.take_all(chunk)
            planner.foresee(portion, _known([ticket.key for ticket in portion.tickets], settings, db, now))
            rows += len(chunk)
            read_chars += sum(len(ticket.ticket.text) for ticket in portion.tickets)
            if rows >= MOST_ROWS_READ:
                break
            yield _preview(inputs, endpoint, planner.plan(complete=False), min(0.99, read_chars / max(1, bytes_in_all)))
        unfinished = _unfinished(inputs, settings, endpoint, db) if not launch.fresh else None
        whole = rows < MOST_ROWS_READ
        yield _preview(inputs, endpoint, planner.plan(complete=whole), 1.0 if whole else 0.99, unfinished)


def _known(keys: list[bytes], settings: Settings, db: Path, now: float) -> set[bytes]:
    reader = reader_if_any(db) if settings.use_cache else None
    if reader is None:
        return set()
    with closing(reader):
        return reader.cached(keys, now=now, ttl_s=settings.cache_ttl_s)


def _unfinished(inputs: Inputs, settings: Settings, endpoint: Endpoint, db: Path) -> JobRecord | None:
    """The job that a launch would go on with."""
    reader = reader_if_any(db)
    if reader is None:
        return None
    with closing(reader):
        return reader.unfinished_job(spec_of(inputs, settings, endpoint))


def _preview(
    inputs: Inputs, endpoint: Endpoint, plan: Plan, read_share: float, unfinished: JobRecord | None = None
) -> Preview:
    return Preview(
        files=tuple(
            InputFile(file.file, file.format, file.encoding, file.size_bytes, file.columns, file.text_column)
            for file in inputs.describe()
        ),
        complete=plan.complete,
        read_share=read_share,
        total=plan.total,
        refused=plan.refused,
        cached=plan.cached,
        twins=plan.twins,
        unique=plan.unique,
        complexity=plan.complexity_breakdown,
        requests=plan.requests,
        tokens=plan.tokens,
        cost=plan.cost,
        cost_band=plan.cost_band,
        currency=plan.currency,
        free=endpoint.is_free,
        estimated_seconds=plan.estimated_seconds,
        bound_by=plan.bound_by,
        audit_requests=plan.audit_requests,
        audit_cost=plan.audit_cost,
        provider=endpoint.provider,
        model=endpoint.model,
        provider_why=endpoint.why,
        first_texts=plan.shown,
        first_refused=plan.shown_refused,
        refused_for=plan.refused_for,
        requests_per_min=endpoint.requests_per_min,
        unfinished=unfinished,
    )
