"""P20: pause, resume, cancel, drain and retry hold through crashes, outages and clock jumps, and are harmless twice."""

import asyncio
import random
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crash_builders import Image
from forge_tui.core.command import Cancel, Drain, Pause, Resume, Retry
from forge_tui.core.errors import DatabaseLocked
from forge_tui.core.event import CommandAnswered
from forge_tui.core.job import ENDED, JobState, PauseReason
from forge_tui.core.ticket import TicketState
from forge_tui.pipeline.ingest import open_inputs
from forge_tui.pipeline.session import Session
from forge_tui.provider.secret import Secret
from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.options import Phase
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.service import SimulatedProvider
from forge_tui.provider.simulator.transport import SimulatorTransport
from forge_tui.settings import Settings
from forge_tui.storage import database
from forge_tui.storage.database import Database
from forge_tui.storage.reader import Reader
from inline_sqlite import inline_sqlite
from session_builders import texts
from store_builders import all_rows
from virtual_time import VirtualClock, VirtualTimeLoop

POISON = "reject POISON {n}"
GOES_ON, PAUSED, STOPPED, CANCELLED = "goes on", "paused", "stopped", "cancelled"
# What may be found on disk of a job of which the operator last heard this.
ALLOWED = {
    GOES_ON: set(JobState) - {JobState.CANCELLED, JobState.DRAINING, JobState.LOADING},
    PAUSED: {JobState.PAUSED, JobState.FINISHED, JobState.FINISHED_WITH_FAILURES},  # what was in flight may be the last
    STOPPED: {JobState.READY, JobState.DRAINING},
    CANCELLED: {JobState.CANCELLED},
}


