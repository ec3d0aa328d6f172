"""The one door of engine, cli and console to what is written: every method is one transaction, or one reading."""

from collections.abc import Callable, Collection, Sequence

from forge_tui.core.failure import Code
from forge_tui.core.job import JobRecord, JobSpec, JobState
from forge_tui.core.settlement import Settled, Settlement
from forge_tui.core.ticket import Complexity, EstimatedTicket, QueuedTicket, RefusedRow
from forge_tui.storage import checks, dedup_cache, load, open_tickets, retry, settle, steer, tally
from forge_tui.storage.database import Database
from forge_tui.storage.rows import CancelledCounts, JobHead, OpeningFigures, RetriedCounts


class JobStore:
    """The jobs of one database. `now` is Unix seconds; every write may raise DatabaseFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_job(self, spec: JobSpec, now: float) -> int:
        """The number of a new job in state loading."""
        return await self._database.write(lambda c: steer.create_job(c, spec, now))

    async def stage_rows(
        self, job_id: int, tickets: Sequence[EstimatedTicket], refused: Sequence[RefusedRow], *, now: float
    ) -> load.Staged:
        """Match a chunk of rows with what the job holds, for `add_staged`; no more than one chunk at a time.

        Rows at positions that are stored already are ignored.
        """
        return await self._database.read(lambda c: load.stage(c, job_id, tickets, refused, now=now))

    async def add_staged(self, staged: load.Staged, *, now: float, ttl_s: float | None) -> load.Matched:
        """T0: store the staged chunk: twins follow their leader, cache hits are done at once.

        Answers older than `ttl_s` seconds are not known; None asks nothing of the cache. Answers what the texts met.
        """
        return await self._database.write(lambda c: load.add_staged(c, staged, now=now, ttl_s=ttl_s))

    async def loaded_rows(self, job_id: int) -> int:
        """The position up to which rows are stored: an interrupted ingest goes on after it."""
        return await self._database.read(lambda c: load.loaded_rows(c, job_id))

    async def finish_loading(self, job_id: int, estimated_s: float | None = None) -> None:
        """Move a loading job to ready; it is said to take `estimated_s`."""
        await self._database.write(lambda c: load.finish_loading(c, job_id, estimated_s))

    async def refresh_from_cache(self, job_id: int, now: float, ttl_s: float) -> int:
        """How many open tickets, followers included, the cache answered since they were stored."""
        return await self._database.write(lambda c: load.refresh_from_cache(c, job_id, now, ttl_s))

    async def learned_since(self, at: float) -> bool:
        """Whether the cache got an answer at `at` (Unix seconds) or later."""
        return await self._database.read(lambda c: dedup_cache.learned_since(c, at))

    async def cached(self, keys: Collection[bytes], now: float, ttl_s: float) -> set[bytes]:
        """Which of `keys` the cache answers."""
        return await self._database.read(lambda c: dedup_cache.known(c, keys, now, ttl_s))

    async def set_state(
        self,
        job_id: int,
        state: JobState,
        reason: str = "",
        code: Code | None = None,
        hold_until: float | None = None,
        *,
        now: float,
    ) -> None:
        """T6: move the job; `reason` of a paused one is its PauseReason. A cancelled job stays cancelled."""
        await self._database.write(
            lambda c: steer.set_state(c, job_id, state, now, reason=reason, code=code, hold_until=hold_until)
        )

    async def finish(self, job_id: int, now: float) -> JobState:
        """End the job; raises RuntimeError while a ticket is open."""
        return await self._database.write(lambda c: steer.finish(c, job_id, now))

    async def job(self, job_id: int) -> JobRecord:
        """Raises UnknownJob."""
        return await self._database.read(lambda c: tally.job(c, job_id))

    async def head(self, job_id: int) -> JobHead:
        """The job without the counts of its tickets. Raises UnknownJob."""
        return await self._database.read(lambda c: tally.head(c, job_id))

    async def latest_job(self) -> int | None:
        """The job created last."""
        return await self._database.read(steer.latest_job)

    async def unfinished_job(self, spec: JobSpec) -> int | None:
        """The newest job of the same content, text column, model and prompt that goes on by itself.

        None where there is none, or where an operator paused or cancelled it.
        """
        return await self._database.read(lambda c: steer.unfinished_job(c, spec))

    async def set_aside(self, spec: JobSpec) -> tuple[int, JobState] | None:
        """The newest job of that content, where an operator paused or cancelled it, and its state."""
        return await self._database.read(lambda c: steer.set_aside(c, spec))

    async def opening(self, job_id: int) -> OpeningFigures:
        """Where every ticket stands; raises UnknownJob."""
        return await self._database.read(lambda c: tally.opening(c, job_id))

    async def next_queued(
        self, job_id: int, complexity: Complexity, after_position: int, limit: int
    ) -> list[QueuedTicket]:
        """The next `limit` tickets of a class that can be sent, in input order."""
        return await self._database.read(
            lambda c: open_tickets.next_queued(c, job_id, complexity, after_position, limit)
        )

    async def waiting(self, job_id: int, now: float) -> list[tuple[float, QueuedTicket]]:
        """Each waiting ticket with its due (Unix seconds); one more than an hour away is due now: the clock jumped."""
        return await self._database.read(lambda c: open_tickets.waiting(c, job_id, now))

    async def unchecked(self, job_id: int, chosen: Callable[[int], bool]) -> list[QueuedTicket]:
        """The `chosen` (by position) of the tickets answered in company that were not asked again alone yet."""
        return await self._database.read(lambda c: checks.unchecked(c, job_id, chosen))

    async def record(self, settlement: Settlement, now: float) -> Settled:
        """T1 to T3: what one request came to, on disk when this returns.

        An answer of an older epoch, or for a ticket that is done, goes to the ledger only.
        """
        followers, commit = await self._database.write_numbered(settle.record, (settlement, now))
        twins = [(ticket, followers.done.get(ticket.position, 0)) for ticket in settlement.done]
        return Settled(
            commit,
            followers.done,
            followers.failed,
            saved_tokens=sum(ticket.tokens * count for ticket, count in twins),
            saved_cost=sum(ticket.cost * count for ticket, count in twins),
        )

    async def cancel(self, job_id: int, now: float) -> dict[Complexity, CancelledCounts]:
        """T4: end the job with its open tickets. An answer still in flight is kept when it comes home."""
        return await self._database.write(lambda c: steer.cancel(c, job_id, now))

    async def refuse(self, job_id: int, reason: str, code: Code, now: float) -> None:
        """End a job whose files cannot be read to their end; the rows that were read are cancelled."""
        await self._database.write(lambda c: steer.refuse(c, job_id, reason, code, now))

    async def end_cancelled(self, now: float) -> None:
        """End the tickets that a crash left open in cancelled jobs; call it before anything runs."""
        await self._database.write(lambda c: steer.end_cancelled(c, now))

    async def retry(
        self, job_id: int, positions: Collection[int] | None, *, now: float, ttl_s: float | None
    ) -> dict[Complexity, RetriedCounts]:
        """T5: queue these failed or cancelled tickets again (None: all), counters at zero in a new epoch.

        A text that was answered since, in the job or no more than `ttl_s` seconds ago in the cache, is not paid again.
        """
        return await self._database.write(lambda c: retry.retry(c, job_id, positions, now=now, ttl_s=ttl_s))

    async def go_on_under(self, job_id: int, spec: JobSpec) -> None:
        """Keep the endpoint and the settings under which the job goes on; its content stays what it is."""
        await self._database.write(lambda c: steer.go_on_under(c, job_id, spec))

    async def set_output(self, job_id: int, folder: str) -> None:
        """Remember where the results were written last."""
        await self._database.write(lambda c: steer.set_output(c, job_id, folder))

    async def delete_job(self, job_id: int) -> None:
        """Remove the job with every text of it, from the log beside the file too. Raises UnknownJob."""
        await self._database.write(lambda c: steer.delete_job(c, job_id))
        await self._database.truncate_wal()
