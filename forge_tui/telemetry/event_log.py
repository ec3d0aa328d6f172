"""Events for readers outside: one JSON object each for `--events` and the log, one line of text for the log pane.

The names are API and stay: job.planned, job.opened, job.state, job.exported, batch.sent, batch.done, attempt.failed,
ticket.failed, ticket.checked, tickets.due, tickets.retried, tickets.cancelled, breaker.changed, gate.shut, limit.changed,
command.done, notice.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any, assert_never

from forge_tui.core.breaker import BreakerState
from forge_tui.core.event import (
    BatchSent,
    BatchSettled,
    BreakerChanged,
    CommandAnswered,
    Event,
    GateShut,
    JobExported,
    JobOpened,
    JobPlanned,
    JobStateChanged,
    LimitChanged,
    Notice,
    TicketChecked,
    TicketFailed,
    TicketsCancelled,
    TicketsDue,
    TicketsRetried,
)
from forge_tui.core.failure import RULES, Burn, Code
from forge_tui.core.job import JobState, job_label
from forge_tui.core.text import clean, one_line
from forge_tui.core.ticket import ticket_label
from forge_tui.telemetry import figures
from forge_tui.telemetry.live import Progress

_NAMES: dict[type[Event], str] = {
    JobPlanned: "job.planned",
    JobOpened: "job.opened",
    JobStateChanged: "job.state",
    JobExported: "job.exported",
    BatchSent: "batch.sent",
    TicketFailed: "ticket.failed",
    TicketChecked: "ticket.checked",
    TicketsDue: "tickets.due",
    TicketsRetried: "tickets.retried",
    TicketsCancelled: "tickets.cancelled",
    BreakerChanged: "breaker.changed",
    GateShut: "gate.shut",
    LimitChanged: "limit.changed",
    CommandAnswered: "command.done",
    Notice: "notice",
}

MAX_TEXT_CELLS = 500
_NAME_CELLS = 16
_STATE_LEVELS = {JobState.PAUSED: "warn", JobState.HALTED: "error", JobState.REFUSED: "error"}
# The original's progress keys, and the log's withheld ones, are taken: these fields go by another name.
_RENAMED = {
    (BatchSettled, "failed"): "batch_failed",
    (JobOpened, "failed"): "failed_by_class",
    (Notice, "text"): "message",
}
_PROGRESS_EVENTS = (JobOpened, JobStateChanged, BatchSettled, TicketFailed, TicketsRetried, TicketsCancelled)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log pane; `level` is debug, info, warn or error, `short` the text where room is scarce."""

    at: float
    level: str
    name: str
    text: str
    short: str

    def line(self, *, short: bool = False) -> str:
        """`12:04:25 info  batch.done       b-0317 simple ×20 ok=20 ms=3050 inr=0.124`."""
        head = f"{figures.time_of_day(self.at)} {self.level:<5}"
        return f"{head} {self.name} {self.short}" if short else f"{head} {self.name:<{_NAME_CELLS}} {self.text}"


def log_entry(event: Event, currency: str = "") -> LogEntry:
    """The event as a person reads it; `currency` is that of the job's costs."""
    level, text, short = _told(event, currency)
    text = one_line(text, MAX_TEXT_CELLS)
    return LogEntry(event.at, level, event_name(event), text, one_line(short, MAX_TEXT_CELLS) or text)


def _told(event: Event, currency: str) -> tuple[str, str, str]:  # noqa: C901, PLR0911, PLR0912 - a table
    """Level, text, and the short text where it differs."""
    match event:
        case JobPlanned():
            text = f"total={event.total} cached={event.cached} twins={event.twins} refused={event.refused}"
            return "info", f"{text} requests={event.requests} s={event.estimated_seconds:.0f}", ""
        case JobOpened():
            text = f"{job_label(event.job_id)} {event.file} total={event.counts.total}"
            return "info", f"{text} resumed" if event.resumed else text, ""
        case JobStateChanged():
            why = " ".join(part for part in (event.code or "", event.reason) if part)
            text = f"{event.state}: {why}" if why else event.state.value
            return _STATE_LEVELS.get(event.state, "info"), text, ""
        case BatchSent():
            probe = " probe" if event.probe else ""
            text = f"{event.batch} {event.complexity} ×{event.size} tokens={event.tokens}{probe}"
            return "debug", text, f"{event.batch} ×{event.size}"
        case BatchSettled():
            return _settled(event, currency)
        case TicketFailed():
            return "error", _failed(event), f"{ticket_label(event.position)} {event.code}"
        case TicketChecked():
            return _checked(event)
        case TicketsDue():
            return "debug", f"{event.complexity} ×{event.count} tried again", ""
        case TicketsRetried():
            known = event.known_to_cache + event.known_to_twin
            again = event.from_failed + event.from_cancelled - known
            known_by_now = f", {known} known by now" if known else ""
            return "info", f"{event.complexity} ×{again} queued again{known_by_now}", ""
        case TicketsCancelled():
            ended = event.queued + event.waiting + event.twins
            return "info", f"{event.complexity} ×{ended}", ""
        case BreakerChanged():
            probe = "" if event.retry_in_s is None else f", next probe in {figures.short_seconds(event.retry_in_s)}"
            level = "warn" if event.state == BreakerState.OPEN else "info"
            return level, f"{event.state}: {event.reason}{probe}", event.state
        case GateShut():
            return "warn", f"{event.code}: nothing is sent for {figures.short_seconds(event.for_s)}", ""
        case LimitChanged():
            return "info", f"{event.name} {event.before:g} → {event.after:g}: {event.reason}", ""
        case CommandAnswered():
            refused = "" if event.accepted else "refused: "
            level = "info" if event.accepted else "warn"
            return level, f"{event.command} {refused}{event.message}", ""
        case JobExported():
            return "info", f"rows={event.rows} to {event.folder}", ""
        case Notice():
            return event.level, event.text, ""
        case _:
            assert_never(event)


