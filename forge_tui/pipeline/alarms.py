"""The alarms: patterns over many requests that stop a job before it spends money or hours for nothing.

halt   20 rejected requests, 5 internal errors or 5 unreadable 429s in a row without a success;
       host never answered for 60 s in the job's life; 3 rebuilt pools in a minute
pause  20 unusable answers in a row; 5 of the first 5 unusable (canary)
"""

from collections import deque
from dataclasses import dataclass

from forge_tui.core.failure import RULES, Code, JobEffect
from forge_tui.core.job import PauseReason
from forge_tui.core.outcome import CallFault

REJECTED_IN_A_ROW = 20
UNUSABLE_IN_A_ROW = 20
BUGS_IN_A_ROW = 5
UNREADABLE_LIMITS_IN_A_ROW = 5
FIRST_CONNECT_S = 60.0
POOLS_PER_MIN = 3

_UNUSABLE = frozenset({Code.JSON, Code.SCHEMA, Code.LENGTH})


@dataclass(frozen=True, slots=True)
class HaltJob:
    """Stop sending for good: the operator cures the cause and resumes; every open ticket stays queued."""

    code: Code
    reason: str


@dataclass(frozen=True, slots=True)
class PauseJob:
    """Stop sending until the operator says go on, or until `for_s` is over."""

    why: PauseReason
    code: Code
    reason: str
    for_s: float | None = None


Alarm = HaltJob | PauseJob | None


class Alarms:
    """Hears every request of a job in order and says when the job must not go on.

    `canary_requests` is how many unusable first answers stop it (0: never); `proven` tells that an earlier run of
    the job had valid answers, `reached` that its host answered before.
    """

    def __init__(self, *, started: float, canary_requests: int, proven: bool) -> None:
        self._started = started
        self._canary_requests = canary_requests
        self.proven = proven
        self._reached = proven
        self._in_a_row: dict[Code, int] = {}
        self._unusable_in_a_row = 0
        self._unreadable_limits = 0
        self._pools: deque[float] = deque(maxlen=POOLS_PER_MIN)

    def heard_valid_answer(self) -> None:
        """At least one ticket of a reply was classified: every count starts again."""
        self.proven = self._reached = True
        self._in_a_row.clear()
        self._unusable_in_a_row = 0
        self._unreadable_limits = 0

    def heard_unusable(self, code: Code, message: str) -> Alarm:
        """A reply of which no ticket could be used, for the reason of its first one."""
        self._reached = True
        if code not in _UNUSABLE:
            return None
        self._unusable_in_a_row += 1
        if not self.proven and 0 < self._canary_requests <= self._unusable_in_a_row:
            n = self._unusable_in_a_row
            return PauseJob(PauseReason.CANARY, code, f"{n} of {n} first answers unusable: {message}")
        if self._unusable_in_a_row >= UNUSABLE_IN_A_ROW:
            self._unusable_in_a_row = 0
            return PauseJob(PauseReason.PROVIDER, code, f"{UNUSABLE_IN_A_ROW} unusable answers in a row: {message}")
        return None

    def heard_fault(self, fault: CallFault, now: float) -> Alarm:
        """A request that brought no answer."""
        if fault.adapted:
            return None
        rule = RULES[fault.code]
        if fault.http_status is not None:
            self._reached = True
        if rule.job_effect is JobEffect.HALT:
            return HaltJob(fault.code, fault.message)
        if fault.code is Code.RATE_LONG:
            return PauseJob(PauseReason.PROVIDER, fault.code, fault.message, fault.retry_after_s)
        if fault.code is Code.POOL:
            return self._pool_rebuilt(now)
        if fault.code is Code.NETWORK and not self._reached and now - self._started >= FIRST_CONNECT_S:
            return HaltJob(fault.code, f"no answer from the host for {FIRST_CONNECT_S:.0f} s: {fault.message}")
        return self._row(fault)

    def _row(self, fault: CallFault) -> Alarm:
        if fault.code is Code.RATE and fault.unreadable:
            self._unreadable_limits += 1
            if self._unreadable_limits >= UNREADABLE_LIMITS_IN_A_ROW:
                return HaltJob(fault.code, f"{self._unreadable_limits} unreadable 429 answers and no success")
        limit = {Code.REQUEST: REJECTED_IN_A_ROW, Code.BUG: BUGS_IN_A_ROW}.get(fault.code)
        if limit is None:
            return None
        self._in_a_row[fault.code] = self._in_a_row.get(fault.code, 0) + 1
        if self._in_a_row[fault.code] < limit:
            return None
        return HaltJob(fault.code, f"{limit} in a row and no success: {fault.message}")

    def _pool_rebuilt(self, now: float) -> Alarm:
        self._pools.append(now)
        if len(self._pools) == POOLS_PER_MIN and now - self._pools[0] <= 60.0:
            return HaltJob(Code.POOL, f"the connection pool was rebuilt {POOLS_PER_MIN} times in a minute")
        return None
