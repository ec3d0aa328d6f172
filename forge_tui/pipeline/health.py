"""The health of a job that another process runs, read from its store: what the original told under /health."""

from collections.abc import Iterable
from dataclasses import dataclass

from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import RULES, Code, Verdict
from forge_tui.core.job import JobRecord, JobState
from forge_tui.resilience.circuit_breaker import CircuitBreaker, Permit
from forge_tui.storage.reader import Reader
from forge_tui.storage.rows import JobStats

ACTIVE = frozenset({JobState.LOADING, JobState.RUNNING, JobState.DRAINING, JobState.PAUSED})
# An open time is at most five minutes and a request two: what came before cannot matter any more.
REPLAYED_S = 1800.0


@dataclass(frozen=True, slots=True)
class Health:
    """The job that runs, or else the newest one, with its figures; `breaker` is known of a running job only."""

    active_jobs: int
    queue_depth: int
    job: JobRecord | None
    stats: JobStats | None
    breaker: BreakerState | None


def health_of(reader: Reader, breaker: CircuitBreaker, *, owned: bool, now: float) -> Health:
    """What the store tells at `now` (Unix seconds); `owned` says that a process has it, or nothing can be running."""
    jobs = reader.jobs(limit=20)
    active = [job for job in jobs if owned and job.state in ACTIVE]
    job = next(iter(active or jobs), None)
    state = None
    if active:
        state = replayed(breaker, reader.requests_since(active[0].job_id, now - REPLAYED_S), now)
    return Health(
        active_jobs=len(active),
        queue_depth=sum(job.counts.open for job in active),
        job=job,
        stats=None if job is None else reader.stats(job.job_id),
        breaker=state,
    )


def replayed(breaker: CircuitBreaker, requests: Iterable[tuple[float, Code | None]], now: float) -> BreakerState:
    """The state that a new `breaker` comes to when it hears these requests again; orders by hand are not in them."""
    for ended_at, code in requests:
        permit = breaker.admit(ended_at)
        if not isinstance(permit, Permit):
            continue
        match Verdict.SUCCESS if code is None else RULES[code].breaker:
            case Verdict.SUCCESS:
                breaker.succeeded(permit, ended_at)
            case Verdict.FAILURE:
                breaker.failed(permit, ended_at)
            case Verdict.NEUTRAL:
                breaker.neutral(permit, ended_at, alive=code is not Code.RATE)
    breaker.tick(now)
    return breaker.state
