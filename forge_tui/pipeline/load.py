"""From rows to stored tickets (T0): deduplication key, complexity and tokens for each, in chunks, resumable."""

from collections.abc import Iterator
from itertools import islice

from forge_tui.core.clock import Clock
from forge_tui.core.ticket import EstimatedTicket, InputRow, RefusedRow
from forge_tui.pipeline.intake import Intake
from forge_tui.storage.job_store import JobStore

CHUNK_ROWS = 10_000
# Rows are read on the engine's loop: give way often enough that nobody notices.
ROWS_PER_TURN = 250


class Loader:
    """Reads the rows of an input into a job of the store; `ttl_s` None leaves the cache unread."""

    def __init__(self, store: JobStore, intake: Intake, ttl_s: float | None, clock: Clock) -> None:
        self._store = store
        self._intake = intake
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
                match row if isinstance(row, RefusedRow) else self._intake.take(row):
                    case EstimatedTicket() as ticket:
                        tickets.append(ticket)
                    case RefusedRow() as refusal:
                        refused.append(refusal)
            if len(some) < ROWS_PER_TURN:
                break
            if turn:
                await self._clock.sleep(0)
        return tickets, refused
