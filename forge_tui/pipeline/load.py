"""From rows to stored tickets (T0): taken in, stored and counted in chunks, resumable."""

import asyncio
from collections.abc import Iterator
from itertools import islice

from forge_tui.core.clock import Clock
from forge_tui.core.ticket import InputRow
from forge_tui.pipeline.intake import Intake, Portion
from forge_tui.pipeline.plan import Plan, Planner
from forge_tui.storage.job_store import JobStore

# Two chunks are in memory at a time. Keys are random, so a big index has about every page written anew by each chunk:
# 10,000 rows instead of 5,000 save a tenth of a load of 400,000; 20,000 hardly more, and 25 MB more (measured).
CHUNK_ROWS = 10_000
CHUNK_CHARS = 4_000_000
# Rows are read on the engine's loop: give way often enough that nobody notices.
ROWS_PER_TURN = 250


class Loader:
    """Reads the rows of an input into a job of the store; `ttl_s` None leaves the cache unread."""

    def __init__(self, store: JobStore, intake: Intake, planner: Planner, ttl_s: float | None, clock: Clock) -> None:
        self._store = store
        self._intake = intake
        self._planner = planner
        self._ttl_s = ttl_s
        self._clock = clock

    async def load(self, job_id: int, rows: Iterator[InputRow]) -> Plan:
        """Store `rows`, which begin after those the job already has; the job is then ready. Answers their plan.

        Only SQLite works on a chunk once it is staged, and without the GIL: the next one is read meanwhile.
        """
        portion = await self._next_portion(rows)
        while portion.tickets or portion.refused:
            now = self._clock.wall()
            staged = await self._store.stage_rows(job_id, *portion, now=now)
            storing = asyncio.create_task(
                self._store.add_staged(staged, now=now, ttl_s=self._ttl_s), name="store a chunk"
            )
            try:
                after = await self._next_portion(rows)
            finally:
                matched = await storing
            self._planner.count(portion, matched.known, matched.twins)
            portion = after
        plan = self._planner.plan()
        await self._store.finish_loading(job_id, plan.estimated_seconds)
        return plan

    async def _next_portion(self, rows: Iterator[InputRow]) -> Portion:
        whole, chars = Portion([], []), 0
        for turn in range(0, CHUNK_ROWS, ROWS_PER_TURN):
            some = list(islice(rows, ROWS_PER_TURN))
            tickets, refused = self._intake.take_all(some)
            whole.tickets.extend(tickets)
            whole.refused.extend(refused)
            chars += sum(len(item.ticket.text) for item in tickets)
            if len(some) < ROWS_PER_TURN or chars >= CHUNK_CHARS:
                break
            if turn:
                await self._clock.sleep(0)
        return whole
