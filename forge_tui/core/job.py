"""A job as the store keeps it: its states, what makes it itself, where its tickets stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from forge_tui.core.errors import UnknownJob
from forge_tui.core.failure import Code


class JobState(StrEnum):
    """The stored states.

    loading → ready → running ⇄ paused → running;  running → halted → ready
    running → draining → ready;  running → finished | finished_with_failures
    loading → refused;  any → cancelled
    """

    LOADING = "loading"
    READY = "ready"
    RUNNING = "running"
    DRAINING = "draining"
    PAUSED = "paused"
    HALTED = "halted"
    FINISHED = "finished"
    FINISHED_WITH_FAILURES = "finished_with_failures"
    REFUSED = "refused"
    CANCELLED = "cancelled"

    @property
    def shown(self) -> str:
        """The word for people: `queued` and `done`, the others as they are stored."""
        return _SHOWN.get(self, self.value)


_SHOWN = {JobState.READY: "queued", JobState.FINISHED: "done", JobState.FINISHED_WITH_FAILURES: "done"}

ENDED = frozenset({JobState.FINISHED, JobState.FINISHED_WITH_FAILURES, JobState.REFUSED, JobState.CANCELLED})

# In the engine's hands: it sends, or what it sent is still coming home.
UNDER_WAY = frozenset({JobState.LOADING, JobState.RUNNING, JobState.DRAINING, JobState.PAUSED})

# The names that scripts of the original know.
STATUS_IN_JSON = {
    JobState.LOADING: "pending",
    JobState.READY: "pending",
    JobState.RUNNING: "processing",
    JobState.DRAINING: "processing",
    JobState.PAUSED: "paused",
    JobState.HALTED: "halted",
    JobState.FINISHED: "done",
    JobState.FINISHED_WITH_FAILURES: "done",
    JobState.REFUSED: "failed",
    JobState.CANCELLED: "cancelled",
}


class PauseReason(StrEnum):
    """Why a paused job does not send."""

    OPERATOR = "operator"
    BUDGET = "budget"
    DISK = "disk"
    PROVIDER = "provider"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What makes a job itself: the same four of content hash, text column, model and prompt go on with it."""

    files: tuple[str, ...]
    input_sha256: str
    text_column: str | None
    provider: str
    base_url: str
    model: str
    prompt_version: str
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def answered_here(self) -> bool:
        """Rules or simulation answer, in this process: nothing is billed, whatever a price table says."""
        return self.provider in {"local", "simulated"}


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How a job's tickets are spread over the final and the open states; `total` is all of them.

    `queued` holds leaders that can be sent, `twins` the tickets that follow one of them. `lookups` is how many
    were looked up in the cache, each once: the cache's hit rate is `from_cache / lookups`.
    """

    total: int = 0
    queued: int = 0
    twins: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    from_cache: int = 0
    from_twin: int = 0
    refused: int = 0
    lookups: int = 0

    @property
    def open(self) -> int:
        return self.queued + self.twins + self.waiting


@dataclass(frozen=True, slots=True)
class Sending:
    """A job's requests by its ledger: how many, from the first one's start to the last one's, and in flight together."""

    requests: int = 0
    sent_over_s: float = 0.0
    in_flight_s: float = 0.0


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the store tells it; instants are Unix seconds, `estimated_s` what the preview said it would take."""

    job_id: int
    spec: JobSpec
    state: JobState
    reason: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    hold_until: float | None
    counts: JobCounts
    tokens: int
    cost: float
    output: str | None
    code: Code | None = None
    estimated_s: float | None = None
    sending: Sending = Sending()

    @property
    def label(self) -> str:
        return job_label(self.job_id)


def job_label(job_id: int) -> str:
    """The name a job goes by: `J-0042`."""
    return f"J-{job_id:04d}"


def parse_job(name: str) -> int | None:
    """The number behind `42`, `J-0042` or `j-42`; None for `last`.

    Raises UnknownJob when `name` is none of these.
    """
    if name.casefold() == "last":
        return None
    match = re.fullmatch(r"(?:[Jj]-)?([0-9]{1,9})", name)
    if match is None:
        raise UnknownJob(f"no job {name!r}: write a number, J-0042 or last (forge-tui jobs lists them)")
    return int(match[1])
