"""A ticket on its way: as read from a file, as refused, and as it waits to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from forge_tui.core.failure import Code
from forge_tui.core.outcome import Classification


class Complexity(StrEnum):
    """How much there is to read: `simple` under 15 words, `medium` 15 to 60, `complex` above 60."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"


MOST_COMPLEX_FIRST = (Complexity.COMPLEX, Complexity.MEDIUM, Complexity.SIMPLE)


class TicketState(StrEnum):
    """What the disk says of a ticket; one in flight is simply still `queued` there."""

    QUEUED = "queued"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """Where a classification came from."""

    MODEL = "model"
    CACHE = "cache"
    TWIN = "twin"


NO_COLUMNS: Mapping[str, object] = MappingProxyType({})


# Origin, Ticket and EstimatedTicket are made once a row, of a million: as tuples in half the time.
class Origin(NamedTuple):
    """Where in the input a row stands: what every message about it begins with."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Ticket(NamedTuple):
    """One text to classify, as ingest made it.

    `position` counts the job's rows from 1 over all its files; `text` is what will be sent (cut in the
    middle when `truncated`); `external_id` is the input's own id, and `columns` its other columns.
    """

    position: int
    text: str
    origin: Origin
    external_id: str | None = None
    columns: Mapping[str, object] = NO_COLUMNS
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that never becomes a request: it counts in the total and is listed among the failures."""

    position: int
    origin: Origin
    code: Code
    message: str
    text: str = ""
    external_id: str | None = None
    columns: Mapping[str, object] = field(default_factory=dict)


InputRow = Ticket | RefusedRow


class EstimatedTicket(NamedTuple):
    """A ticket with what deduplicate and estimate found out about it: what T0 stores."""

    ticket: Ticket
    key: bytes
    complexity: Complexity
    words: int
    tokens: int


@dataclass(frozen=True, slots=True)
class QueuedTicket:
    """What the queue holds of a ticket: enough to send it and to judge what comes back.

    `company` is the largest batch it may ride in (None: whatever its class allows); `note` is the repair
    hint sent with it after an unusable answer; `successes_seen` is the job's success count at its last
    service fault (burn rule S); `output_tokens` a raised output limit after a cut answer; `check_of` the answer it
    got in company, where it is asked again alone only to compare: on disk it is done.
    """

    position: int
    text: str
    complexity: Complexity
    tokens: int
    epoch: int = 0
    twins: int = 0
    ticket_attempts: int = 0
    service_attempts: int = 0
    company: int | None = None
    note: str | None = None
    successes_seen: int = -1
    output_tokens: int | None = None
    truncated: bool = False
    check_of: Classification | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Tickets of one complexity that ride in one request; ticket n is called `t<n>` on the wire."""

    number: int
    complexity: Complexity
    tickets: tuple[QueuedTicket, ...]

    @property
    def label(self) -> str:
        return f"b-{self.number:04d}"

    @property
    def is_check(self) -> bool:
        """Whether it carries a ticket that is asked again only to compare: such a one rides alone."""
        return self.tickets[0].check_of is not None

    @property
    def note(self) -> str | None:
        """The first repair hint aboard, if any."""
        return next((ticket.note for ticket in self.tickets if ticket.note), None)


def ticket_label(position: int) -> str:
    """The name a ticket goes by on screen and in logs."""
    return f"T-{position:06d}"


def wire_id(index: int) -> str:
    """The short opaque id of the batch's ticket at `index` (from 0)."""
    return f"t{index + 1}"
