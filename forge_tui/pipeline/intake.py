"""Between ingest and the store: a ticket fitted to the model, with its deduplication key, complexity and tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from forge_tui.core.failure import Code
from forge_tui.core.text import cut_middle
from forge_tui.core.ticket import EstimatedTicket, InputRow, RefusedRow, Ticket
from forge_tui.pipeline.deduplicate import cache_key
from forge_tui.pipeline.estimator import complexity_of, tokens_of, words
from forge_tui.pipeline.readers.record import excerpt


class Portion(NamedTuple):
    """Neighbouring rows of an input, ready to be stored."""

    tickets: list[EstimatedTicket]
    refused: list[RefusedRow]


@dataclass(frozen=True, slots=True)
class Intake:
    """Makes of a ticket what the store keeps of it; `fingerprint` is all that shapes an answer.

    A text of more than `most_tokens` (None: the model's context is not known) is cut in the middle, or refused where
    `cuts` says that nothing may be: either way before a request is paid that the model cannot read.
    """

    fingerprint: str
    most_tokens: int | None
    cuts: bool

    def take_all(self, rows: Iterable[InputRow]) -> Portion:
        """The rows as tickets to store and rows that will not be sent."""
        tickets: list[EstimatedTicket] = []
        refused: list[RefusedRow] = []
        for row in rows:
            match row if isinstance(row, RefusedRow) else self.take(row):
                case EstimatedTicket() as ticket:
                    tickets.append(ticket)
                case RefusedRow() as refusal:
                    refused.append(refusal)
        return Portion(tickets, refused)

    def take(self, ticket: Ticket) -> EstimatedTicket | RefusedRow:
        """The ticket with its key, complexity and tokens, or why it will not be sent."""
        tokens = tokens_of(ticket.text)
        if self.most_tokens is not None and tokens > self.most_tokens:
            if not self.cuts:
                return self._refused(ticket, tokens, self.most_tokens)
            ticket = _cut(ticket, self.most_tokens)
            tokens = tokens_of(ticket.text)
        count = words(ticket.text)
        return EstimatedTicket(ticket, cache_key(ticket.text, self.fingerprint), complexity_of(count), count, tokens)

    def _refused(self, ticket: Ticket, tokens: int, most: int) -> RefusedRow:
        fault = f"about {tokens:,} tokens, the model reads {most:,}: set max_ticket_chars or split it"
        return RefusedRow(
            ticket.position,
            ticket.origin,
            Code.TOO_LONG,
            f"{ticket.origin}: {fault}",
            excerpt(ticket.text),
            ticket.external_id,
            ticket.columns,
        )


def _cut(ticket: Ticket, most_tokens: int) -> Ticket:
    text = ticket.text
    # Where the scripts of a text differ, what is left may weigh more than its share: cut again.
    while (tokens := tokens_of(text)) > most_tokens:
        text = cut_middle(text, len(text) * most_tokens // tokens)
    return ticket._replace(text=text, truncated=True)
