"""What the store tells: one frozen value per kind of row, and figures; instants are Unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from forge_tui.core.agreement import Agreement
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobSpec, JobState
from forge_tui.core.outcome import Classification
from forge_tui.core.ticket import Complexity, Origin, Source, TicketState


@dataclass(frozen=True, slots=True)
class TicketRow:
    """All that is kept of one input row; exactly one of `classification` and `code` is set once it is done or failed.

    `tokens` and `cost` are its share of the requests it rode in, `saved_*` what its known answer had cost when it
    was given. `leader` is the position of the ticket it follows, `twins` those that follow it, `alike` how many others
    failed with the same code and message. A refused row has no complexity.
    """

    position: int
    state: TicketState
    text: str
    origin: Origin
    external_id: str | None
    columns: Mapping[str, object]
    truncated: bool
    complexity: Complexity | None
    words: int
    leader: int | None
    source: Source | None
    classification: Classification | None
    code: Code | None
    message: str
    http_status: int | None
    request_id: str | None
    ticket_attempts: int
    service_attempts: int
    due: float | None
    batch: int | None
    tokens: int
    cost: float
    saved_tokens: int
    saved_cost: float
    settled_at: float | None
    twins: tuple[int, ...] = ()
    alike: int = 0


class JobHead(NamedTuple):
    """What a job is and where it stands, without its tickets: counting a million of them takes 0.1 s."""

    job_id: int
    spec: JobSpec
    state: JobState
    created_at: float
    started_at: float | None
    hold_until: float | None


class SettledRow(NamedTuple):
    """A done or failed row as the output files have it: columns as they are stored, by the hundred thousand.

    `flags` and `columns` are JSON, None where empty; `state` and `source` are the words of their enumerations.
    """

    position: int
    state: str
    external_id: str | None
    text: str
    category: str | None
    priority: str | None
    summary: str | None
    complexity: str | None
    source: str | None
    attempts: int
    tokens: int
    cost: float
    truncated: int
    flags: str | None
    code: str | None
    message: str | None
    http_status: int | None
    file: str
    line: int
    columns: str | None


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One line of the failures list."""

    position: int
    origin: Origin
    external_id: str | None
    complexity: Complexity | None
    code: Code
    message: str
    http_status: int | None
    ticket_attempts: int
    service_attempts: int
    tokens: int
    cost: float
    leader: int | None
    failed_at: float
    text: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of the results list; `batch` is the request's number where the model answered."""

    position: int
    external_id: str | None
    complexity: Complexity
    source: Source
    batch: int | None
    category: str
    priority: str
    summary: str
    flags: tuple[str, ...]
    truncated: bool
    text: str


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One request that a ticket rode in, at `place` (from 1) of `size`; `code` and `message` are its own fault there.

    `tokens` are those of the whole request, and so is `answer`, kept where not all aboard could use it; `alone` category
    and priority where it only checked an earlier answer.
    """

    batch: int
    size: int
    place: int
    started_at: float
    latency_ms: float
    wait_ms: float
    http_status: int | None
    request_id: str | None
    code: Code | None
    message: str
    tokens: int = 0
    answer: str = ""
    alone: tuple[str, str] | None = None


class FailureGroup(NamedTuple):
    """`n` failures with the same cause, of which `first` is the position of the first.

    `message` is theirs, word for word where all have the same, else without what differs from one to the other.
    """

    code: Code
    message: str
    n: int
    first: int


class LabelCounts(NamedTuple):
    """The done tickets of a job by label and by where the answer came from."""

    categories: dict[str, int]
    priorities: dict[str, int]
    sources: dict[Source, int]


class JobMix(NamedTuple):
    """What a job is made of: tickets by class, those that are nobody's twin and were not cached, the input's columns."""

    classes: dict[Complexity, int]
    unique: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobStats:
    """A job's figures, from its ledger: latencies by nearest rank over answered requests, cost in its currency.

    `cache_hit_rate` is of the look-ups, `failure_rate` of the tickets done or failed; `duration_s` runs from the
    job's creation to its end and is None before. `saved_*` is what cache and twins saved, `batching_saved_*` what
    company did; `answered` are the tickets that a request answered.
    """

    requests: int
    requests_failed: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    saved_tokens: int
    saved_cost: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    lookups: int
    cache_hits: int
    cache_hit_rate: float
    failure_rate: float
    duration_s: float | None
    batching_saved_tokens: int = 0
    batching_saved_cost: float = 0.0
    answered: int = 0

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def cost_per_ticket(self) -> float | None:
        """What a ticket that a request answered came to; None before the first."""
        return self.cost / self.answered if self.answered else None


@dataclass(frozen=True, slots=True)
class OpeningFigures:
    """Where every ticket of a job stands when an engine takes it up.

    `queued` counts leaders, refused rows have no class; `last_batch` is the number of its last request's batch.
    """

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
    batching_saved_tokens: int = 0
    batching_saved_cost: float = 0.0
    last_batch: int = 0
    agreement: dict[Complexity, Agreement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelledCounts:
    """The tickets of one class that a cancel ended; those in flight stand among the queued on disk."""

    queued: int = 0
    waiting: int = 0
    twins: int = 0


@dataclass(frozen=True, slots=True)
class RetriedCounts:
    """The tickets of one class that a retry took up; `twins` of them follow another, `codes` tells the failed ones'.

    Those `known_to_cache` or to an answered twin are done at once, and saved so many tokens and so much cost.
    """

    from_failed: int = 0
    from_cancelled: int = 0
    twins: int = 0
    codes: dict[Code, int] = field(default_factory=dict)
    known_to_cache: int = 0
    known_to_twin: int = 0
    saved_tokens: int = 0
    saved_cost: float = 0.0
