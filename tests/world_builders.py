"""A world from its plan: the real engine and store run it in virtual time, and a watchman looks on at every step."""

import asyncio
import hashlib
import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from crash_builders import Image
from forge_tui.core.command import SetLimits
from forge_tui.core.event import BatchSent, BatchSettled, Event
from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobRecord, JobState, PauseReason
from forge_tui.core.ticket import TicketState
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.provider.local_rules import classify
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.transport import SimulatorTransport
from forge_tui.settings import Settings
from forge_tui.storage import database
from inline_sqlite import inline_sqlite
from store_builders import all_rows
from virtual_time import VirtualClock, run_virtual
from world_plans import Plan

LONGEST_S = 400_000.0
MOST_RUNS = 400
CURE_S = 90.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a world came to; the same seed has the same `trace`."""

    trace: str
    requests: int
    runs: int
    virtual_s: float
    states: Counter[str]


class WatchedProvider(SimulatedProvider):
    """The simulated provider; every request that comes is looked at before it is answered."""

    def __init__(self, sim: str, look) -> None:
        super().__init__(parse_options(sim))
        self._look = look

    def accept(self, request, now, wall):
        self._look(request)
        return super().accept(request, now, wall)


class LivingWorld:
    """Runs one plan, life after life until nothing is open, and raises AssertionError where a law is broken."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.clock = VirtualClock()
        self.provider = WatchedProvider(plan.sim, self._request)
        self._settings = Settings(**{"provider": "simulated"} | plan.settings)
        self._folder = folder
        self._db = folder / "forge.db"
        self._session: Session | None = None
        self._trace = hashlib.sha256()
        self._sent = self._settled = self._runs = 0
        self._cap = 0
        self._budgets: dict[int, float] = defaultdict(float)
        self._broken: list[str] = []

    async def live(self) -> Seen:
        loop = asyncio.get_running_loop()
        for at_s, command in self.plan.orders:
            loop.call_at(at_s, self._order, command)
        for at_s, by_s in self.plan.jumps:
            loop.call_at(at_s, self.clock.jump_wall, by_s)
        lives = [*self.plan.crashes, None]
        for number, ends_at in enumerate(lives):
            if await self._one_life(number, ends_at):
                break
        return await self._judged()

    def _order(self, command) -> None:
        if self._session is not None:
            self._session.submit(command)

    # -- one life of the process ------------------------------------------------------------------------------

    async def _one_life(self, number: int, ends_at: float | None) -> bool:
        """Whether all work was done before the crash."""
        session = await self._open(number)
        working = asyncio.create_task(self._work(session), name="work")
        left_s = None if ends_at is None else max(0.0, ends_at - self.clock.monotonic())
        image = None
        try:
            done, _ = await asyncio.wait([working], timeout=left_s)
            if done:
                working.result()
            else:
                image = Image.of(self._db)
        finally:
            # Also where a law is broken or nothing moves any more: hypothesis goes on with the next world.
            await self._end(session, working)
        if image is not None:
            # What was on disk is all that is left of this life; of its waits only a long one, by `test_trouble.py`.
            self.provider.stats.hold_until = 0.0
            image.restore(self._db)
        return image is None

    async def _end(self, session: Session, working: asyncio.Task) -> None:
        self._session = None
        working.cancel()
        await asyncio.wait([working])
        await session.close()

    async def _open(self, number: int) -> Session:
        session = await Session.open(
            self._settings,
            Secret("sk_sim_ok"),
            db=self._db,
            clock=self.clock,
            rng=random.Random(f"{self.plan.seed}:life {number}"),
            transport=SimulatorTransport(self.provider, self.clock),
        )
        session.bus.subscribe(lambda event: self._event(session, event))
        self._session = session
        return session

    async def _work(self, session: Session) -> None:
        """What an operator does who wants every ticket classified: go on, cure, and go on again."""
        for number, rows in enumerate(self.plan.files, start=1):
            if number > (await session.store.latest_job() or 0):
                path = self._folder / f"{number}.txt"
                path.write_text("".join(f"{row}\n" for row in rows), "utf-8")
                with open_inputs([str(path)], self._settings) as inputs:
                    await session.prepare(inputs)
        while job := await self._next_open(session):
            self._runs += 1
            assert self._runs <= MOST_RUNS, f"livelock: {self._runs} runs, {job.counts.open} tickets are open"
            self.provider.stats.halted_at = None
            halted = self.provider.stats.sends_after_halt
            state = await session.run(job.job_id)
            self._check_run(await session.store.job(job.job_id), state)
            await self._check_budget(session, job.job_id)
            assert self.provider.stats.sends_after_halt - halted <= 1, "sent on after a halt"
            await self._cure(session, await session.store.job(job.job_id))

    async def _next_open(self, session: Session) -> JobRecord | None:
        for number in range(1, len(self.plan.files) + 1):
            job = await session.store.job(number)
            if job.state not in ENDED:
                return job
        return None

    async def _cure(self, session: Session, job: JobRecord) -> None:
        if job.state is JobState.PAUSED and job.reason == PauseReason.BUDGET:
            session.submit(SetLimits(1000 + self._runs, max_cost=2 * job.cost + 1))
        if job.state not in ENDED:
            await self.clock.sleep(CURE_S)

    # -- what must hold at every step -------------------------------------------------------------------------

    def _event(self, session: Session, event: Event) -> None:
        if session is not self._session:
            return
        self._trace.update(f"{self.clock.monotonic():.9f} {event!r}\n".encode("utf-8", "replace"))
        self._sent += isinstance(event, BatchSent)
        self._settled += isinstance(event, BatchSettled)
        counts = session.bus.accumulator._counts
        together = counts.queued + counts.in_flight + counts.waiting + counts.twins
        if together + counts.finished + counts.cancelled != counts.total:
            self._broken.append(f"counts do not add up after {event}")
        if isinstance(event, BatchSettled) and event.commit > session.store._database.commits:
            self._broken.append(f"told before it was durable: {event}")

    def _request(self, request) -> None:
        session, stats = self._session, self.provider.stats
        if session is None:
            return
        self._cap = max(self._cap, session._gates.slots.cap)
        if stats.in_flight >= session._gates.slots.cap:
            self._broken.append(f"more than {session._gates.slots.cap} in flight")
        user = json.loads(request.body)["messages"][1]["content"]
        asked = [ticket["text"] for ticket in json.loads(user)["tickets"]]
        known = (
            "SELECT text FROM tickets WHERE state = 'done' AND job_id = ? AND text IN (SELECT value FROM json_each(?))"
        )
        connection = session.store._database._connection._conn
        for (text,) in connection.execute(known, (session._steering.job_id, json.dumps(asked))):
            self._broken.append(f"asked again for an answer that is on disk: {text[:60]}")

    def _check_run(self, job: JobRecord, state: JobState) -> None:
        assert not self._broken, self._broken[0]
        assert self.provider.stats.sends_in_hold == 0, "sent inside a shut gate"
        assert self.provider.stats.in_flight == 0
        if state in {JobState.FINISHED, JobState.FINISHED_WITH_FAILURES, JobState.CANCELLED}:
            assert job.counts.open == 0

    async def _check_budget(self, session: Session, job_id: int) -> None:
        """P7: never over the highest budget there was by more than what can have been in flight."""
        if session._steering.max_cost is None:
            return
        self._budgets[job_id] = max(self._budgets[job_id], session._steering.max_cost)
        dearest = "SELECT total(cost), coalesce(max(cost), 0) FROM attempts WHERE job_id = ?"
        spent, most = await session.store._database.read(lambda c: c.execute(dearest, (job_id,)).fetchone())
        assert spent <= self._budgets[job_id] + self._cap * most, "over the budget"

    # -- what must hold in the end ----------------------------------------------------------------------------

    async def _judged(self) -> Seen:
        session = await self._open(99)
        try:
            states: Counter[str] = Counter()
            for number, texts in enumerate(self.plan.files, start=1):
                job = await session.store.job(number)
                rows = await all_rows(session.store, number)
                self._check_rows(job, rows, texts)
                states += Counter(str(row.state) for row in rows)
                self._trace.update(repr(rows).replace(str(self._folder), "").encode("utf-8", "replace"))
            await self._check_ledger(session)
        finally:
            self._session = None
            await session.close()
        stats = self.provider.stats
        # A provider that says "in a second" for an hour is asked each second.
        sent = stats.requests - stats.faults["rate_limited"] - stats.faults["overloaded"]
        assert sent <= 20 * self.plan.tickets + 20 * self._runs + 200, f"livelock: {sent} requests"
        return Seen(self._trace.hexdigest(), stats.requests, self._runs, self.clock.monotonic(), states)

    def _check_rows(self, job: JobRecord, rows, texts) -> None:
        assert job.state in ENDED
        assert [row.position for row in rows] == list(range(1, len(texts) + 1))
        for row, text in zip(rows, texts, strict=True):
            assert row.text == text or row.truncated
            match row.state:
                case TicketState.DONE if row.truncated or "cut" in row.classification.flags:
                    assert len(text) > len("POISON")  # the model saw another text than the row tells
                case TicketState.DONE:
                    meant = classify(row.text)
                    given = row.classification
                    assert (given.category, given.priority) == (meant.category, meant.priority), text[:60]
                    assert meant.summary[:40] in given.summary or given.summary.startswith("and then"), text[:60]
                case TicketState.FAILED:
                    assert row.code in Code
                case _:
                    assert row.state is TicketState.CANCELLED
        by_state = Counter(row.state for row in rows)
        counts = job.counts
        assert (counts.done, counts.failed, counts.cancelled, counts.open) == (
            by_state[TicketState.DONE],
            by_state[TicketState.FAILED],
            by_state[TicketState.CANCELLED],
            0,
        )

    async def _check_ledger(self, session: Session) -> None:
        def sums(connection):
            ledger = "SELECT count(*), sum(prompt_tokens + completion_tokens), sum(cost), max(cost) FROM attempts"
            shares = "SELECT sum(tokens), sum(cost) FROM tickets"
            return connection.execute(ledger).fetchone(), connection.execute(shares).fetchone()

        (attempts, tokens, cost, _), (shared_tokens, shared_cost) = await session.store._database.read(sums)
        assert attempts == self._settled
        assert self.provider.stats.requests <= self._sent
        assert (tokens or 0) == (shared_tokens or 0)
        assert abs((cost or 0.0) - (shared_cost or 0.0)) < 1e-6


def lived(plan: Plan, folder: Path) -> Seen:
    """Run the world of `plan` in `folder`; raises what is wrong with it."""

    async def world() -> Seen:
        return await LivingWorld(plan, folder).live()

    # No power fails in here, which is what syncs are for: `durability/test_power_cut.py` proves those.
    unsynced = (*database._PRAGMAS, "PRAGMA synchronous = OFF")
    with inline_sqlite(), patch.object(database, "_PRAGMAS", unsynced):
        return run_virtual(world(), limit_s=LONGEST_S)