class Operator(RuleBasedStateMachine):
    """One database; the model knows of each job what its operator was told last, and every answer that was stored."""

    @initialize()
    def begin(self):
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.stack.enter_context(inline_sqlite())
        unsynced = (*database._PRAGMAS, "PRAGMA synchronous = OFF")
        self.stack.enter_context(patch.object(database, "_PRAGMAS", unsynced))
        self.runner = self.stack.enter_context(asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(1e9)))
        self.provider = SimulatedProvider(parse_options("latency=0.5,poison=POISON"))
        self.settings = Settings(provider="simulated", batch_size=2, concurrency=2)
        self.files: list[list[str]] = []
        self.told: dict[int, str] = {}
        self.known: dict[tuple[int, int], object] = {}
        self.ids = 0
        self.lives = 0
        self.do(self.open())

    def do(self, work):
        return self.runner.run(work)

    async def open(self):
        if not self.lives:
            self.clock = VirtualClock()
        self.lives += 1
        self.answers: dict[int, CommandAnswered] = {}
        self.session = await Session.open(
            self.settings,
            Secret("sk_sim_ok"),
            db=self.folder / "forge.db",
            clock=self.clock,
            rng=random.Random(self.lives),
            transport=SimulatorTransport(self.provider, self.clock),
        )
        self.session.bus.subscribe(self.hear)
        self.wanted: asyncio.Queue[int] = asyncio.Queue()
        self.running: int | None = None
        self.tasks = [asyncio.create_task(self.work()), asyncio.create_task(self.ask_again())]

    def hear(self, event):
        if isinstance(event, CommandAnswered):
            self.answers[event.command_id] = event

    async def work(self):
        while True:
            self.running = await self.wanted.get()
            if (await self.session.store.job(self.running)).state not in ENDED:
                await self.session.run(self.running)
            self.running = None

    async def ask_again(self):
        while True:
            self.wanted.put_nowait(await self.session.next_run())

    async def close(self):
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self.session.close()

    @property
    def job(self):
        """The job that commands are about."""
        return self.session._steering.job_id

    def order(self, make, *values):
        """Whether the command was accepted."""
        self.ids += 1

        async def ordered():
            self.session.submit(make(self.ids, *values))
            await self.clock.sleep(0.001)
            return self.answers[self.ids].accepted

        return self.do(ordered())

    def tell(self, job, what):
        """A cancel is final: what comes after it, while its last answers come home, changes nothing."""
        if self.told[job] != CANCELLED:
            self.told[job] = what

    # -- what can happen --------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.files) < 3)
    @rule(size=st.integers(1, 12), twins=st.integers(0, 3), poison=st.booleans())
    def add(self, size, twins, poison):
        number = len(self.files) + 1
        rows = [f"{text} of file {number}" for text in texts(size)]
        rows += rows[:twins] + [POISON.format(n=number)] * poison
        path = self.folder / f"{number}.txt"
        path.write_text("".join(f"{row}\n" for row in rows), "utf-8")

        async def prepared():
            with open_inputs([str(path)], self.settings) as inputs:
                return (await self.session.prepare(inputs)).job_id

        assert self.do(prepared()) == number
        self.files.append(rows)
        self.told[number] = GOES_ON
        self.wanted.put_nowait(number)
        self.let(0.001)

    @rule(seconds=st.sampled_from([0.1, 0.6, 3.0, 70.0]))
    def let(self, seconds):
        """Time passes; a paused job sends nothing meanwhile."""
        before = self.provider.stats.requests
        self.do(self.clock.sleep(seconds))
        if self.running is not None and self.told[self.running] == PAUSED:
            assert self.provider.stats.requests == before

    @rule()
    def pause(self):
        running = self.running
        accepted = self.order(Pause)
        assert accepted == (running is not None)
        if accepted:
            self.tell(running, PAUSED)

    @precondition(lambda self: self.job)
    @rule()
    def resume(self):
        job, idle = self.job, self.running is None
        if self.order(Resume):
            self.tell(job, GOES_ON)
            if idle:
                self.let(0.001)

    @rule()
    def drain(self):
        running = self.running
        if self.order(Drain):
            self.tell(running, STOPPED)
            self.let(40.0)

    @precondition(lambda self: self.job)
    @rule(seconds=st.sampled_from([0.001, 40.0]), twice=st.booleans())
    def cancel(self, seconds, twice):
        job = self.job
        if self.order(Cancel):
            self.told[job] = CANCELLED
            self.let(seconds)
        if twice and seconds > 1 and self.job == job:
            assert not self.order(Cancel)

    @precondition(lambda self: self.job and self.running is None)
    @rule(twice=st.booleans())
    def retry(self, twice):
        job = self.job
        ended = [row.position for row in self.rows(job) if row.state in {TicketState.FAILED, TicketState.CANCELLED}]
        assert self.order(Retry, tuple(ended)) == bool(ended)
        if ended:
            self.told[job] = GOES_ON
        if twice and self.job == job:
            assert not self.order(Retry, tuple(ended))

    @rule(fault=st.sampled_from([Fault.REFUSED, Fault.HANG, Fault.INTERNAL_ERROR, Fault.RATE_LIMITED, Fault.REVOKED]))
    def outage(self, fault):
        """For the next minute; a provider that was never called has no time of day."""
        if self.provider.stats.sends:
            now = self.clock_s() - self.provider.stats.sends[0]
            self.provider.options = replace(self.provider.options, phases=(Phase(now, now + 60.0, fault),))

    @rule(by_s=st.sampled_from([-90_000.0, -5.0, 5.0, 90_000.0]))
    def clock_jump(self, by_s):
        self.clock.jump_wall(by_s)

    @rule()
    def second_process(self):
        """It is refused, and may look."""

        async def open_again():
            with pytest.raises(DatabaseLocked):
                await Database.open(self.folder / "forge.db", clock=self.clock)

        self.do(open_again())
        with closing(Reader(self.folder / "forge.db")) as reader:
            assert len(reader.jobs(limit=10)) == len(self.files)

    @rule()
    def crash(self):
        async def crashed():
            image = Image.of(self.folder / "forge.db")
            await self.close()
            image.restore(self.folder / "forge.db")
            await self.open()

        self.do(crashed())
        for number, told in self.told.items():
            if told == GOES_ON:
                self.wanted.put_nowait(number)
        self.let(0.001)

    # -- what must hold ---------------------------------------------------------------------------------------

    def clock_s(self):
        async def now():
            return self.clock.monotonic()

        return self.do(now())

    def rows(self, job):
        return self.do(all_rows(self.session.store, job))

    @invariant()
    def what_was_told_is_on_disk(self):
        for number, told in self.told.items():
            record = self.do(self.session.store.job(number))
            assert record.state in ALLOWED[told], (number, told, record)
            if record.state is JobState.PAUSED and told == PAUSED:
                assert record.reason == PauseReason.OPERATOR

    @invariant()
    def every_row_is_there_and_an_answer_stays(self):
        for number, texts_of_file in enumerate(self.files, start=1):
            rows = self.rows(number)
            assert [row.text for row in rows] == texts_of_file
            for row in rows:
                if (number, row.position) in self.known:
                    assert row.state is TicketState.DONE
                    assert row.classification == self.known[number, row.position]
                elif row.state is TicketState.DONE:
                    self.known[number, row.position] = row.classification

    def teardown(self):
        """With a well provider and every job resumed, all that is left ends."""
        if not hasattr(self, "stack"):
            return
        with self.stack:
            self.provider.options = replace(self.provider.options, phases=())
            self.do(self.close())
            self.do(self.open())
            for number, told in self.told.items():
                if told != CANCELLED:
                    self.told[number] = GOES_ON
                    self.wanted.put_nowait(number)
            self.let(2_000.0)
            for number in self.told:
                record = self.do(self.session.store.job(number))
                assert (record.state in ENDED, record.counts.open) == (True, 0)
            self.do(self.close())


def machine(examples, steps):
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def test_what_an_operator_was_told_holds():
    run_state_machine_as_test(Operator, settings=machine(50, 30))


@pytest.mark.soak
def test_what_an_operator_was_told_holds_in_thousands_of_stories():
    run_state_machine_as_test(Operator, settings=machine(2_000, 40))
