"""What screens know of the engine: the newest snapshot, commands, launches, previews, exports and pages of rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Unpack

from forge_tui.console.view import EngineState
from forge_tui.core.errors import ForgeError
from forge_tui.core.failure import Code
from forge_tui.core.job import JobRecord
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.ticket import Complexity, RefusedRow
from forge_tui.storage.filters import FailureFilter, Order, ResultFilter

if TYPE_CHECKING:  # names only: the screen opens before there are any
    from forge_tui.core.command import Command
    from forge_tui.storage.rows import AttemptRow, FailureGroup, FailureRow, JobStats, LabelCounts, ResultRow, TicketRow


class EngineGone(Exception):
    """The engine's thread has ended: nothing can be asked of it any more."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A job to run: its files, and the settings that differ from the console's own (by field name).

    `fresh` starts a new job even where an unfinished one has the same content.
    """

    files: tuple[str, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of a preview; columns are empty where the records are bare texts."""

    name: str
    format: str
    encoding: str
    size_bytes: int
    columns: tuple[str, ...]
    text_column: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a launch would take; while `complete` is False the counts are of `read_share` (0 to 1) of the input.

    `cost` and `cost_band` are in `currency`, None where no price is known; `refused_for` counts the refused rows by
    reason; `requests_per_min` is the limit in force, None without one; `unfinished` is the job that a launch would go
    on with. Nothing was written or sent to find this out.
    """

    files: tuple[InputFile, ...]
    complete: bool
    read_share: float
    total: int
    refused: int
    cached: int
    twins: int
    unique: int
    complexity: Mapping[Complexity, int]
    requests: int
    tokens: int
    cost: float | None
    cost_band: tuple[float, float] | None
    currency: str
    free: bool
    estimated_seconds: float
    bound_by: str
    provider: str
    model: str
    provider_why: str
    first_texts: tuple[str, ...] = ()
    first_refused: tuple[RefusedRow, ...] = ()
    refused_for: Mapping[str, int] = field(default_factory=dict)
    requests_per_min: float | None = None
    unfinished: JobRecord | None = None
    audit_requests: int = 0
    audit_cost: float | None = None


class RowSource(Protocol):
    """Rows from the store, a page at a time: every method blocks, so call it in a worker thread only.

    Raises ForgeError when the store cannot be read. Before the first job there is no store: lists are empty.
    """

    def jobs(self, limit: int = 200) -> list[JobRecord]: ...
    def job(self, job_id: int) -> JobRecord: ...
    def failure_positions(
        self, job_id: int, order: Order = Order.TICKET, limit: int = -1, **wanted: Unpack[FailureFilter]
    ) -> list[int]: ...
    def failures(
        self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Unpack[FailureFilter]
    ) -> list[FailureRow]: ...
    def failure_codes(self, job_id: int, **wanted: Unpack[FailureFilter]) -> dict[Code, int]: ...
    def failure_groups(self, job_id: int, **wanted: Unpack[FailureFilter]) -> list[FailureGroup]: ...
    def results(
        self, job_id: int, *, after: int = 0, limit: int = 200, **wanted: Unpack[ResultFilter]
    ) -> list[ResultRow]: ...
    def result_positions(
        self, job_id: int, order: Order = Order.TICKET, limit: int = -1, **wanted: Unpack[ResultFilter]
    ) -> list[int]: ...
    def results_count(self, job_id: int, **wanted: Unpack[ResultFilter]) -> int: ...
    def counts_by_label(self, job_id: int) -> LabelCounts: ...
    def ticket(self, job_id: int, position: int) -> TicketRow: ...
    def attempts(self, job_id: int, position: int) -> list[AttemptRow]: ...
    def stats(self, job_id: int) -> JobStats: ...


class Hub(Protocol):
    """The engine as a screen sees it; only `preview`, `export` and `rows` block."""

    @property
    def rows(self) -> RowSource: ...

    def start(self) -> None:
        """Begin, unless it has begun; the state is Starting until it is Live or Refused."""
        ...

    def state(self) -> EngineState: ...

    def snapshot(self) -> Snapshot:
        """The newest picture."""
        ...

    def next_command_id(self) -> int: ...

    def send(self, command: Command) -> None:
        """Hand a command over; its answer is in a later snapshot's `replies`. Raises EngineGone."""
        ...

    def launch(self, launch: Launch) -> int:
        """Queue a job; the answer comes as the reply to the command id returned. Raises EngineGone."""
        ...

    def open_job(self, job_id: int) -> int:
        """Show a job of the store; refused while another runs. Answered like `launch`. Raises EngineGone."""
        ...

    def resume_job(self, job_id: int) -> int:
        """Run an unfinished job of the store, under its own settings; answered like `launch`. Raises EngineGone."""
        ...

    def cancel_job(self, job_id: int) -> int:
        """End a job of the store; refused while another runs. Answered like `launch`. Raises EngineGone."""
        ...

    def use_key(self, key: str) -> int:
        """Take an API key for this session (it is stored nowhere) and connect again. Raises EngineGone."""
        ...

    def preview(self, launch: Launch) -> Iterator[Preview]:
        """What `launch` would take, better with every portion read; blocks. Raises ForgeError."""
        ...

    def export(self, job_id: int, folder: str, positions: Sequence[int] | None = None) -> str:
        """Write the job's results (or the rows at `positions`) and answer where they are; blocks. Raises ForgeError."""
        ...

    def setting(self, name: str) -> object:
        """The value of one setting as it is in force; waits until it is known. Raises EngineGone where none can be."""
        ...

    def stop(self, *, at_once: bool = False) -> None:
        """Drain what is in flight and close; `at_once` drops it. `join` waits for the end."""
        ...

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the engine's end; True when it has ended."""
        ...


def refusal(error: ForgeError) -> str:
    """An error of ours as a sentence for the screen, with its code."""
    return f"{error} [{error.code}]"


def only(positions: Collection[int], of: Sequence[int]) -> tuple[int, ...]:
    """Those of `of` that are among `positions`, in their order."""
    return tuple(position for position in of if position in positions)
