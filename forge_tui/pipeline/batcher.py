"""The batch stage: how many tickets ride in one request, from what binds, and what a class's answers have taught.

While requests are free a ticket rides alone. When the request rate binds, the size is what backlog and quota ask
for, at once, up to the class cap. A class shrinks to 0.7 when 3 of its last 20 first-time batches were unusable
and grows by a quarter after 5 clean ones. A class that company was proven to disturb rides alone from then on.
"""

import math
import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity, QueuedTicket

SHRINK = 0.7
UNUSABLE_TO_SHRINK = 3
REMEMBERED_BATCHES = 20
GROWTH = 1.25
CLEAN_TO_GROW = 5
FEW_LEFT = "few tickets left"
DISTURBED = "answers differ"
OUTPUT_TOKENS_PER_TICKET = 60
OUTPUT_TOKENS_PER_REPLY = 50


@dataclass(frozen=True, slots=True)
class BatchRules:
    """The limits of a batch: class caps, the token budget of prompt and reply, and `auto` or a fixed size."""

    size: Literal["auto"] | int
    caps: Mapping[Complexity, int]
    prompt_tokens: int
    output_tokens: int
    alone_over_tokens: int
    shared_tokens: int


@dataclass(frozen=True, slots=True)
class Scarcity:
    """How scarce requests are now: `requests_left_now` may leave within one reply's time; None when free."""

    requests_left_now: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class SizeChange:
    """A class's largest size moved, and why."""

    complexity: Complexity
    before: int
    after: int
    reason: str


class Batcher:
    """Sizes batches of each class; `learn` listens to how first-time batches came home."""

    def __init__(self, rules: BatchRules) -> None:
        self._rules = rules
        self._largest: dict[Complexity, float] = {c: float(self.cap(c)) for c in MOST_COMPLEX_FIRST}
        self._usable: dict[Complexity, deque[bool]] = {c: deque(maxlen=REMEMBERED_BATCHES) for c in MOST_COMPLEX_FIRST}
        self._clean_in_a_row: dict[Complexity, int] = dict.fromkeys(MOST_COMPLEX_FIRST, 0)
        self._alone: set[Complexity] = set()

    def cap(self, complexity: Complexity) -> int:
        """The class cap, also inside what a reply may hold."""
        by_reply = (self._rules.output_tokens - OUTPUT_TOKENS_PER_REPLY) // OUTPUT_TOKENS_PER_TICKET
        return max(1, min(self._rules.caps[complexity], by_reply))

    def size(self, complexity: Complexity, backlog: int, scarcity: Scarcity) -> tuple[int, str]:
        """How many tickets the next batch of the class should carry, and the reason for people."""
        if complexity in self._alone:
            return 1, DISTURBED
        largest = max(1, int(self._largest[complexity]))
        if self._rules.size != "auto":
            return min(self._rules.size, largest), "set: --batch-size"
        if scarcity.requests_left_now is None:
            return 1, scarcity.reason
        wanted = max(1, math.ceil(backlog / max(1.0, scarcity.requests_left_now)))
        return (wanted, FEW_LEFT) if wanted < largest else (largest, scarcity.reason)

    def form(self, line: Iterable[QueuedTicket], size: int) -> tuple[QueuedTicket, ...]:
        """The longest head of `line` that fits `size`, every member's company and the token budget.

        Draws at most one ticket more than it chooses.
        """
        chosen: list[QueuedTicket] = []
        tokens = self._rules.shared_tokens
        company = size
        for ticket in line:
            company = min(company, ticket.company or company)
            alone = ticket.tokens > self._rules.alone_over_tokens or ticket.output_tokens is not None
            fits = tokens + ticket.tokens <= self._rules.prompt_tokens and not alone
            if chosen and (len(chosen) >= company or not fits):
                break
            chosen.append(ticket)
            tokens += ticket.tokens
            if alone or len(chosen) >= size:
                break
        return tuple(chosen)

    def ride_alone(self, complexity: Complexity, reason: str) -> SizeChange | None:
        """One ticket per request of this class from now on; answers the change, None where it is so already."""
        if complexity in self._alone:
            return None
        self._alone.add(complexity)
        return SizeChange(complexity, int(self._largest[complexity]), 1, reason)

    def learn(self, complexity: Complexity, *, usable: bool) -> SizeChange | None:
        """Hear of a first-time batch of more than one ticket; answers a change of the class's largest size."""
        if complexity in self._alone:
            return None
        history = self._usable[complexity]
        history.append(usable)
        if not usable:
            self._clean_in_a_row[complexity] = 0
            if history.count(False) < UNUSABLE_TO_SHRINK:
                return None
            history.clear()
            return self._resize(complexity, self._largest[complexity] * SHRINK, "3 of the last 20 unusable")
        self._clean_in_a_row[complexity] += 1
        if self._clean_in_a_row[complexity] < CLEAN_TO_GROW:
            return None
        self._clean_in_a_row[complexity] = 0
        largest = self._largest[complexity]
        return self._resize(complexity, max(largest * GROWTH, largest + 1), "5 clean")

    def _resize(self, complexity: Complexity, wanted: float, reason: str) -> SizeChange | None:
        before = int(self._largest[complexity])
        self._largest[complexity] = min(float(self.cap(complexity)), max(1.0, wanted))
        after = int(self._largest[complexity])
        return SizeChange(complexity, before, after, reason) if after != before else None


def seated(tickets: Sequence[QueuedTicket], number: int) -> tuple[QueuedTicket, ...]:
    """The members of batch `number` in the order they are sent in: another one where a batch is asked again.

    What a model makes of a ticket also hangs on its place, and the same order may fail the same way.
    """
    asked_again = any(ticket.company is not None for ticket in tickets)
    return tuple(random.Random(number).sample(tickets, len(tickets)) if asked_again else tickets)
