"""What a job looks like to scripts: the one home of the names in `--json`, `report.json` and the row files."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

import pydantic_core

from forge_tui.core.agreement import NOTHING_CHECKED, Agreement, Proportion
from forge_tui.core.event import JobPlanned
from forge_tui.core.failure import RULES, Code, RetryHelps
from forge_tui.core.job import ENDED, STATUS_IN_JSON, JobRecord
from forge_tui.core.ticket import Complexity, Source, TicketState
from forge_tui.storage.rows import JobMix, JobStats, SettledRow
from forge_tui.storage.values import code_from, mapping_from, strings_from
from forge_tui.telemetry.bound import LimitUsed, what_bound

RESULT_NAMES = (
    "position",
    "id",
    "ticket",
    "category",
    "priority",
    "summary",
    "complexity",
    "cache_hit",
    "source",
    "attempts",
    "tokens",
    "cost",
    "truncated",
    "flags",
)
FAILURE_NAMES = (
    "position",
    "id",
    "ticket",
    "error",
    "code",
    "http_status",
    "complexity",
    "attempts",
    "retryable",
    "retry_helps",
    "tokens",
    "cost",
    "file",
    "line",
)
_OURS = frozenset((*RESULT_NAMES, *FAILURE_NAMES))

Columns = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Money:
    """The currency a job is counted in and its units per US dollar; None where no price is known."""

    currency: str | None
    usd_rate: float | None

    def in_usd(self, amount: float) -> float | None:
        """`amount` in US dollars, None where that is not known."""
        return round(amount / self.usd_rate, 6) if self.usd_rate else None


def output_names(columns: Sequence[str]) -> Columns:
    """The input's columns with their names in the output: one that clashes gets `input_` before it."""
    taken = set(_OURS)
    names = {}
    for column in columns:
        name = column
        while name in taken or (name != column and name in columns):
            name = f"input_{name}"
        taken.add(name)
        names[column] = name
    return names


def result_row(row: SettledRow, columns: Columns) -> dict[str, object]:
    """A classified ticket under the original's names, its input's other columns after them."""
    return {
        "position": row.position,
        "id": row.external_id,
        "ticket": row.text,
        "category": row.category,
        "priority": row.priority,
        "summary": row.summary,
        "complexity": row.complexity,
        "cache_hit": row.source == Source.CACHE,
        "source": row.source,
        "attempts": row.attempts,
        "tokens": row.tokens,
        "cost": row.cost,
        "truncated": bool(row.truncated),
        "flags": list(strings_from(row.flags)),
        **_input_columns(row, columns),
    }


def failure_row(row: SettledRow, columns: Columns) -> dict[str, object]:
    """A failed ticket with its cause, where it stands in the input, and whether a retry is likely to help."""
    helps = RULES[code_from(row.code) or Code.BUG].retry_helps
    return {
        "position": row.position,
        "id": row.external_id,
        "ticket": row.text,
        "error": row.message or "",
        "code": row.code,
        "http_status": row.http_status,
        "complexity": row.complexity,
        "attempts": row.attempts,
        "retryable": helps is not RetryHelps.NO,
        "retry_helps": helps,
        "tokens": row.tokens,
        "cost": row.cost,
        "file": row.file,
        "line": row.line,
        **_input_columns(row, columns),
    }


def _input_columns(row: SettledRow, columns: Columns) -> dict[str, object]:
    if row.columns is None:
        return {}
    return {columns[name]: value for name, value in mapping_from(row.columns).items()}


def report(
    job: JobRecord,
    stats: JobStats,
    mix: JobMix,
    agreement: Mapping[Complexity, Agreement],
    *,
    duration_s: float | None,
) -> dict[str, object]:
    """The document without its rows."""
    counts = job.counts
    return {
        **job_document(job),
        "unique": mix.unique,
        "twins": counts.total - counts.refused - counts.from_cache - mix.unique,
        "estimated_seconds": job.estimated_s,
        "complexity_breakdown": mix.classes,
        "stats": stats_document(stats, money_of(job), duration_s),
        "agreement": agreement_document(agreement),
    }


def agreement_document(agreement: Mapping[Complexity, Agreement]) -> dict[str, object] | None:
    """How far answers in company agreed with those given alone, of all and by class; null where nothing was checked."""
    if not agreement:
        return None
    return {
        **_agreement(sum(agreement.values(), NOTHING_CHECKED)),
        "by_complexity": {complexity: _agreement(found) for complexity, found in agreement.items()},
    }


def _agreement(found: Agreement) -> dict[str, object]:
    return {
        "checked": found.checked,
        "unanswered": found.unanswered,
        "category": _proportion(found.category),
        "priority": _proportion(found.priority),
    }


def _proportion(label: Proportion) -> dict[str, object]:
    return {
        "same": label.same,
        "of": label.of,
        "rate": round(label.share, 4) if label.of else None,
        "low": round(label.low, 4),
        "high": round(label.high, 4),
    }


