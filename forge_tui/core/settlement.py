"""What one request came to, as it is written: its ledger entry, and what became of every ticket aboard."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from forge_tui.core.agreement import Agreement
from forge_tui.core.failure import Code
from forge_tui.core.outcome import Classification, Paid, Usage
from forge_tui.core.ticket import Complexity


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One HTTP request, paid or not; `cost` is in the provider's currency, `wait_ms` the time before it left.

    `answer` begins as the model's answer did, where some ticket aboard could not use it. `saved_tokens`
    and `saved_cost` are what its answered tickets, asked one by one, would have cost more.
    """

    batch: int
    complexity: Complexity
    positions: tuple[int, ...]
    started_at: float
    latency_ms: float
    wait_ms: float
    http_status: int | None
    code: Code | None
    request_id: str | None
    paid: Paid
    usage: Usage
    cost: float
    answer: str | None = None
    saved_tokens: int = 0
    saved_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class DoneTicket:
    """A validated answer for one ticket, with its share of the request's tokens and cost."""

    position: int
    epoch: int
    classification: Classification
    tokens: int
    cost: float
    ticket_attempts: int
    service_attempts: int


@dataclass(frozen=True, slots=True)
class WaitingTicket:
    """A ticket to be tried again no earlier than `due` (Unix seconds)."""

    position: int
    epoch: int
    due: float
    code: Code
    message: str
    ticket_attempts: int
    service_attempts: int
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class RequeuedTicket:
    """A ticket that goes back to the queue at once, in smaller company or with a hint; its share was paid."""

    position: int
    epoch: int
    ticket_attempts: int
    service_attempts: int
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class FailedTicket:
    """A ticket that ends here, with the cause of its last attempt."""

    position: int
    epoch: int
    code: Code
    message: str
    http_status: int | None
    request_id: str | None
    ticket_attempts: int
    service_attempts: int
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class CheckedTicket:
    """A done ticket that was asked again alone: `given` in company, `alone` now; None where no valid answer came."""

    position: int
    complexity: Complexity
    given: Classification
    alone: Classification | None
    tokens: int = 0
    cost: float = 0.0

    @property
    def agreement(self) -> Agreement:
        """This one check as counts."""
        if self.alone is None:
            return Agreement(unanswered=1)
        same_category = self.alone.category == self.given.category
        return Agreement(1, int(same_category), int(self.alone.priority == self.given.priority))


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one request came to, written in one transaction.

    Each ticket's `tokens` and `cost` are its share of this one request and are added to its row, so that the
    rows of a job sum to its ledger.
    """

    job_id: int
    entry: LedgerEntry
    done: tuple[DoneTicket, ...] = ()
    waiting: tuple[WaitingTicket, ...] = ()
    requeued: tuple[RequeuedTicket, ...] = ()
    failed: tuple[FailedTicket, ...] = ()
    checked: tuple[CheckedTicket, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What the transaction found to do: followers by their leader's position, and its commit number."""

    commit: int
    twins_done: Mapping[int, int] = field(default_factory=dict)
    twins_failed: Mapping[int, int] = field(default_factory=dict)
    saved_tokens: int = 0
    saved_cost: float = 0.0
