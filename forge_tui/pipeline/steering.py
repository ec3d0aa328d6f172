"""Steering: an operator's commands, obeyed one after another and durably, each answered by an event."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from forge_tui.core.breaker import BreakerState
from forge_tui.core.clock import Clock
from forge_tui.core.command import (
    BreakerOrder,
    Cancel,
    Command,
    Drain,
    Pause,
    Resume,
    Retry,
    SetBreaker,
    SetLimits,
    StopNow,
)
from forge_tui.core.errors import ForgeError
from forge_tui.core.event import CommandAnswered, JobStateChanged, LimitChanged, TicketsCancelled, TicketsRetried
from forge_tui.core.failure import Code
from forge_tui.core.job import ENDED, JobState, PauseReason
from forge_tui.core.ticket import Complexity
from forge_tui.pipeline.alarms import PauseJob
from forge_tui.pipeline.engine import Engine
from forge_tui.pipeline.gates import Gates
from forge_tui.pipeline.stages import Ending, Stages
from forge_tui.storage.job_store import JobStore
from forge_tui.storage.rows import RetriedCounts
from forge_tui.telemetry.bus import EventBus

MOST_WAITING = 64
NOTHING_RUNS = "nothing is running"
STOPPED = Ending(JobState.READY, "stopped; resume goes on")


@dataclass(frozen=True, slots=True)
class Running:
    """The run that commands are about."""

    engine: Engine
    stages: Stages


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a command was accepted, and the sentence for the operator."""

    accepted: bool
    message: str


@dataclass(frozen=True, slots=True)
class QueuedAgain:
    """What a retry came to: tickets that will be sent or follow, and tickets whose text was answered since."""

    queued: int
    known: int


