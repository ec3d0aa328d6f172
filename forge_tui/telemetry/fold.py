"""The fold: every event changes the accumulator, and a freeze of it is the snapshot that faces show.

Same events, same snapshot; the memory does not grow with the number of events.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

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
from forge_tui.core.job import ENDED, JobState
from forge_tui.core.snapshot import BreakerChange, BreakerView, CommandReply, LimitsView, Snapshot
from forge_tui.telemetry.counts import Counts
from forge_tui.telemetry.live import LiveViews, Progress
from forge_tui.telemetry.meters import Meters
from forge_tui.telemetry.picture import Sources, with_counts, with_forecast, with_use

TAIL = 500
_HISTORY = 50
_REPLIES = 16

_NOT_TIMED = ENDED | {JobState.READY, JobState.HALTED}
_UNDER_WAY = frozenset({JobState.LOADING, JobState.RUNNING, JobState.DRAINING})


class Accumulator:
    """All that events tell of a job, and the freeze of it into an immutable snapshot.

    Takes the ETA's parameters from the settings: `ewma_alpha`, `default_latency_s`, `eta_after_tickets`.
    """

    def __init__(self, *, ewma_alpha: float = 0.3, default_latency_s: float = 1.2, eta_after_tickets: int = 20) -> None:
        self._alpha = ewma_alpha
        self._default_latency_s = default_latency_s
        self._eta_after = eta_after_tickets
        self._seen = 0
        self._tail: deque[Event] = deque(maxlen=TAIL)
        self._replies: deque[CommandReply] = deque(maxlen=_REPLIES)
        self._failures_version = self._results_version = self._jobs_version = 0
        self._last = Snapshot.empty()
        self._start_job()

    def _start_job(self, job_id: int = 0) -> None:
        self._counts = Counts()
        self._meters = Meters(self._alpha, self._default_latency_s)
        self._breaker_changes: deque[BreakerChange] = deque(maxlen=_HISTORY)
        self._times_opened = 0
        self._shut_until = self._shut_s = 0.0
        self._timed_since: float | None = None
        self._timed_s = 0.0
        self._disturbed_at = 0.0
        self._job = Snapshot(job_id=job_id, eta_after_tickets=self._eta_after)

    def apply(self, event: Event) -> None:  # noqa: C901, PLR0912 - one flat line for each kind of event
        """Fold one event in: every kind of event has its line here."""
        self._seen += 1
        self._tail.append(event)
        match event:
            case JobPlanned():
                self._jobs_version += 1
            case JobOpened():
                self._open(event)
            case JobStateChanged():
                self._change_state(event)
            case BatchSent():
                self._counts.send(event)
                self._meters.sent(event)
            case BatchSettled():
                self._settle(event)
            case TicketFailed():
                self._counts.fail(event)
                self._meters.failed(event)
                self._failures_version += 1
            case TicketChecked():
                self._meters.checked(event)
            case TicketsDue():
                self._counts.become_due(event)
            case TicketsRetried():
                self._counts.retry(event)
                self._meters.retried(event)
                self._failures_version += 1
                self._results_version += bool(event.known_to_cache or event.known_to_twin)
            case TicketsCancelled():
                self._counts.cancel(event)
                self._failures_version += 1
            case BreakerChanged():
                self._change_breaker(event)
            case GateShut():
                self._shut_gate(event)
            case LimitChanged():
                self._change_limit(event)
            case CommandAnswered():
                reply = CommandReply(event.command_id, event.command, event.accepted, event.message)
                self._replies.append(reply)
            case JobExported():
                self._job = replace(self._job, exported_to=event.folder)
                self._jobs_version += 1
            case Notice():
                pass
            case _:
                assert_never(event)

    def _open(self, event: JobOpened) -> None:
        if event.job_id != self._job.job_id:
            self._start_job(event.job_id)
        self._counts.open(event)
        self._meters.opened(event)
        self._disturbed_at = event.at
        self._timed_s += event.took_s
        self._timed_since = event.at if self._timed_since is None else self._timed_since
        self._job = replace(
            self._job,
            file=event.file,
            provider=event.provider,
            model=event.model,
            currency=event.currency,
            max_cost=event.max_cost,
            resumed=event.resumed,
            started_at=event.at if self._job.started_at is None else self._job.started_at,
        )
        self._failures_version += 1
        self._results_version += 1
        self._jobs_version += 1

    def _change_state(self, event: JobStateChanged) -> None:
        self._jobs_version += 1
        if event.job_id != self._job.job_id:
            if self._job.state in _UNDER_WAY:
                return
            self._start_job(event.job_id)
        self._disturbed_at = event.at
        if self._timed_since is not None:
            self._timed_s += max(0.0, event.at - self._timed_since)
        self._timed_since = None if event.state in _NOT_TIMED else event.at
        self._job = replace(
            self._job,
            state=event.state,
            state_reason=event.reason,
            state_code="" if event.code is None else str(event.code),
            limits=LimitsView(hold_until=event.hold_until),
        )

    def _settle(self, event: BatchSettled) -> None:
        self._counts.settle(event)
        self._meters.settled(event)
        self._results_version += bool(event.done)

    def _change_breaker(self, event: BreakerChanged) -> None:
        self._breaker_changes.append(BreakerChange(event.at, event.state, event.reason))
        self._times_opened += event.state == BreakerState.OPEN
        self._disturbed_at = event.at

    def _shut_gate(self, event: GateShut) -> None:
        until = max(self._shut_until, event.at + event.for_s)
        self._shut_s += until - max(self._shut_until, event.at)
        self._shut_until = until
        self._disturbed_at = until

    def _change_limit(self, event: LimitChanged) -> None:
        self._disturbed_at = event.at
        if event.name == "budget":
            self._job = replace(self._job, max_cost=event.after or None)

    @property
    def queued(self) -> int:
        """Tickets that can be sent, on disk or in memory."""
        return self._counts.queued

    def progress(self) -> Progress:
        """The original's progress figures; the ETA is that of the latest freeze."""
        counts = self._counts
        eta = self._last.eta
        return Progress(
            counts.finished, counts.total, counts.from_cache, counts.failed, None if eta is None else eta.seconds
        )

    def freeze(self, live: LiveViews, now: float, now_mono: float) -> Snapshot:
        """The picture at `now` (Unix seconds) and `now_mono`; its `seq` is one more than the last one's."""
        timed_s = max(0.0, now - self._timed_since) if self._timed_since is not None else 0.0
        job = replace(
            self._job,
            seq=self._last.seq + 1,
            at=now,
            at_mono=now_mono,
            elapsed_s=self._timed_s + timed_s,
            breaker=self._breaker_view(live),
            limits=self._limits_view(live, now),
            free=live.free,
            canary=live.canary,
            engine_lag_p99_ms=live.engine_lag_p99_ms,
        )
        sources = Sources(self._counts, self._meters, live, now - self._disturbed_at, self._eta_after)
        job = with_forecast(with_use(with_counts(job, self._counts), self._meters), sources)
        self._last = self._with_lists(job)
        return self._last

    def _with_lists(self, job: Snapshot) -> Snapshot:
        return replace(
            job,
            failures_version=self._failures_version,
            results_version=self._results_version,
            jobs_version=self._jobs_version,
            events=tuple(self._tail),
            events_dropped=self._seen - len(self._tail),
            events_seen=self._seen,
            replies=tuple(self._replies),
        )

    def _breaker_view(self, live: LiveViews) -> BreakerView:
        changes = tuple(self._breaker_changes)
        return replace(
            live.breaker,
            history=changes,
            times_opened=self._times_opened,
            changed_at=changes[-1].at if changes else None,
        )

    def _limits_view(self, live: LiveViews, now: float) -> LimitsView:
        shut_s = self._shut_s - max(0.0, self._shut_until - now)
        hold_until = live.limits.hold_until if live.limits.hold_until is not None else self._job.limits.hold_until
        return replace(live.limits, gate_shut_s=max(0.0, shut_s), hold_until=hold_until)


def fold(events: Iterable[Event], live: LiveViews, now: float, now_mono: float) -> Snapshot:
    """The snapshot that these events come to, frozen once."""
    accumulator = Accumulator()
    for event in events:
        accumulator.apply(event)
    return accumulator.freeze(live, now, now_mono)
