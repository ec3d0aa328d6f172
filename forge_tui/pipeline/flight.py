"""The call stage: one batch to the provider and back, validated, priced and told as one ledger row."""

from collections.abc import Mapping
from dataclasses import dataclass

from forge_tui.core.clock import Clock
from forge_tui.core.failure import Code
from forge_tui.core.outcome import (
    Answer,
    AnswerFault,
    CallFault,
    CallOutcome,
    Classification,
    Paid,
    Price,
    Reply,
    Usage,
)
from forge_tui.core.settlement import LedgerEntry
from forge_tui.core.taxonomy import Taxonomy
from forge_tui.core.ticket import Batch
from forge_tui.pipeline.validate import answers_for
from forge_tui.provider.chat_client import estimated_usage
from forge_tui.provider.connect import Provider

KEPT_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Landing:
    """A request that is home: what came, what each ticket got of it, and its ledger row."""

    batch: Batch
    outcome: CallOutcome
    answers: Mapping[int, Answer]
    entry: LedgerEntry

    @property
    def classified(self) -> int:
        """Tickets with a valid answer."""
        return sum(isinstance(answer, Classification) for answer in self.answers.values())

    @property
    def fault(self) -> CallFault | AnswerFault | None:
        """Why the request, or else its first unusable answer, failed; None when all is well."""
        if isinstance(self.outcome, CallFault):
            return self.outcome
        return next((answer for answer in self.answers.values() if isinstance(answer, AnswerFault)), None)


class Caller:
    """Sends batches; a bug in a provider becomes a value like every other fault.

    `shared_tokens` are those that every request carries whatever it asks: what company saves.
    """

    def __init__(
        self, provider: Provider, price: Price | None, taxonomy: Taxonomy, shared_tokens: int, clock: Clock
    ) -> None:
        self._provider = provider
        self._price = price
        self._taxonomy = taxonomy
        self._shared_tokens = shared_tokens
        self._clock = clock

    async def fly(self, batch: Batch, wait_ms: float) -> Landing:
        """Send `batch` and judge what comes back; `wait_ms` is how long it was held at the gates before."""
        started_at = self._clock.wall()
        started = self._clock.monotonic()
        outcome = await self._send(batch, started)
        answers = answers_for(batch, outcome, self._taxonomy) if isinstance(outcome, Reply) else {}
        return Landing(batch, outcome, answers, self._entry(batch, outcome, answers, started_at, wait_ms))

    def dropped(self, batch: Batch, wait_ms: float) -> Landing:
        """The request was given up at shutdown: nobody knows whether it is billed."""
        usage = estimated_usage(batch)
        fault = CallFault(Code.DROPPED, "stopped before the answer came", 0.0, paid=Paid.UNKNOWN, usage=usage)
        return Landing(batch, fault, {}, self._entry(batch, fault, {}, self._clock.wall(), wait_ms))

    async def _send(self, batch: Batch, started: float) -> CallOutcome:
        try:
            return await self._provider.send(batch)
        except Exception as bug:  # noqa: BLE001 - the border: a bug ends as E-BUG of these tickets, never as a lost batch
            latency_s = self._clock.monotonic() - started
            return CallFault(Code.BUG, f"{type(bug).__name__} in the provider client", latency_s, paid=Paid.UNKNOWN)

    def _entry(
        self, batch: Batch, outcome: CallOutcome, answers: Mapping[int, Answer], started_at: float, wait_ms: float
    ) -> LedgerEntry:
        usage = outcome.usage
        answered = sum(isinstance(answer, Classification) for answer in answers.values())
        saved = Usage(prompt_tokens=max(0, answered - 1) * self._shared_tokens)
        return LedgerEntry(
            batch=batch.number,
            complexity=batch.complexity,
            positions=tuple(ticket.position for ticket in batch.tickets),
            started_at=started_at,
            latency_ms=outcome.latency_s * 1000,
            wait_ms=wait_ms,
            http_status=outcome.http_status,
            code=_entry_code(outcome, answers),
            request_id=outcome.request_id,
            paid=Paid.PAID if isinstance(outcome, Reply) else outcome.paid,
            usage=usage,
            cost=self._cost(usage),
            saved_tokens=saved.prompt_tokens,
            saved_cost=self._cost(saved),
            answer=_kept(outcome, answers),
        )

    def _cost(self, usage: Usage) -> float:
        return self._price.cost(usage) if self._price else 0.0


def _kept(outcome: CallOutcome, answers: Mapping[int, Answer]) -> str | None:
    """The beginning of an answer that some ticket could not use: what the model said instead is half the diagnosis."""
    if isinstance(outcome, CallFault) or not any(isinstance(answer, AnswerFault) for answer in answers.values()):
        return None
    return outcome.content[:KEPT_CHARS]


def _entry_code(outcome: CallOutcome, answers: Mapping[int, Answer]) -> Code | None:
    if isinstance(outcome, CallFault):
        return outcome.code
    return next((answer.code for answer in answers.values() if isinstance(answer, AnswerFault)), None)
