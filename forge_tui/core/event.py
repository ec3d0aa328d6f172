"""Everything that happens to a job, as values in order: the snapshot is a fold over them, `--events` writes them.

`at` is Unix seconds. Counts are in tickets. After every event the counts that `telemetry/fold.py` keeps add up
to the job's total: a ticket is moved by exactly one event at a time, and only after it is on disk.
"""

from dataclasses import dataclass, field

from forge_tui.core.agreement import NOTHING_CHECKED, Agreement
from forge_tui.core.breaker import BreakerState
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobState
from forge_tui.core.ticket import Complexity


@dataclass(frozen=True, slots=True)
class JobPlanned:
    """The preview, before anything is spent; also what `--dry-run` prints."""

    at: float
    job_id: int
    total: int
    cached: int
    unique: int
    twins: int
    refused: int
    complexity_breakdown: dict[Complexity, int]
    requests: int
    cost: float | None
    estimated_seconds: float
    audit_requests: int = 0
    audit_cost: float | None = None


@dataclass(frozen=True, slots=True)
class JobOpened:
    """The job is in the engine's hands: where every ticket stands, and how many leaders wait per class.

    `resumed` says that an earlier run got part of the way; `took_s` is how long earlier runs took, where nothing runs.
    """

    at: float
    job_id: int
    file: str
    provider: str
    model: str
    currency: str
    counts: JobCounts
    queued: dict[Complexity, int]
    waiting: dict[Complexity, int]
    done: dict[Complexity, int]
    failed: dict[Complexity, int]
    failed_codes: dict[Code, int]
    tokens: int
    cost: float
    saved_tokens: int
    saved_cost: float
    max_cost: float | None
    resumed: bool = False
    batching_saved_tokens: int = 0
    batching_saved_cost: float = 0.0
    took_s: float = 0.0
    agreement: Agreement = NOTHING_CHECKED


@dataclass(frozen=True, slots=True)
class JobStateChanged:
    """The job's state on disk changed; `reason` is for people, `hold_until` (Unix seconds) when it resumes by itself."""

    at: float
    job_id: int
    state: JobState
    reason: str = ""
    code: Code | None = None
    hold_until: float | None = None


@dataclass(frozen=True, slots=True)
class BatchSent:
    """A batch left: its tickets go from queued to in flight."""

    at: float
    job_id: int
    batch: str
    complexity: Complexity
    size: int
    tokens: int
    probe: bool = False


@dataclass(frozen=True, slots=True)
class BatchSettled:
    """A batch is home and on disk: in flight to done, waiting or queued; failures follow as TicketFailed.

    `size == done + waiting + requeued + failed`; `twins_done` followers became done with their leaders.
    What twins saved is in `saved_*`, what company saved in `batching_saved_*`. `again_in_s` is when the waiting ones are due; `tickets` are the hashes of their texts, for whoever reads the log.
    """

    at: float
    job_id: int
    batch: str
    complexity: Complexity
    size: int
    done: int
    waiting: int
    requeued: int
    failed: int
    twins_done: int
    latency_ms: float
    wait_ms: float
    tokens: int
    cost: float
    saved_tokens: int = 0
    saved_cost: float = 0.0
    batching_saved_tokens: int = 0
    batching_saved_cost: float = 0.0
    usable: bool = True
    code: Code | None = None
    message: str = ""
    http_status: int | None = None
    again_in_s: float | None = None
    commit: int = 0
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketFailed:
    """A ticket ended failed, and `twins` followers with it: in flight to failed."""

    at: float
    job_id: int
    position: int
    complexity: Complexity
    code: Code
    message: str
    batch: str
    http_status: int | None
    ticket_attempts: int
    service_attempts: int
    twins: int = 0


@dataclass(frozen=True, slots=True)
class TicketChecked:
    """A ticket answered in company was asked again alone to compare: one request that moves no ticket.

    `same_category` and `same_priority` are None where no valid answer came; then `again` says whether it is asked
    once more.
    """

    at: float
    job_id: int
    position: int
    complexity: Complexity
    batch: str
    same_category: bool | None
    same_priority: bool | None
    again: bool
    latency_ms: float
    wait_ms: float
    tokens: int
    cost: float
    code: Code | None = None
    message: str = ""
    http_status: int | None = None
    commit: int = 0


@dataclass(frozen=True, slots=True)
class TicketsDue:
    """Waiting retries reached their instant: waiting to queued."""

    at: float
    job_id: int
    complexity: Complexity
    count: int


@dataclass(frozen=True, slots=True)
class TicketsRetried:
    """An operator queued ended tickets again: failed or cancelled to queued or following.

    Those whose text was answered since are done at once: `known_to_cache`, or to an answered twin.
    """

    at: float
    job_id: int
    complexity: Complexity
    from_failed: int
    from_cancelled: int
    twins: int
    codes: dict[Code, int] = field(default_factory=dict)
    known_to_cache: int = 0
    known_to_twin: int = 0
    saved_tokens: int = 0
    saved_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class TicketsCancelled:
    """The job was cancelled: queued, following and waiting tickets end."""

    at: float
    job_id: int
    complexity: Complexity
    queued: int
    waiting: int
    twins: int


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """The breaker's state changed; `retry_in_s` is the time to the next probe while it is open."""

    at: float
    job_id: int
    state: BreakerState
    reason: str
    retry_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class GateShut:
    """The provider asked everybody to wait `for_s` seconds."""

    at: float
    job_id: int
    for_s: float
    code: Code


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """A limit or a batch size moved, with its reason; `name` is `slots`, `rpm`, `budget` or a class."""

    at: float
    job_id: int
    name: str
    before: float
    after: float
    reason: str


@dataclass(frozen=True, slots=True)
class CommandAnswered:
    """An operator's command was accepted, or refused and why."""

    at: float
    job_id: int
    command_id: int
    command: str
    accepted: bool
    message: str


@dataclass(frozen=True, slots=True)
class JobExported:
    """The results are on disk."""

    at: float
    job_id: int
    folder: str
    rows: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the operator should read that moves no ticket; `level` is info, warn or error."""

    at: float
    job_id: int
    level: str
    text: str


Event = (
    JobPlanned
    | JobOpened
    | JobStateChanged
    | BatchSent
    | BatchSettled
    | TicketFailed
    | TicketChecked
    | TicketsDue
    | TicketsRetried
    | TicketsCancelled
    | BreakerChanged
    | GateShut
    | LimitChanged
    | CommandAnswered
    | JobExported
    | Notice
)
