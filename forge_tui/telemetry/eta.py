"""Seconds to the end from what really binds: slots x latency, requests a minute, tokens a minute, this computer.

Each class brings its own latency, batch size and retries; the answer carries a band and the class that decides it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot, sqrt

from forge_tui.core.snapshot import Eta
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity


@dataclass(frozen=True, slots=True)
class ClassWork:
    """What is left of one class.

    `tickets` are those not in flight (queued and waiting); `again_share` the share of the tickets sent that
    come back to be sent again; `latency_error_s` how far `latency_s`, an average, may itself be off.
    """

    complexity: Complexity
    tickets: int
    batch_size: int = 1
    latency_s: float = 1.2
    latency_deviation_s: float = 0.0
    latency_error_s: float = 0.0
    in_flight_requests: int = 0
    requests_sent: int = 0
    tokens_per_ticket: float = 0.0
    again_share: float = 0.0

    @property
    def requests(self) -> int:
        """Requests still to be sent if none had to be repeated."""
        return ceil(self.tickets / max(1, self.batch_size))

    @property
    def expected_requests(self) -> float:
        """The same with the retry debt: each request is sent 1 / (1 - again_share) times on the average."""
        return self.requests / (1.0 - min(self.again_share, 0.9))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast work may go; None is no limit. `tickets_per_s` is this computer's own, once it is what binds."""

    slots: int
    requests_per_min: float | None = None
    tokens_per_min: float | None = None
    tickets_per_s: float | None = None
    first_send_in_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Need:
    """Seconds by one limit, without the last answer's own latency, and what each class weighs in it."""

    seconds: float
    weights: tuple[float, ...]
    error_s: float = 0.0


def estimated_seconds(work: Sequence[ClassWork], pace: Pace) -> float:
    """How long a job will take, before anything is sent; 0 when nothing is to be sent."""
    if not any(part.tickets for part in work):
        return 0.0
    return _most(work, pace).seconds + _last_answer_s(work)


def time_left(
    work: Sequence[ClassWork],
    pace: Pace,
    *,
    finished: int,
    eta_after: int,
    delay_s: float = 0.0,
    last_due_in_s: float = 0.0,
) -> Eta | None:
    """The ETA; None until `eta_after` tickets have come home, zero once nothing is left.

    `delay_s` is the time in which nothing is sent (an open breaker's next probe, a provider's hold);
    `last_due_in_s` when the last waiting retry may go.
    """
    if not any(part.tickets or part.in_flight_requests for part in work):
        return Eta(0.0, 0.0, 0.0, MOST_COMPLEX_FIRST[-1], 0, sum(part.requests_sent for part in work))
    if finished < eta_after:
        return None
    need = _most(work, pace)
    last_s = _last_answer_s(work)
    seconds = max(delay_s + need.seconds, last_due_in_s) + last_s
    debt_s = need.seconds * (1.0 - _share_without_retries(work)) / 2
    band_s = hypot(need.error_s, debt_s, last_s, delay_s / 2)
    decisive = max(zip(need.weights, work, strict=True), key=lambda pair: pair[0])[1]
    return Eta(
        seconds=seconds,
        low_s=max(0.0, seconds - band_s),
        high_s=seconds + band_s,
        decided_by=decisive.complexity,
        requests_left=decisive.requests,
        requests_total=decisive.requests_sent + decisive.requests,
    )


def _most(work: Sequence[ClassWork], pace: Pace) -> _Need:
    """The limit that takes longest: it is the one that binds."""
    needs = [_by_slots(work, pace), _by_requests(work, pace), _by_tokens(work, pace), _by_computer(work, pace)]
    return max((need for need in needs if need is not None), key=lambda need: need.seconds)


def _by_slots(work: Sequence[ClassWork], pace: Pace) -> _Need:
    slots = max(1, pace.slots)
    weights = tuple(part.expected_requests * part.latency_s for part in work)
    requests = sum(part.expected_requests for part in work)
    busy_s = sum(weights)
    # Free slots take their request at once: only what is left over queues for a slot to come home.
    free = max(0, slots - sum(part.in_flight_requests for part in work))
    queued_s = busy_s * max(0.0, 1.0 - free / requests) if requests else 0.0
    chance_s = sqrt(sum(part.expected_requests * part.latency_deviation_s**2 for part in work))
    drift_s = sum(part.expected_requests * part.latency_error_s for part in work)
    if not requests:
        weights = tuple(part.in_flight_requests * part.latency_s for part in work)
    return _Need(queued_s / slots, weights, hypot(chance_s, drift_s) / slots)


def _by_requests(work: Sequence[ClassWork], pace: Pace) -> _Need | None:
    requests = sum(part.expected_requests for part in work)
    if not pace.requests_per_min or not requests:
        return None
    seconds = pace.first_send_in_s + max(0.0, requests - 1) * 60.0 / pace.requests_per_min
    return _Need(seconds, tuple(part.expected_requests for part in work))


def _by_tokens(work: Sequence[ClassWork], pace: Pace) -> _Need | None:
    weights = tuple(part.tickets * part.tokens_per_ticket for part in work)
    if not pace.tokens_per_min or not sum(weights):
        return None
    return _Need(sum(weights) * 60.0 / pace.tokens_per_min, weights)


def _by_computer(work: Sequence[ClassWork], pace: Pace) -> _Need | None:
    weights = tuple(float(part.tickets) for part in work)
    if not pace.tickets_per_s or not sum(weights):
        return None
    return _Need(sum(weights) / pace.tickets_per_s, weights)


def _last_answer_s(work: Sequence[ClassWork]) -> float:
    """The latency of the request that ends the job: the simplest class queued, else the slowest in flight."""
    queued = [part for part in work if part.tickets]
    if queued:
        return max(queued, key=lambda part: MOST_COMPLEX_FIRST.index(part.complexity)).latency_s
    return max((part.latency_s for part in work if part.in_flight_requests), default=0.0)


def _share_without_retries(work: Sequence[ClassWork]) -> float:
    expected = sum(part.expected_requests for part in work)
    return sum(part.requests for part in work) / expected if expected else 1.0