def job_document(job: JobRecord) -> dict[str, object]:
    """What the store says of a job without walking over its rows."""
    counts = job.counts
    return {
        "job_id": job.label,
        "status": STATUS_IN_JSON[job.state],
        "state": job.state,
        "reason": job.reason,
        "code": job.code,
        "incomplete": job.state not in ENDED,
        "incomplete_reason": incomplete_reason(job),
        "bound_by": _bound_document(what_bound(job)),
        "progress": round(counts.done / counts.total, 4) if counts.total else 0.0,
        "total": counts.total,
        "done": counts.done,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "open": counts.open,
        "cached": counts.from_cache,
        "refused": counts.refused,
        "files": list(job.spec.files),
        "provider": job.spec.provider,
        "model": job.spec.model,
        "input_sha256": job.spec.input_sha256,
        "text_column": job.spec.text_column,
        "prompt_version": job.spec.prompt_version,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "output": job.output,
    }


def _bound_document(bound: LimitUsed | None) -> dict[str, object] | None:
    return (
        None if bound is None else {"limit": bound.name, "used": None if bound.share is None else round(bound.share, 4)}
    )


def plan_document(planned: JobPlanned, currency: str) -> dict[str, object]:
    """The preview under the names of the original's first answer; `cost` is in `currency`, null without a price."""
    return {
        "total": planned.total,
        "cached": planned.cached,
        "unique": planned.unique,
        "twins": planned.twins,
        "refused": planned.refused,
        "estimated_seconds": planned.estimated_seconds,
        "complexity_breakdown": dict(planned.complexity_breakdown),
        "requests": planned.requests,
        "cost": None if planned.cost is None else round(planned.cost, 6),
        "currency": currency or None,
        "audit_requests": planned.audit_requests,
        "audit_cost": None if planned.audit_cost is None else round(planned.audit_cost, 6),
    }


def stats_document(stats: JobStats, money: Money, duration_s: float | None) -> dict[str, object]:
    """The original's statistics, with the provider's currency, what was saved, and the ledger's request counts."""
    return {
        "total_tokens": stats.total_tokens,
        "cost_usd": money.in_usd(stats.cost),
        "cost": round(stats.cost, 6),
        "currency": money.currency,
        "p50_ms": round(stats.p50_ms, 1),
        "p95_ms": round(stats.p95_ms, 1),
        "p99_ms": round(stats.p99_ms, 1),
        "cache_hit_rate": round(stats.cache_hit_rate, 4),
        "failure_rate": round(stats.failure_rate, 4),
        "duration_seconds": None if duration_s is None else round(duration_s, 2),
        "requests": stats.requests,
        "requests_failed": stats.requests_failed,
        "prompt_tokens": stats.prompt_tokens,
        "completion_tokens": stats.completion_tokens,
        "saved_tokens": stats.saved_tokens,
        "saved_cost": round(stats.saved_cost, 6),
        "batching_saved_tokens": stats.batching_saved_tokens,
        "batching_saved_cost": round(stats.batching_saved_cost, 6),
        "cost_per_ticket": None if stats.cost_per_ticket is None else round(stats.cost_per_ticket, 6),
    }


def incomplete_reason(job: JobRecord) -> str | None:
    """Why a job is not at its end, for scripts: `budget:cost`, or its state and code."""
    if job.state in ENDED:
        return None
    if job.code is Code.BUDGET:
        return "budget:cost"
    return f"{job.state}:{job.code}" if job.code else str(job.state)


def money_of(job: JobRecord) -> Money:
    """The currency that the job's settings were stored with."""
    currency, rate = job.spec.settings.get("currency"), job.spec.settings.get("usd_rate")
    return Money(str(currency) if currency else None, float(rate) if isinstance(rate, int | float) else None)


def results_of(rows: Iterable[SettledRow], columns: Columns) -> Iterator[dict[str, object]]:
    """The classified rows."""
    return (result_row(row, columns) for row in rows if row.state == TicketState.DONE)


def failures_of(rows: Iterable[SettledRow], columns: Columns) -> Iterator[dict[str, object]]:
    """The failed rows."""
    return (failure_row(row, columns) for row in rows if row.state == TicketState.FAILED)


def write_document(
    stream: TextIO,
    head: Mapping[str, object],
    results: Iterable[Mapping[str, object]],
    failures: Iterable[Mapping[str, object]],
) -> None:
    """One JSON document, row by row so that a million of them need no memory; `failures` is null where none are."""
    stream.write("{\n")
    stream.writelines(f'"{name}": {to_json(value)},\n' for name, value in head.items())
    stream.write('"results": ')
    _write_list(stream, results, empty="[]")
    stream.write(',\n"failures": ')
    _write_list(stream, failures, empty="null")
    stream.write("\n}\n")


def _write_list(stream: TextIO, rows: Iterable[Mapping[str, object]], *, empty: str) -> None:
    written = False
    for row in rows:
        stream.write(f"{',' if written else '['}\n{to_json(row)}")
        written = True
    stream.write("\n]" if written else empty)


# Text as it is, in one line; what JSON does not know (a date of a spreadsheet) as its text.
to_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


def to_json_line(row: Mapping[str, object]) -> str:
    """A stored row as one line; a quarter of the time of `to_json`, and the same values (measured, tested)."""
    return pydantic_core.to_json(row, inf_nan_mode="constants").decode() + "\n"