class Steering:
    """Takes commands in and obeys them in order; `runs_wanted` holds the jobs that a command asked to run.

    `cache_ttl_s` None leaves the cache unread. `max_cost` is the budget as it stands: a run that goes on after it was raised goes on under the raised one.
    """

    def __init__(
        self,
        store: JobStore,
        gates: Gates,
        bus: EventBus,
        clock: Clock,
        *,
        max_cost: float | None,
        cache_ttl_s: float | None,
    ) -> None:
        self._store = store
        self._gates = gates
        self._bus = bus
        self._clock = clock
        self._inbox: asyncio.Queue[Command] = asyncio.Queue(MOST_WAITING)
        self.running: Running | None = None
        self._assembling = False
        self._stop_at_start: Ending | None = None
        self.job_id = 0
        self.max_cost = max_cost
        self._cache_ttl_s = cache_ttl_s
        self.runs_wanted: asyncio.Queue[int] = asyncio.Queue()

    def submit(self, command: Command) -> None:
        """Take `command` in; one too many is answered with a refusal at once."""
        if self.running is not None and self.running.stages.recorder.disk_full:
            self._stop_at_once(self.running.engine, command)
        try:
            self._inbox.put_nowait(command)
        except asyncio.QueueFull:
            self._answer(command, Answer(accepted=False, message="too many commands are waiting"))

    def _stop_at_once(self, engine: Engine, command: Command) -> None:
        """A stop takes effect before it is obeyed: an order before it may be waiting for the disk."""
        if isinstance(command, Drain | StopNow):
            engine.stop(STOPPED)
        if isinstance(command, StopNow):
            engine.drop_flights()

    async def obey_for_ever(self) -> None:
        """Obey what comes in, until cancelled."""
        while True:
            command = await self._inbox.get()
            try:
                answer = await self._obey(command)
            except ForgeError as refusal:
                answer = Answer(accepted=False, message=str(refusal))
            self._answer(command, answer)

    async def _obey(self, command: Command) -> Answer:  # noqa: PLR0911 - one line for each kind of command
        match command:
            case Pause():
                return await self._pause()
            case Resume():
                return await self._resume()
            case Drain():
                return await self._stop(STOPPED, "draining what is in flight")
            case StopNow():
                answer = await self._stop(STOPPED, "stopping now")
                if self.running is not None:
                    self.running.engine.drop_flights()
                return answer
            case Cancel():
                return await self._cancel()
            case Retry(positions=positions):
                return await self._retry(positions)
            case SetLimits():
                return self._set_limits(command)
            case SetBreaker(order=order):
                return self._set_breaker(order)

    async def _pause(self) -> Answer:
        if self.running is None:
            return Answer(accepted=False, message=NOTHING_RUNS)
        self.running.engine.pause(PauseJob(PauseReason.OPERATOR, Code.DROPPED, "paused by the operator"))
        await self.running.stages.recorder.state(JobState.PAUSED, "by the operator", why=PauseReason.OPERATOR)
        return Answer(accepted=True, message="paused: what is in flight comes home")

    async def _resume(self) -> Answer:
        if self.running is None:
            record = await self._store.job(self.job_id)
            if record.counts.open == 0:
                return Answer(accepted=False, message="nothing of this job is open")
            self.runs_wanted.put_nowait(self.job_id)
            return Answer(accepted=True, message="going on")
        if self.running.engine.paused is None:
            return Answer(accepted=False, message="the job is not paused")
        self.running.engine.resume()
        await self.running.stages.recorder.state(JobState.RUNNING, "resumed")
        return Answer(accepted=True, message="sending again")

    @contextmanager
    def assembling(self) -> Iterator[None]:
        """A run is being put together while the block lasts: a stop that comes meanwhile is kept for `begin`."""
        self._assembling = True
        try:
            yield
        finally:
            self._assembling = False
            self._stop_at_start = None

    def begin(self, running: Running) -> None:
        """The run of the job can be steered from now on; a stop that came while it was being put together holds."""
        self.running = running
        if self._stop_at_start is not None:
            running.engine.stop(self._stop_at_start)

    async def _stop(self, ending: Ending, message: str) -> Answer:
        if self.running is None and self._assembling:
            self._stop_at_start = ending
            return Answer(accepted=True, message=message)
        if self.running is None:
            return Answer(accepted=False, message=NOTHING_RUNS)
        self.running.engine.stop(ending)
        await self.running.stages.recorder.state(JobState.DRAINING, ending.reason)
        return Answer(accepted=True, message=message)

    async def _cancel(self) -> Answer:
        if self.running is not None:
            # What is in flight is paid for: it comes home first, and the rest is cancelled when the run ends. The
            # job's own state is durable before the answer, so that a crash between the two does not undo the order.
            self.running.engine.stop(Ending(JobState.CANCELLED, "cancelled by the operator"))
            job_id, now = self.job_id, self._clock.wall()
            await self.running.stages.recorder.stored(
                lambda: self._store.set_state(job_id, JobState.CANCELLED, "", None, None, now=now)
            )
            return Answer(accepted=True, message="cancelling: what is in flight comes home and is kept")
        record = await self._store.job(self.job_id)
        if record.state in ENDED:
            return Answer(accepted=False, message="the job has ended")
        await self.cancel_rest(self.job_id)
        return Answer(accepted=True, message="cancelled")

    async def cancel_rest(self, job_id: int) -> None:
        """End the job with all its open tickets, and tell."""
        now = self._clock.wall()
        for complexity, ended in (await self._store.cancel(job_id, now)).items():
            self._bus.publish(TicketsCancelled(now, job_id, complexity, ended.queued, ended.waiting, ended.twins))
        self._bus.publish(JobStateChanged(now, job_id, JobState.CANCELLED, "cancelled by the operator"))

    async def _retry(self, positions: tuple[int, ...]) -> Answer:
        again = await self.queue_again(self.job_id, positions)
        if again == QueuedAgain(0, 0):
            return Answer(accepted=False, message="none of them has failed or is cancelled")
        if self.running is None:
            self.runs_wanted.put_nowait(self.job_id)
        else:
            self.running.stages.window.rewind()
            self.running.engine.wake()
        known = f", {again.known} known by now" if again.known else ""
        open_breaker = again.queued > 0 and self._gates.breaker.state is not BreakerState.CLOSED
        waits = "; the breaker is open, they wait behind it" if open_breaker else ""
        return Answer(accepted=True, message=f"{again.queued} queued again{known}{waits}")

    async def queue_again(self, job_id: int, positions: tuple[int, ...]) -> QueuedAgain:
        """Queue ended tickets again and tell; those whose text was answered since are done at once."""
        now = self._clock.wall()
        retried = await self._store.retry(job_id, positions, now=now, ttl_s=self._cache_ttl_s)
        for complexity, counts in retried.items():
            self._bus.publish(_retried(now, job_id, complexity, counts))
        known = sum(counts.known_to_cache + counts.known_to_twin for counts in retried.values())
        ended = sum(counts.from_failed + counts.from_cancelled for counts in retried.values())
        return QueuedAgain(ended - known, known)

    def _set_limits(self, command: SetLimits) -> Answer:
        gates = self._gates
        changes: list[str] = []
        if command.concurrency is not None:
            self._changed("slots", gates.slots.cap, command.concurrency)
            gates.slots.set_cap(command.concurrency)
            changes.append(f"slots {command.concurrency}")
        if command.requests_per_min is not None:
            self._changed("rpm", gates.requests.per_min or 0.0, command.requests_per_min)
            gates.requests.set_rate(self._clock.monotonic(), command.requests_per_min or None)
            changes.append(f"requests/min {command.requests_per_min:g}")
        if command.max_cost is not None:
            self._changed("budget", self.max_cost or 0.0, command.max_cost)
            self.max_cost = command.max_cost or None
            gates.budget.set_max(self.max_cost)
            changes.append(f"budget {command.max_cost:g}")
        if self.running is not None:
            self.running.engine.wake()
        return Answer(accepted=bool(changes), message=", ".join(changes) or "nothing to change")

    def _set_breaker(self, order: BreakerOrder) -> Answer:
        now = self._clock.monotonic()
        if order is BreakerOrder.TRIP:
            self._gates.breaker.trip(now)
        else:
            self._gates.breaker.reset(now)
        if self.running is not None:
            self.running.stages.recorder.tell_gates()
            self.running.engine.wake()
        return Answer(accepted=True, message=f"breaker {self._gates.breaker.state}")

    def _changed(self, name: str, before: float, after: float) -> None:
        self._bus.publish(LimitChanged(self._clock.wall(), self.job_id, name, before, after, "set by the operator"))

    def _answer(self, command: Command, answer: Answer) -> None:
        name = type(command).__name__
        self._bus.publish(
            CommandAnswered(self._clock.wall(), self.job_id, command.command_id, name, answer.accepted, answer.message)
        )


def _retried(at: float, job_id: int, complexity: Complexity, counts: RetriedCounts) -> TicketsRetried:
    return TicketsRetried(
        at=at,
        job_id=job_id,
        complexity=complexity,
        from_failed=counts.from_failed,
        from_cancelled=counts.from_cancelled,
        twins=counts.twins,
        codes=counts.codes,
        known_to_cache=counts.known_to_cache,
        known_to_twin=counts.known_to_twin,
        saved_tokens=counts.saved_tokens,
        saved_cost=counts.saved_cost,
    )
