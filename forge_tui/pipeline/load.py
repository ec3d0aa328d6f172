"""From rows to stored tickets (T0): deduplication key, complexity and tokens for each, in chunks, resumable."""

from collections.abc import Iterator
from itertools import islice

from forge_tui.core.clock import Clock
from forge_tui.core.ticket import EstimatedTicket, InputRow, RefusedRow, Ticket
from forge_tui.pipeline.deduplicate import cache_key
from forge_tui.pipeline.estimator import complexity_by_words, tokens_of, words
from forge_tui.storage.job_store import JobStore

CHUNK_ROWS = 10_000
# Rows are read on the engine's loop: give way often enough that nobody notices.
ROWS_PER_TURN = 250


def estimated(ticket: Ticket, fingerprint: str) -> EstimatedTicket:
    """A ticket with its key under `fingerprint` (all that shapes an answer), its complexity and its tokens."""
    key = cache_key(ticket.text, fingerprint)
    count = words(ticket.text)
    return EstimatedTicket(ticket, key, complexity_by_words(count), count, tokens_of(ticket.text))


class Loader:
    """Reads the rows of an input into a job of the store; `ttl_s` None leaves the cache unread."""

    def __init__(self, store: JobStore, fingerprint: str, ttl_s: float | None, clock: Clock) -> None:
        self._store = store
        self._fingerprint = fingerprint
        self._ttl_s = ttl_s
        self._clock = clock

    async def load(self, job_id: int, rows: Iterator[InputRow]) -> None:
        """Store `rows`, which begin after those the job already has; the job is then ready."""
        while True:
            tickets, refused = await self._next_chunk(rows)
            if not tickets and not refused:
                break
            await self._store.add_rows(job_id, tickets, refused, now=self._clock.wall(), ttl_s=self._ttl_s)
        await self._store.finish_loading(job_id)

    async def _next_chunk(self, rows: Iterator[InputRow]) -> tuple[list[EstimatedTicket], list[RefusedRow]]:
        tickets: list[EstimatedTicket] = []
        refused: list[RefusedRow] = []
        for turn in range(0, CHUNK_ROWS, ROWS_PER_TURN):
            some = list(islice(rows, ROWS_PER_TURN))
            for row in some:
                match row:
                    case Ticket():
                        tickets.append(estimated(row, self._fingerprint))
                    case RefusedRow():
                        refused.append(row)
            if len(some) < ROWS_PER_TURN:
                break
            if turn:
                await self._clock.sleep(0)
        return tickets, refused
