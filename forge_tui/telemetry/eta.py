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


def estimated_seconds(work: Sequence[ClassWork], pace: Pace) -> float:
    """How long a job will take, before anything is sent; 0 when nothing is to be sent."""
    return _seconds_to_end(work, pace)


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
    last_s = _last_answer_s(work)
    seconds = max(delay_s + _seconds_to_end(work, pace), last_due_in_s + last_s)
    debt_s = sum((part.expected_requests - part.requests) * _spacing_s(part, pace) for part in work)
    band_s = hypot(_latency_error_s(work, pace), debt_s / 2, last_s, delay_s / 2)
    decisive = max(work, key=lambda part: _weight(part, pace))
    return Eta(
        seconds=seconds,
        low_s=max(0.0, seconds - band_s),
        high_s=seconds + band_s,
        decided_by=decisive.complexity,
        requests_left=decisive.requests,
        requests_total=decisive.requests_sent + decisive.requests,
    )


def _seconds_to_end(work: Sequence[ClassWork], pace: Pace) -> float:
    """Classes are served one after the other, each at the pace of what binds it; then the last answer comes home."""
    paced_s = sum(part.expected_requests * _spacing_s(part, pace) for part in work)
    longest_s = max((part.latency_s for part in work if part.tickets or part.in_flight_requests), default=0.0)
    last_s = _last_answer_s(work)
    last = _last_queued(work)
    if last is not None and _spacing_s(last, pace) > _slot_spacing_s(last, pace):
        ends_s = pace.first_send_in_s + paced_s - _spacing_s(last, pace) + last_s
    elif any(part.in_flight_requests for part in work):
        # Half way home on the average; and when the last one comes, the others came over its latency before.
        half_way_s = sum(part.in_flight_requests * _slot_spacing_s(part, pace) / 2 for part in work)
        ends_s = paced_s + half_way_s + last_s / 2
    else:
        ends_s = paced_s
    return max(longest_s, ends_s)


def _slot_spacing_s(part: ClassWork, pace: Pace) -> float:
    """Little's law: a slot comes free every latency / slots."""
    return part.latency_s / max(1, pace.slots)


def _spacing_s(part: ClassWork, pace: Pace) -> float:
    """Seconds between two requests of the class by the limit that binds it."""
    aboard = part.tickets / part.requests if part.requests else 0.0
    spacings = [_slot_spacing_s(part, pace)]
    if pace.requests_per_min:
        spacings.append(60.0 / pace.requests_per_min)
    if pace.tokens_per_min:
        spacings.append(60.0 * aboard * part.tokens_per_ticket / pace.tokens_per_min)
    if pace.tickets_per_s:
        spacings.append(aboard / pace.tickets_per_s)
    return max(spacings)


def _weight(part: ClassWork, pace: Pace) -> tuple[float, float]:
    """How long the class keeps the job going: what it still sends, then what it has in flight."""
    return part.expected_requests * _spacing_s(part, pace), part.in_flight_requests * part.latency_s


def _latency_error_s(work: Sequence[ClassWork], pace: Pace) -> float:
    """How far latency may throw the ETA off: chance evens out over requests, a wrong average does not."""
    bound = [part for part in work if _spacing_s(part, pace) <= _slot_spacing_s(part, pace)]
    chance_s = sqrt(sum(part.expected_requests * part.latency_deviation_s**2 for part in bound))
    drift_s = sum(part.expected_requests * part.latency_error_s for part in bound)
    return hypot(chance_s, drift_s) / max(1, pace.slots)


def _last_queued(work: Sequence[ClassWork]) -> ClassWork | None:
    queued = [part for part in work if part.tickets]
    return max(queued, key=lambda part: MOST_COMPLEX_FIRST.index(part.complexity), default=None)


def _last_answer_s(work: Sequence[ClassWork]) -> float:
    """The latency of the request that ends the job: the simplest class queued, else the slowest in flight."""
    last = _last_queued(work)
    if last is not None:
        return last.latency_s
    return max((part.latency_s for part in work if part.in_flight_requests), default=0.0)
