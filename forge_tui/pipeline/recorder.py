"""The record stage: what happened to disk first, in one transaction, and then to everybody as an event."""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from forge_tui.core.agreement import NOTHING_CHECKED
from forge_tui.core.breaker import BreakerState
from forge_tui.core.clock import Clock
from forge_tui.core.errors import DatabaseFault
from forge_tui.core.event import (
    BatchSent,
    BatchSettled,
    BreakerChanged,
    GateShut,
    JobStateChanged,
    LimitChanged,
    Notice,
    TicketChecked,
    TicketFailed,
    TicketsDue,
)
from forge_tui.core.failure import RULES, Code
from forge_tui.core.job import JobState, PauseReason
from forge_tui.core.outcome import AnswerFault, CallFault
from forge_tui.core.settlement import FailedTicket, Settled
from forge_tui.core.ticket import Batch, Complexity
from forge_tui.pipeline.batcher import SizeChange
from forge_tui.pipeline.flight import Landing
from forge_tui.pipeline.gates import Gates
from forge_tui.pipeline.settle import Settling
from forge_tui.storage.job_store import JobStore
from forge_tui.telemetry.bus import EventBus

DISK_RETRY_S = 5.0

T = TypeVar("T")


class Recorder:
    """Writes and tells for one job; a full disk makes it wait with the answers in memory, and say so."""

    def __init__(self, job_id: int, store: JobStore, gates: Gates, bus: EventBus, clock: Clock) -> None:
        self._job_id = job_id
        self._store = store
        self._gates = gates
        self._bus = bus
        self._clock = clock
        self._slots = gates.slots.limit
        self._shut_until = gates.send_gate.opens_at
        self._patient_until = math.inf
        self._less_patient = asyncio.Event()
        self._refused_writes = 0

    @property
    def disk_full(self) -> bool:
        """Whether a write waits for a disk that refused it."""
        return self._refused_writes > 0

    async def record(self, landing: Landing, settling: Settling) -> None:
        """Store one request's outcome, then publish it; returns only when it is durable."""
        settlement = settling.settlement(self._job_id, landing.entry)
        settled = await self.stored(lambda: self._store.record(settlement, self._clock.wall()))
        if landing.batch.is_check:
            self._publish_checked(landing, settling, settled)
            return
        self._publish_settled(landing, settling, settled)
        for ticket in settling.failed:
            self._publish_failed(landing.batch, ticket, settled)

    async def state(
        self,
        state: JobState,
        reason: str = "",
        code: Code | None = None,
        hold_until: float | None = None,
        why: PauseReason | None = None,
    ) -> None:
        """Store the job's state, then publish it; a pause is stored by its reason's one word."""
        now = self._clock.wall()
        stored = reason if why is None else why.value
        await self.stored(lambda: self._store.set_state(self._job_id, state, stored, code, hold_until, now=now))
        self._bus.publish(JobStateChanged(now, self._job_id, state, reason, code, hold_until))

    def lose_patience(self, at: float) -> None:
        """Wait for a full disk until monotonic `at` and no longer: the run must end."""
        self._patient_until = min(self._patient_until, at)
        self._less_patient.set()

    async def stored(self, write: Callable[[], Awaitable[T]]) -> T:
        """The result of `write`, tried again every 5 s while the disk refuses it.

        Raises DatabaseFault when patience is over: nothing of it is on disk then.
        """
        refused = False
        while True:
            try:
                result = await write()
            except DatabaseFault as fault:
                now = self._clock.monotonic()
                if now >= self._patient_until:
                    raise
                if not refused:
                    refused = True
                    self._write_refused(fault)
                self._less_patient.clear()
                await self._clock.wait(self._less_patient, min(now + DISK_RETRY_S, self._patient_until))
            else:
                if refused:
                    self._write_taken()
                return result

    def _write_refused(self, fault: DatabaseFault) -> None:
        self._refused_writes += 1
        if self._refused_writes == 1:
            message = f"{fault}. {RULES[Code.DISK].advice} The job goes on by itself."
            self._bus.publish(Notice(self._clock.wall(), self._job_id, "error", message))

    def _write_taken(self) -> None:
        # A nearly full disk takes a small write and refuses the next: it is well when the last one is through.
        self._refused_writes -= 1
        if not self._refused_writes:
            self._bus.publish(Notice(self._clock.wall(), self._job_id, "info", "the disk takes writes again"))

    def sent(self, batch: Batch, tokens: int, *, probe: bool) -> None:
        """A batch left; a check moves no ticket, so nobody counts it before it is home."""
        if batch.is_check:
            return
        self._bus.publish(
            BatchSent(
                self._clock.wall(), self._job_id, batch.label, batch.complexity, len(batch.tickets), tokens, probe
            )
        )

    def due(self, complexity: Complexity, count: int) -> None:
        """Waiting tickets are in line again."""
        self._bus.publish(TicketsDue(self._clock.wall(), self._job_id, complexity, count))

    def resized(self, change: SizeChange) -> None:
        """A class's largest batch moved."""
        self._limit_changed(change.complexity, change.before, change.after, change.reason)

    def tell_gates(self) -> None:
        """Publish what breaker, slots and send gate did since the last call."""
        now = self._clock.monotonic()
        for transition in self._gates.breaker.take_transitions():
            if transition.state is BreakerState.CLOSED:
                self._gates.slots.after_outage()
            retry_in_s = None if transition.retry_at is None else transition.retry_at - now
            self._bus.publish(
                BreakerChanged(self._clock.wall(), self._job_id, transition.state, transition.reason, retry_in_s)
            )
        slots = self._gates.slots
        if slots.limit != self._slots:
            self._limit_changed("slots", self._slots, slots.limit, slots.reason)
            self._slots = slots.limit
        opens_at = self._gates.send_gate.opens_at
        if opens_at != self._shut_until and opens_at > now:
            self._shut_until = opens_at
            code = self._gates.hold_code or Code.RATE
            self._bus.publish(GateShut(self._clock.wall(), self._job_id, opens_at - now, code))

    def _limit_changed(self, name: str, before: float, after: float, reason: str) -> None:
        self._bus.publish(LimitChanged(self._clock.wall(), self._job_id, name, before, after, reason))

    def _publish_settled(self, landing: Landing, settling: Settling, settled: Settled) -> None:
        fault = landing.fault
        entry = landing.entry
        self._bus.publish(
            BatchSettled(
                at=self._clock.wall(),
                job_id=self._job_id,
                batch=landing.batch.label,
                complexity=landing.batch.complexity,
                size=len(landing.batch.tickets),
                done=len(settling.done),
                waiting=len(settling.waiting),
                requeued=len(settling.requeued),
                failed=len(settling.failed),
                twins_done=sum(settled.twins_done.values()),
                latency_ms=entry.latency_ms,
                wait_ms=entry.wait_ms,
                tokens=entry.usage.total_tokens,
                cost=entry.cost,
                saved_tokens=settled.saved_tokens,
                saved_cost=settled.saved_cost,
                batching_saved_tokens=entry.saved_tokens,
                batching_saved_cost=entry.saved_cost,
                usable=fault is None,
                code=None if fault is None else fault.code,
                message=_message(fault),
                http_status=entry.http_status,
                again_in_s=min((delay_s for delay_s, _ in settling.later), default=None),
                commit=settled.commit,
                tickets=tuple(_hash(ticket.text) for ticket in landing.batch.tickets),
            )
        )

    def _publish_checked(self, landing: Landing, settling: Settling, settled: Settled) -> None:
        fault, entry, ticket = landing.fault, landing.entry, landing.batch.tickets[0]
        found = settling.checked[0].agreement if settling.checked else NOTHING_CHECKED
        self._bus.publish(
            TicketChecked(
                at=self._clock.wall(),
                job_id=self._job_id,
                position=ticket.position,
                complexity=ticket.complexity,
                batch=landing.batch.label,
                same_category=bool(found.same_category) if found.answered else None,
                same_priority=bool(found.same_priority) if found.answered else None,
                again=not settling.checked,
                latency_ms=entry.latency_ms,
                wait_ms=entry.wait_ms,
                tokens=entry.usage.total_tokens,
                cost=entry.cost,
                code=None if fault is None else fault.code,
                message=_message(fault),
                http_status=entry.http_status,
                commit=settled.commit,
            )
        )

    def _publish_failed(self, batch: Batch, ticket: FailedTicket, settled: Settled) -> None:
        self._bus.publish(
            TicketFailed(
                at=self._clock.wall(),
                job_id=self._job_id,
                position=ticket.position,
                complexity=batch.complexity,
                code=ticket.code,
                message=ticket.message,
                batch=batch.label,
                http_status=ticket.http_status,
                ticket_attempts=ticket.ticket_attempts,
                service_attempts=ticket.service_attempts,
                twins=settled.twins_failed.get(ticket.position, 0),
            )
        )


def _hash(text: str) -> str:
    """What a ticket goes by where its text must not stand."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _message(fault: CallFault | AnswerFault | None) -> str:
    return "" if fault is None else fault.message
