"""The engine: one run of one job, from its first request to its last recorded answer; each line names its stage.

    window (store → queue) → queue + batcher (which, how many) → gates (may it leave) → caller (call, validate)
    → settler (what it means for each ticket) → recorder (one transaction, then the events)

One dispatcher sends, and awaits nothing between reading state and acting on it; each request is one task that
records its outcome before its slot is free again. Faults are values; an exception in here is a bug.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace

from forge_tui.core.clock import Clock
from forge_tui.core.errors import DatabaseFault
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState, PauseReason
from forge_tui.core.outcome import CallFault, Reply
from forge_tui.core.ticket import Batch, QueuedTicket
from forge_tui.pipeline.alarms import Alarm, HaltJob, PauseJob
from forge_tui.pipeline.batcher import seated
from forge_tui.pipeline.flight import Landing
from forge_tui.pipeline.gates import Hold, Pass
from forge_tui.pipeline.settle import Moment, Settling
from forge_tui.pipeline.stages import Ending, RunRules, Stages
from forge_tui.telemetry.bound import BUDGET, EMPTY, PAUSED


class Engine:
    """Runs one job until nothing of it is open, or until it is told or forced to stop."""

    def __init__(self, job_id: int, stages: Stages, rules: RunRules, clock: Clock, *, first_batch: int) -> None:
        self.job_id = job_id
        self._stages = stages
        self._rules = rules
        self._clock = clock
        self._batch_number = first_batch
        self._wake = asyncio.Event()
        self._flights: dict[int, Batch] = {}
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._ending: Ending | None = None
        self._paused: PauseJob | None = None
        self._resume_at: float | None = None
        self._held_since: float | None = None
        self._successes = 0
        self._last_success = clock.monotonic()

    async def run(self) -> Ending:
        """Send until the job is finished or stopped; every request that left is recorded before this returns."""
        async with asyncio.TaskGroup() as flights:
            await self._dispatch(flights)
            await self._come_home()
        return self._ending or Ending(JobState.FINISHED)

    # -- steering, from the same loop -------------------------------------------------------------------------

    def wake(self) -> None:
        """Look again: a limit, a ticket or the state changed."""
        self._wake.set()

    def pause(self, alarm: PauseJob) -> None:
        """Send nothing new until `resume`, or until the alarm's own time is over."""
        self._paused = alarm
        self._resume_at = None if alarm.for_s is None else self._clock.monotonic() + alarm.for_s
        self.wake()

    def resume(self) -> None:
        """Send again after a pause."""
        self._paused = None
        self._last_success = self._clock.monotonic()
        self.wake()

    def stop(self, ending: Ending) -> None:
        """Send nothing more in this run; the first reason given stands."""
        self._ending = self._ending or ending
        self._stages.recorder.lose_patience(self._clock.monotonic() + self._rules.grace_s)
        self.wake()

    def drop_flights(self) -> None:
        """Cancel what is in flight, and wait for no disk: those tickets stay queued and are paid for again."""
        self._stages.recorder.lose_patience(self._clock.monotonic())
        for task in self._sending.values():
            task.cancel()

    @property
    def paused(self) -> PauseJob | None:
        return self._paused

    # -- the dispatcher ---------------------------------------------------------------------------------------

    async def _dispatch(self, flights: asyncio.TaskGroup) -> None:
        while self._ending is None:
            self._wake.clear()
            await self._refill()
            await self._resume_when_due()
            self._check_outage()
            if self._finished():
                return
            hold = self._send_next(flights)
            if hold is not None:
                await self._clock.wait(self._wake, hold.until)

    async def _refill(self) -> None:
        try:
            await self._stages.window.refill()
        except DatabaseFault as fault:
            # A disk that cannot be read will not be cured by waiting: what is open stays as it is.
            self._must_stop(Ending(JobState.PAUSED, str(fault), Code.DISK, PauseReason.DISK))

    def _send_next(self, flights: asyncio.TaskGroup) -> Hold | None:
        """Send one batch, or say what it waits for. One step: nothing in here awaits."""
        now = self._clock.monotonic()
        self._release_due(now)
        if hold := self._held(now):
            return hold
        tickets = self._form(now)
        tokens, cost = self._rules.most_it_costs(tickets)
        leave = self._stages.gates.admit(now, tokens, cost)
        self._stages.recorder.tell_gates()
        if isinstance(leave, Hold):
            return self._refused(tickets, leave, now)
        self._send(flights, tickets, leave, now)
        return None

    def _held(self, now: float) -> Hold | None:
        if self._ending is not None:
            return Hold(PAUSED, None)
        if self._paused is not None:
            return Hold(PAUSED, self._resume_at)
        if self._stages.queue.next_class() is None:
            return Hold(EMPTY, self._stages.queue.next_due)
        hold = self._stages.gates.hold(now)
        if hold is not None:
            self._held_since = self._held_since or now
        return hold

    def _form(self, now: float) -> tuple[QueuedTicket, ...]:
        """The next batch; in half-open the probe, which is the cheapest ticket alone."""
        stages = self._stages
        if stages.gates.must_probe(now):
            return (stages.queue.take_cheapest(),)
        complexity = stages.queue.next_class()
        if complexity is None:
            raise AssertionError("asked to form a batch of nothing")
        return stages.queue.take(complexity, stages.sizes.form(complexity, now))

    def _send(self, flights: asyncio.TaskGroup, tickets: tuple[QueuedTicket, ...], leave: Pass, now: float) -> None:
        stages = self._stages
        self._batch_number += 1
        batch = Batch(self._batch_number, tickets[0].complexity, seated(tickets, self._batch_number))
        stages.queue.served(batch.complexity)
        wait_ms = 0.0 if self._held_since is None else (now - self._held_since) * 1000
        self._held_since = None
        stages.recorder.sent(batch, leave.tokens, probe=leave.permit.probe)
        self._flights[batch.number] = batch
        self._sending[batch.number] = flights.create_task(self._fly(batch, leave, wait_ms))

    def _refused(self, tickets: tuple[QueuedTicket, ...], hold: Hold, now: float) -> Hold | None:
        if hold.why == BUDGET and tickets[0].check_of is not None:
            return None  # no job stops for a check: this one is left out
        self._stages.queue.add(tickets)
        self._held_since = self._held_since or now
        if hold.why == BUDGET and not self._flights:
            self.stop(Ending(JobState.PAUSED, "the budget is reached", Code.BUDGET, PauseReason.BUDGET))
        return hold

    def _release_due(self, now: float) -> None:
        released = self._stages.queue.release_due(now)
        for complexity, count in Counter(t.complexity for t in released if t.check_of is None).items():
            self._stages.recorder.due(complexity, count)

    def _finished(self) -> bool:
        queue = self._stages.queue
        return not self._flights and not len(queue) and queue.next_due is None and self._stages.window.exhausted

    async def _resume_when_due(self) -> None:
        if self._paused is None or self._resume_at is None or self._clock.monotonic() < self._resume_at:
            return
        self.resume()
        with suppress(DatabaseFault):
            await self._stages.recorder.state(JobState.RUNNING, "the provider's wait is over")

    def _check_outage(self) -> None:
        limit_s = self._rules.max_outage_s
        if limit_s is not None and self._paused is None and self._clock.monotonic() - self._last_success > limit_s:
            reason = f"no answer for {limit_s:.0f} s"
            self.stop(Ending(JobState.PAUSED, reason, Code.NETWORK, PauseReason.PROVIDER))

    # -- one request ------------------------------------------------------------------------------------------

    async def _fly(self, batch: Batch, leave: Pass, wait_ms: float) -> None:
        stages = self._stages
        landing = await self._call(batch, leave, wait_ms)
        settling = self._judge(landing)
        alarm = self._hear(landing)
        try:
            await stages.recorder.record(landing, settling)
        except DatabaseFault:
            alarm = None  # the run ends before the disk takes it: on disk these tickets are still queued
        else:
            self._put_back(settling)
            self._audit(landing, settling)
        stages.gates.slot_free()
        del self._flights[batch.number]
        if alarm is not None:
            await self._sound(alarm)
        self.wake()

    async def _call(self, batch: Batch, leave: Pass, wait_ms: float) -> Landing:
        stages = self._stages
        try:
            landing = await stages.caller.fly(batch, wait_ms)
        except asyncio.CancelledError:
            # Only `drop_flights` cancels: the request still gets its ledger row, and its tickets stay queued.
            _this_task().uncancel()
            landing = stages.caller.dropped(batch, wait_ms)
            stages.gates.dropped(leave, landing.entry.cost)
        else:
            stages.gates.heard(leave, landing.outcome, self._clock.monotonic(), landing.entry.cost)
        self._sending.pop(batch.number)
        stages.recorder.tell_gates()
        return landing

    def _judge(self, landing: Landing) -> Settling:
        settler = self._stages.settler
        if isinstance(landing.outcome, Reply):
            self._successes += 1
            self._last_success = self._clock.monotonic()
            now = Moment(self._clock.wall(), self._successes)
            return settler.answered(landing.batch, landing.answers, landing.entry, now)
        return settler.faulted(
            landing.batch, landing.outcome, landing.entry, Moment(self._clock.wall(), self._successes)
        )

    def _hear(self, landing: Landing) -> Alarm:
        stages = self._stages
        stages.sizes.learn(landing)
        if landing.classified:
            stages.alarms.heard_valid_answer()
            stages.gates.canary = None
            return None
        match landing.outcome:
            case CallFault() as fault:
                return stages.alarms.heard_fault(fault, self._clock.monotonic())
            case Reply():
                fault_of_first = landing.fault
                if fault_of_first is None:
                    raise AssertionError("a reply without answers has a fault")
                return stages.alarms.heard_unusable(fault_of_first.code, fault_of_first.message)

    def _put_back(self, settling: Settling) -> None:
        stages = self._stages
        stages.queue.add(settling.again)
        now = self._clock.monotonic()
        for delay_s, ticket in settling.later:
            stages.queue.postpone(ticket, now + delay_s)
        for done in settling.done:
            stages.window.let_go(done.position)
        for failed in settling.failed:
            stages.window.let_go(failed.position)

    def _audit(self, landing: Landing, settling: Settling) -> None:
        stages = self._stages
        stages.queue.add(stages.audit.picks(landing.batch, settling.done))
        complexity = landing.batch.complexity
        if settling.checked and (reason := stages.audit.hear(complexity, settling.checked)):
            stages.sizes.ride_alone(complexity, reason)

    async def _sound(self, alarm: HaltJob | PauseJob) -> None:
        if isinstance(alarm, HaltJob):
            self._must_stop(Ending(JobState.HALTED, alarm.reason, alarm.code))
        elif alarm.for_s is None or alarm.why is PauseReason.CANARY or self._outlasts(alarm.for_s):
            self._must_stop(Ending(JobState.PAUSED, alarm.reason, alarm.code, alarm.why))
        elif not self._paused_by_operator:
            self.pause(alarm)
            until = self._clock.wall() + alarm.for_s
            with suppress(DatabaseFault):
                await self._stages.recorder.state(JobState.PAUSED, alarm.reason, alarm.code, until, alarm.why)

    def _outlasts(self, wait_s: float) -> bool:
        """Whether a wait that the provider named is longer than the run may go without an answer: then it ends at once."""
        return self._rules.max_outage_s is not None and wait_s > self._rules.max_outage_s

    def _must_stop(self, ending: Ending) -> None:
        """End the run for a reason of its own; an operator's pause stays one, or the next start would go on."""
        if self._paused_by_operator:
            ending = replace(ending, state=JobState.PAUSED, why=PauseReason.OPERATOR)
        self.stop(ending)

    @property
    def _paused_by_operator(self) -> bool:
        return self._paused is not None and self._paused.why is PauseReason.OPERATOR

    async def _come_home(self) -> None:
        """Wait for what is in flight, at most the grace; then drop it, so that the run always ends."""
        deadline: float | None = self._clock.monotonic() + self._rules.grace_s
        while self._flights:
            self._wake.clear()
            await self._clock.wait(self._wake, deadline)
            if deadline is not None and self._clock.monotonic() >= deadline:
                self.drop_flights()
                deadline = None


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    if task is None:
        raise AssertionError("a flight is always a task")
    return task
