"""What a failed ticket has behind and before it: the tries it used up, and whether a retry would help now."""

from dataclasses import dataclass

from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import RULES, Burn, Code, RetryHelps
from forge_tui.core.snapshot import Snapshot
from forge_tui.storage.rows import FailureRow, TicketRow
from forge_tui.telemetry import figures

_HOUR_S = 3600.0
_WHY = {
    RetryHelps.NOW: "the cause may be over",
    RetryHelps.UNLIKELY: "the same answer is likely",
    RetryHelps.NO: "the text or a setting must change first",
}


@dataclass(frozen=True, slots=True)
class Wait:
    """What keeps requests from leaving, and for how many seconds yet."""

    seconds: float
    cause: str


@dataclass(frozen=True, slots=True)
class RetryVerdict:
    """`words` for the list (`now`, `in 00:08`, `unlikely`, `no`), `why` for the detail."""

    helps: RetryHelps
    words: str
    why: str


def wait_of(job: Snapshot, now_mono: float) -> Wait | None:
    """The longest wait before this job may send again, None while it may."""
    breaker, limits = job.breaker, job.limits
    waits = []
    if breaker.enabled and breaker.state == BreakerState.OPEN and breaker.retry_at_mono is not None:
        waits.append(Wait(breaker.retry_at_mono - now_mono, "breaker open"))
    if limits.hold_until_mono is not None:
        waits.append(Wait(limits.hold_until_mono - now_mono, "provider hold"))
    return max((wait for wait in waits if wait.seconds > 0), key=lambda wait: wait.seconds, default=None)


def retry_verdict(code: Code, wait: Wait | None) -> RetryVerdict:
    """What a retry of a ticket that failed with `code` would come to."""
    helps = RULES[code].retry_helps
    if helps is RetryHelps.NOW and wait is not None:
        left = figures.countdown(wait.seconds) if wait.seconds < _HOUR_S else figures.age(wait.seconds)
        return RetryVerdict(helps, f"in {left}", wait.cause)
    return RetryVerdict(helps, str(helps), _WHY[helps])


def tries(row: FailureRow | TicketRow) -> str:
    """`3/3`: it failed when it had used up all that its last fault allows; a dash where nothing was sent."""
    service = row.code is not None and RULES[row.code].burn is Burn.SERVICE
    used = row.service_attempts if service else row.ticket_attempts
    return f"{used}/{used}" if used else figures.UNKNOWN
