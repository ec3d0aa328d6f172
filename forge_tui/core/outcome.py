"""What one request and one ticket come to: values the engine decides on, never exceptions."""

from dataclasses import dataclass
from enum import StrEnum

from forge_tui.core.failure import Code


class Paid(StrEnum):
    """Whether a request was billed: `unknown` where no answer came back (assume it was)."""

    PAID = "paid"
    UNPAID = "unpaid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request as the provider counted them, or as we estimated where it did not."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Price:
    """What tokens cost, per million, in `currency`, as published on `as_of` (ISO date)."""

    currency: str
    input_per_million: float
    output_per_million: float
    cached_input_per_million: float
    usd_rate: float
    as_of: str

    def cost(self, usage: Usage) -> float:
        """The price of one request; reasoning tokens are part of the completion and billed as output."""
        fresh = max(0, usage.prompt_tokens - usage.cached_tokens)
        return (
            fresh * self.input_per_million
            + usage.cached_tokens * self.cached_input_per_million
            + usage.completion_tokens * self.output_per_million
        ) / 1_000_000

    def in_usd(self, amount: float) -> float:
        """`amount` in US dollars; `usd_rate` is the currency's units per dollar."""
        return amount / self.usd_rate


@dataclass(frozen=True, slots=True)
class RateHints:
    """What the reply's headers say of the limits: remaining requests and seconds until they are refilled."""

    requests_limit: int | None = None
    requests_remaining: int | None = None
    requests_reset_s: float | None = None
    tokens_remaining: int | None = None
    tokens_reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A request that was answered: the model's text and what it cost; not yet known to be usable."""

    content: str
    finish_reason: str
    usage: Usage
    latency_s: float
    http_status: int = 200
    request_id: str | None = None
    hints: RateHints = RateHints()


@dataclass(frozen=True, slots=True)
class CallFault:
    """A request that brought no answer to read.

    `retry_after_s` is the provider's own wait, when it named one; `never_connected` says that no connection
    was made at all (then nothing can have been billed and no attempt is burned); `adapted` says that a field of
    ours was refused and the client now sends another form: the batch may go again at once, at nobody's expense.
    """

    code: Code
    message: str
    latency_s: float
    http_status: int | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    paid: Paid = Paid.UNPAID
    usage: Usage = Usage()
    never_connected: bool = False
    unreadable: bool = False
    adapted: bool = False
    hints: RateHints = RateHints()


CallOutcome = Reply | CallFault


@dataclass(frozen=True, slots=True)
class Classification:
    """A validated answer; `flags` tells what was repaired on the way (`summary_cut`, `repaired`)."""

    category: str
    priority: str
    summary: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """Why the answer for one ticket of a batch cannot be used."""

    code: Code
    message: str


Answer = Classification | AnswerFault
