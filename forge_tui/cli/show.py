"""What commands print on standard output: plans and jobs, as lines for people or as one JSON document for scripts."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from forge_tui.core.agreement import NOTHING_CHECKED
from forge_tui.core.job import JobRecord
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.text import clean, one_line
from forge_tui.pipeline.document import (
    Columns,
    failures_of,
    job_document,
    money_of,
    plan_document,
    results_of,
    write_document,
)
from forge_tui.pipeline.plan import Plan
from forge_tui.provider.presets import is_free
from forge_tui.storage.reader import Reader
from forge_tui.storage.rows import JobStats
from forge_tui.telemetry import figures
from forge_tui.telemetry.frame import agreement_text, bound_text, state_words
from forge_tui.telemetry.spending import Amount, saved_text

SHOWN_CAUSES = 10
UNPRICED = "no price known"
_COLUMNS = ("JOB", "CREATED", "STATE", "DONE", "FAILED", "OPEN", "TOTAL", "COST", "FILE")


def print_json(document: object) -> None:
    """One document, readable."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_plan(plan: Plan, *, as_json: bool, free: bool) -> None:
    """What a job would take; `free` says that an unknown price is none."""
    if as_json:
        print_json(plan_document(plan.as_event(at=0.0, job_id=0), plan.currency))
        return
    mix = " · ".join(f"{complexity} {tickets}" for complexity, tickets in plan.complexity_breakdown.items())
    cost = unpriced(free=free)
    if plan.cost is not None and (band := plan.cost_band) is not None:
        low, high = (figures.money(amount, plan.currency) for amount in band)
        cost = f"{figures.money(plan.cost, plan.currency)} ({low} to {high})"
    click.echo(f"tickets     {plan.total}: to send {plan.unique}, cached {plan.cached}, twins {plan.twins}")
    click.echo(f"refused     {plan.refused}")
    for row in plan.shown_refused:
        click.echo(f"            {one_line(row.message, 100)}")
    click.echo(f"complexity  {mix}")
    if plan.audit_requests:
        price = "" if plan.audit_cost is None else f", {figures.money(plan.audit_cost, plan.currency)} of the cost"
        click.echo(f"audit       {plan.audit_requests} tickets asked again alone{price}")
    click.echo(f"requests    {plan.requests}, about {figures.count(plan.tokens)} tokens")
    click.echo(f"cost        {cost}")
    click.echo(f"takes       about {figures.clock(plan.estimated_seconds)}, bound by {plan.bound_by}")


def print_document(reader: Reader, job_id: int, report: Mapping[str, object], columns: Columns) -> None:
    """The whole job with its rows as one JSON document."""
    write_document(
        sys.stdout,
        report,
        results_of(reader.settled_rows(job_id), columns),
        failures_of(reader.settled_rows(job_id), columns),
    )


def print_jobs(jobs: Sequence[JobRecord], *, as_json: bool) -> None:
    """All jobs, newest first."""
    if as_json:
        print_json([job_document(job) for job in jobs])
        return
    rows = [_COLUMNS, *(_job_cells(job) for job in jobs)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    for row in rows:
        cells = [
            cell.rjust(w) if 3 <= i <= 7 else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def _job_cells(job: JobRecord) -> tuple[str, ...]:
    counts = job.counts
    numbers = (counts.done, counts.failed, counts.open, counts.total)
    return (job.label, instant(job.created_at), state_of(job), *map(str, numbers), _cost_cell(job), _files(job))


def _cost_cell(job: JobRecord) -> str:
    cost = cost_of(job, job.cost)
    return figures.UNKNOWN if cost == UNPRICED else cost


def cost_of(job: JobRecord, amount: float) -> str:
    """`amount` in the job's currency; without one, whether that means free or unknown."""
    currency = money_of(job).currency
    if currency:
        return figures.money(amount, currency)
    return unpriced(free=is_free(job.spec.provider, job.spec.base_url, priced=False))


def unpriced(*, free: bool) -> str:
    """What is said where no price is: that nothing is billed, or that nobody knows."""
    return "free" if free else UNPRICED


def print_job(reader: Reader, job: JobRecord) -> None:
    """One job for people: where its tickets stand, their labels, why some failed, what it used."""
    counts, stats, labels = job.counts, reader.stats(job.job_id), reader.counts_by_label(job.job_id)
    click.echo(f"{job.label} {_files(job)}   {state_of(job)}")
    click.echo(f"created     {instant(job.created_at)}, {job.spec.provider} {one_line(job.spec.model, 60)}")
    click.echo(
        f"tickets     {counts.total}: done {counts.done} ({figures.percent(counts.done, counts.total, 1)}),"
        f" failed {counts.failed}, open {counts.open}, cancelled {counts.cancelled}"
    )
    click.echo(f"answers     {_mix({str(source): tickets for source, tickets in labels.sources.items()})}")
    click.echo(f"category    {_mix(labels.categories)}")
    click.echo(f"priority    {_mix(labels.priorities)}")
    for line in _use(job, stats):
        click.echo(line)
    if bound := bound_text(job):
        click.echo(f"bound by    {bound}")
    if found := reader.agreement(job.job_id):
        click.echo(f"agreement   {agreement_text(sum(found.values(), NOTHING_CHECKED))}")
    for group in reader.failure_groups(job.job_id)[:SHOWN_CAUSES]:
        click.echo(f"failed      {group.n} × {group.code}  {one_line(group.message, 100)}")
    click.echo(
        f"results     {clean(job.output) if job.output else f'not written; forge-tui export {job.label} --output DIR'}"
    )


def _use(job: JobRecord, stats: JobStats) -> list[str]:
    currency = money_of(job).currency or ""
    known = Amount(stats.saved_tokens, stats.saved_cost)
    batching = Amount(stats.batching_saved_tokens, stats.batching_saved_cost)
    saved = saved_text(known, batching, currency)
    cost = cost_of(job, stats.cost)
    failed = f", {stats.requests_failed} of them failed" if stats.requests_failed else ""
    lines = [
        f"requests    {stats.requests}{failed}",
        f"used        {figures.count(stats.total_tokens)} tokens, {cost}",
        *([saved.replace("saved", "saved      ")] if saved else ()),
    ]
    percentiles = f"p50 {stats.p50_ms:.0f} ms · p95 {stats.p95_ms:.0f} ms · p99 {stats.p99_ms:.0f} ms"
    return [*lines, f"latency     {percentiles} per request"] if stats.requests else lines


def _mix(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return " · ".join(f"{one_line(name, 40)} {tickets}" for name, tickets in ranked if tickets) or figures.UNKNOWN


def state_of(job: JobRecord) -> str:
    """The job's state in the words of the screen."""
    told = Snapshot(
        job_id=job.job_id,
        state=job.state,
        state_reason=job.reason,
        state_code=job.code or "",
        failed=job.counts.failed,
    )
    return state_words(told)


def instant(at: float) -> str:
    """A Unix instant as UTC date and time."""
    return time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(at))


def _files(job: JobRecord) -> str:
    first, *more = job.spec.files
    return one_line(Path(first).name, 60) + (f" + {len(more)}" if more else "")
