"""One immutable picture of a running job: all that a face may know of the engine.

Instants ending in `_mono` are seconds of the engine's monotonic clock (a face counts down against its own),
`_at` are Unix seconds. Nothing in here is ever changed after it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forge_tui.core.agreement import NOTHING_CHECKED, Agreement
from forge_tui.core.breaker import BreakerState
from forge_tui.core.job import JobState
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity

if TYPE_CHECKING:  # the screen opens before anything has happened
    from forge_tui.core.event import Event


@dataclass(frozen=True, slots=True)
class Eta:
    """Seconds to the end with a band, and the class whose requests decide it."""

    seconds: float
    low_s: float
    high_s: float
    decided_by: Complexity
    requests_left: int
    requests_total: int


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latency of requests in seconds over `n` of them; zeros while there is none."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    n: int = 0


@dataclass(frozen=True, slots=True)
class ClassView:
    """One complexity class: where its tickets are, its batch size in use and its last latencies."""

    complexity: Complexity
    queued: int = 0
    in_flight: int = 0
    requests_in_flight: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    batch_size: int = 1
    batch_cap: int = 1
    batch_reason: str = ""
    latency: Percentiles = Percentiles()
    recent_latencies_s: tuple[float, ...] = ()
    ewma_s: float | None = None
    tickets_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BreakerChange:
    """One line of the breaker's history."""

    at: float
    state: BreakerState
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerView:
    """The breaker with the figures its rules look at; `enabled` False means it is switched off."""

    state: BreakerState = BreakerState.CLOSED
    enabled: bool = True
    reason: str = ""
    failures_in_window: int = 0
    failure_threshold: int = 5
    window_s: float = 20.0
    failure_share: float = 0.0
    share_of_last: int = 20
    share_threshold: float = 0.5
    failures_in_a_row: int = 0
    in_a_row_threshold: int = 5
    probe_in_flight: bool = False
    retry_at_mono: float | None = None
    changed_at: float | None = None
    times_opened: int = 0
    history: tuple[BreakerChange, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitsView:
    """What may be sent now and how much of it is used."""

    slots_in_use: int = 0
    slots_limit: int = 0
    slots_cap: int = 0
    slots_reason: str = ""
    requests_last_min: int = 0
    requests_per_min: float | None = None
    tokens_last_min: int = 0
    tokens_per_min: float | None = None
    next_send_at_mono: float | None = None
    hold_until_mono: float | None = None
    hold_until: float | None = None
    hold_code: str = ""
    gate_shut_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BoundView:
    """What binds the rate now: achieved over possible is the efficiency (0 to 1), None before there is data."""

    name: str = "queue empty"
    achieved_per_min: float = 0.0
    possible_per_min: float | None = None
    efficiency: float | None = None
    factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LatencyPoint:
    """One bucket of the latency chart, at `age_s` seconds before the snapshot."""

    age_s: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class CommandReply:
    """The engine's answer to one command."""

    command_id: int
    command: str
    accepted: bool
    message: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything on the screen, at one instant; `seq` grows with every change."""

    seq: int = 0
    at: float = 0.0
    at_mono: float = 0.0
    job_id: int = 0
    file: str = ""
    state: JobState = JobState.READY
    state_reason: str = ""
    state_code: str = ""
    provider: str = ""
    model: str = ""
    resumed: bool = False
    done_before: int = 0
    asked_again: int = 0
    started_at: float | None = None
    elapsed_s: float = 0.0

    total: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    queued: int = 0
    in_flight: int = 0
    waiting: int = 0
    twins: int = 0
    from_model: int = 0
    from_cache: int = 0
    from_twin: int = 0
    refused: int = 0
    lookups: int = 0

    requests: int = 0
    requests_failed: int = 0
    tokens: int = 0
    tickets_per_s: float = 0.0
    tokens_per_s: float = 0.0
    currency: str = ""
    cost: float = 0.0
    cost_projected: float | None = None
    max_cost: float | None = None
    saved_tokens: int = 0
    saved_cost: float = 0.0
    batching_saved_tokens: int = 0
    batching_saved_cost: float = 0.0
    free: bool = False
    agreement: Agreement = NOTHING_CHECKED

    eta: Eta | None = None
    eta_after_tickets: int = 20
    classes: tuple[ClassView, ...] = tuple(ClassView(complexity) for complexity in MOST_COMPLEX_FIRST)
    breaker: BreakerView = BreakerView()
    limits: LimitsView = LimitsView()
    bound: BoundView = BoundView()
    latency: Percentiles = Percentiles()
    latency_series: tuple[LatencyPoint, ...] = ()
    failure_codes: tuple[tuple[str, int], ...] = ()

    failures_version: int = 0
    results_version: int = 0
    jobs_version: int = 0
    events: tuple[Event, ...] = ()
    events_dropped: int = 0
    events_seen: int = 0
    replies: tuple[CommandReply, ...] = ()
    canary: bool = False
    engine_lag_p99_ms: float = 0.0
    exported_to: str = ""

    def counted_on(self, earlier: Snapshot) -> Snapshot:
        """The same after an earlier session's: the versions of lists go on, so that no old one is taken for new."""
        return replace(
            self,
            failures_version=earlier.failures_version + self.failures_version,
            results_version=earlier.results_version + self.results_version,
            jobs_version=earlier.jobs_version + self.jobs_version,
        )

    @staticmethod
    def empty() -> Snapshot:
        """The first frame, before there is an engine: nothing in it divides by zero."""
        return Snapshot()

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.cancelled

    def of_class(self, complexity: Complexity) -> ClassView:
        """The view of one class."""
        return next(view for view in self.classes if view.complexity is complexity)
