"""What binds the throughput now: the smallest of the limits, or what keeps the engine from sending at all.

And what bound an earlier job: the limit that its ledger shows in use.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobRecord, JobState
from forge_tui.core.snapshot import BoundView, LimitsView, Snapshot

REQUESTS = "requests/min"
TOKENS = "tokens/min"
SLOTS = "slots x latency"
COMPUTER = "this computer"
BREAKER = "breaker open"
HOLD = "provider hold"
BUDGET = "budget"
EMPTY = "queue empty"
PAUSED = "paused"

# Below this use of every limit it is none of them that binds.
_IDLE = 0.7


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured over the last minute, or over a whole job.

    `planned_batch` is the mean size meant for the requests sent, `fill` how full they went (0 to 1);
    `busy_slots` the mean number of requests in flight; `steady` says that nothing disturbed the measurement.
    """

    tickets_per_min: float = 0.0
    requests_per_min: float = 0.0
    tokens_per_min: float = 0.0
    busy_slots: float = 0.0
    latency_s: float = 1.2
    tokens_per_ticket: float = 0.0
    planned_batch: float = 1.0
    fill: float = 1.0
    steady: bool = False


def obstacle(job: Snapshot) -> str | None:
    """Why nothing is being sent at all, or None while the engine sends."""
    held = job.limits.hold_until_mono is not None and job.limits.hold_until_mono > job.at_mono
    if job.state is JobState.PAUSED and job.state_code == Code.BUDGET:
        return BUDGET
    if held or (job.state is JobState.PAUSED and job.state_code == Code.RATE_LONG):
        return HOLD
    if job.state in (JobState.PAUSED, JobState.HALTED, JobState.DRAINING):
        return PAUSED
    if job.state in ENDED or job.queued == 0:
        return EMPTY
    return BREAKER if job.breaker.enabled and job.breaker.state != BreakerState.CLOSED else None


def what_binds(load: Load, limits: LimitsView, hindered_by: str | None) -> BoundView:
    """The smallest of `batch x slots / latency`, `batch x requests/min` and `tokens/min / tokens per ticket`.

    When requests are under way steadily and none of the three is well used, this computer binds: what it
    could do is unknown, so there is no efficiency.
    """
    if hindered_by is not None:
        return BoundView(hindered_by, load.tickets_per_min)
    possible = _possible_per_min(load, limits)
    name = min(possible, key=lambda limit: possible[limit])
    if load.steady and load.requests_per_min > 0 and max(_used(load, limits).values()) < _IDLE:
        return BoundView(COMPUTER, load.tickets_per_min)
    if load.requests_per_min <= 0 or possible[name] <= 0:
        return BoundView(name, load.tickets_per_min, possible[name])
    efficiency = min(1.0, load.tickets_per_min / possible[name])
    return BoundView(name, load.tickets_per_min, possible[name], efficiency, _factors(name, load, limits))


def _possible_per_min(load: Load, limits: LimitsView) -> dict[str, float]:
    """Tickets a minute by each limit that is set."""
    slots = max(1, limits.slots_limit)
    possible = {SLOTS: load.planned_batch * slots * 60.0 / max(load.latency_s, 1e-6)}
    if limits.requests_per_min:
        possible[REQUESTS] = load.planned_batch * limits.requests_per_min
    if limits.tokens_per_min and load.tokens_per_ticket > 0:
        possible[TOKENS] = limits.tokens_per_min / load.tokens_per_ticket
    return possible


def _used(load: Load, limits: LimitsView) -> dict[str, float]:
    """How much of each limit is in use, as a share."""
    used = {SLOTS: load.busy_slots / max(1, limits.slots_limit)}
    if limits.requests_per_min:
        used[REQUESTS] = load.requests_per_min / limits.requests_per_min
    if limits.tokens_per_min:
        used[TOKENS] = load.tokens_per_min / limits.tokens_per_min
    return used


def _factors(name: str, load: Load, limits: LimitsView) -> tuple[str, ...]:
    full = (f"{load.fill:.0%} full",) if load.planned_batch > 1 else ()
    if name == REQUESTS:
        return (f"{load.requests_per_min:.0f}/{limits.requests_per_min:g} rpm", *full)
    if name == SLOTS:
        return (f"{min(load.busy_slots, limits.slots_limit):.1f}/{limits.slots_limit} slots", *full)
    return (f"{load.tokens_per_min:.0f}/{limits.tokens_per_min:.0f} tokens", *full)


@dataclass(frozen=True, slots=True)
class LimitUsed:
    """The limit a job used most, and how much of it (0 to 1); of this computer nobody knows how much there is."""

    name: str
    share: float | None = None


def what_bound(job: JobRecord) -> LimitUsed | None:
    """The limit that bound `job` while it sent, by its ledger; None where none was well used, or none is known.

    A pause counts as time in which it could have sent, and limits changed on the way as they were at its start.
    """
    if job.spec.provider == "local":
        return LimitUsed(COMPUTER)
    limits = job.spec.settings.get("limits")
    if not isinstance(limits, Mapping) or not limits or job.sending.requests < 2 or job.sending.sent_over_s <= 0:
        return None
    known = LimitsView(
        slots_limit=limits.get("slots", 0),
        requests_per_min=limits.get("requests_per_min"),
        tokens_per_min=limits.get("tokens_per_min"),
    )
    used = _used(_whole_load(job), known)
    name = max(used, key=lambda limit: used[limit])
    return LimitUsed(name, min(1.0, used[name])) if used[name] >= _IDLE else None


def _whole_load(job: JobRecord) -> Load:
    """The load of a whole job: between the first start and the last lie all requests but one."""
    sent, over_s = job.sending, job.sending.sent_over_s
    between = (sent.requests - 1) / sent.requests
    return Load(
        requests_per_min=60.0 * (sent.requests - 1) / over_s,
        tokens_per_min=60.0 * job.tokens * between / over_s,
        busy_slots=sent.in_flight_s * between / over_s,
    )