def _settled(event: BatchSettled, currency: str) -> tuple[str, str, str]:
    batch = f"{event.batch} {event.complexity} ×{event.size}"
    again = "" if event.again_in_s is None else figures.short_seconds(event.again_in_s)
    if not came_home(event):
        status = "" if event.http_status is None else f" status={event.http_status}"
        code = event.code or Code.BUG
        waits = f" again_in={again}" if again else ""
        then = f", again in {again}" if again else ""
        short = f"{event.batch} ×{event.size} {code}{then}"
        return "warn", f"{batch} code={code}{status}{waits}", short
    cost = f" {currency.lower()}={event.cost:.3f}" if currency and event.cost else ""
    fault = "" if event.code is None else f" code={event.code}"
    text = f"{batch} ok={event.done} ms={event.latency_ms:.0f}{cost}{fault}"
    level = "info" if event.code is None else "warn"
    return level, text, f"{event.batch} ×{event.size} ok={event.done}{fault}"


def _checked(event: TicketChecked) -> tuple[str, str, str]:
    where = f"{ticket_label(event.position)} {event.batch} {event.complexity} alone"
    if event.same_category is None or event.same_priority is None:
        then = "asked again later" if event.again else "not compared"
        return "warn", f"{where} code={event.code} {then}", f"{ticket_label(event.position)} {event.code}"
    found = " ".join(
        f"{label} {'same' if same else 'other'}"
        for label, same in (("category", event.same_category), ("priority", event.same_priority))
    )
    return "info", f"{where} {found}", f"{ticket_label(event.position)} {found}"


def _failed(event: TicketFailed) -> str:
    """The counter that decided has been used up: it is both what was tried and what is allowed."""
    tries = event.service_attempts if RULES[Code(event.code)].burn is Burn.SERVICE else max(1, event.ticket_attempts)
    twins = f" twins={event.twins}" if event.twins else ""
    where = f"{ticket_label(event.position)} code={event.code} {event.batch} {event.complexity} ×1"
    return f"{where} tries={tries}/{tries}{twins}"


def came_home(event: BatchSettled) -> bool:
    """Whether the request brought any usable answer; else it is a failed attempt."""
    return event.code is None or event.done > 0


def event_name(event: Event) -> str:
    """The stable name of the event."""
    if isinstance(event, BatchSettled):
        return "batch.done" if came_home(event) else "attempt.failed"
    return _NAMES[type(event)]


def event_level(event: Event) -> str:
    """debug, info, warn or error."""
    return _told(event, "")[0]


def as_json(event: Event, progress: Progress | None = None) -> dict[str, Any]:
    """The event as JSON takes it, foreign text cleaned; what moves tickets carries the original's progress figures."""
    record: dict[str, Any] = {"event": event_name(event)}
    for field in fields(event):
        record[_RENAMED.get((type(event), field.name), field.name)] = _plain(getattr(event, field.name))
    record["job_id"] = job_label(event.job_id)
    if isinstance(event, TicketFailed):
        record["ticket"] = ticket_label(event.position)
    if progress is not None and isinstance(event, _PROGRESS_EVENTS):
        record |= _plain(progress)
    return record


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    return value


class EventFile:
    """Writes each event as a line of JSON to `path`, readable by its owner only, flushed line by line.

    An existing file is added to. Raises OSError when the file cannot be opened; a failing write reaches the bus,
    which drops this subscriber and says so.
    """

    def __init__(self, path: Path, progress: Callable[[], Progress]) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "a", encoding="utf-8", buffering=1)
        self._progress = progress

    def __call__(self, event: Event) -> None:
        # The preview is a job's first line: that its rows are being read says nothing a script can use.
        if isinstance(event, JobStateChanged) and event.state is JobState.LOADING:
            return
        self._file.write(json.dumps(as_json(event, self._progress()), ensure_ascii=False, allow_nan=False) + "\n")

    def close(self) -> None:
        self._file.close()
