"""Events with everything filled in but what the test is about, and a generator of histories an engine could publish."""

from dataclasses import dataclass, field
from typing import Any

from forge_tui.core.event import (
    BatchSent,
    BatchSettled,
    Event,
    JobOpened,
    JobStateChanged,
    TicketChecked,
    TicketFailed,
    TicketsCancelled,
    TicketsDue,
    TicketsRetried,
)
from forge_tui.core.failure import Code
from forge_tui.core.job import JobCounts, JobState
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity

SIMPLE, MEDIUM, COMPLEX = Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX


def opened(queued: dict[Complexity, int] | None = None, **changes: Any) -> JobOpened:
    queued = {SIMPLE: 100} if queued is None else queued
    counts = changes.pop("counts", None) or JobCounts(total=sum(queued.values()), queued=sum(queued.values()))
    values: dict[str, Any] = {
        "at": 1000.0,
        "job_id": 42,
        "file": "tickets.csv",
        "provider": "sarvam",
        "model": "sarvam-105b",
        "currency": "INR",
        "counts": counts,
        "queued": queued,
        "waiting": {},
        "done": {},
        "failed": {},
        "failed_codes": {},
        "tokens": 0,
        "cost": 0.0,
        "saved_tokens": 0,
        "saved_cost": 0.0,
        "max_cost": None,
    }
    return JobOpened(**(values | changes))


def running(at: float = 1000.0, **changes: Any) -> JobStateChanged:
    return JobStateChanged(**({"at": at, "job_id": 42, "state": JobState.RUNNING} | changes))


def sent(size: int = 1, complexity: Complexity = SIMPLE, at: float = 1000.0, **changes: Any) -> BatchSent:
    values = {"job_id": 42, "batch": "b-0001", "tokens": 100 * size}
    return BatchSent(at=at, complexity=complexity, size=size, **(values | changes))


def settled(done: int = 1, complexity: Complexity = SIMPLE, at: float = 1001.0, **changes: Any) -> BatchSettled:
    values: dict[str, Any] = {
        "job_id": 42,
        "batch": "b-0001",
        "done": done,
        "waiting": 0,
        "requeued": 0,
        "failed": 0,
        "twins_done": 0,
        "latency_ms": 1000.0,
        "wait_ms": 0.0,
        "tokens": 100,
        "cost": 0.01,
    } | changes
    size = values["done"] + values["waiting"] + values["requeued"] + values["failed"]
    return BatchSettled(at=at, complexity=complexity, size=size, **values)


def ticket_failed(complexity: Complexity = SIMPLE, at: float = 1001.0, **changes: Any) -> TicketFailed:
    values: dict[str, Any] = {
        "job_id": 42,
        "position": 7,
        "code": Code.SCHEMA,
        "message": 'category "refunds"',
        "batch": "b-0001",
        "http_status": 200,
        "ticket_attempts": 3,
        "service_attempts": 0,
    }
    return TicketFailed(at=at, complexity=complexity, **(values | changes))


def ticket_checked(complexity: Complexity = SIMPLE, at: float = 1001.0, **changes: Any) -> TicketChecked:
    values: dict[str, Any] = {
        "job_id": 42,
        "position": 7,
        "batch": "b-0002",
        "same_category": True,
        "same_priority": True,
        "again": False,
        "latency_ms": 1000.0,
        "wait_ms": 0.0,
        "tokens": 100,
        "cost": 0.01,
    }
    return TicketChecked(at=at, complexity=complexity, **(values | changes))


@dataclass
class World:
    """A model of an engine that can only do what is legal: it draws its choices and publishes what follows."""

    draw: Any
    events: list[Event] = field(default_factory=list)
    at: float = 1000.0
    twins: int = 0
    failed: int = 0
    cancelled: int = 0
    queued: dict[Complexity, int] = field(default_factory=dict)
    waiting: dict[Complexity, int] = field(default_factory=lambda: dict.fromkeys(MOST_COMPLEX_FIRST, 0))
    flights: list[tuple[Complexity, int]] = field(default_factory=list)

    def some(self, most: int, least: int = 0) -> int:
        return self.draw(least, max(least, most))

    def start(self) -> None:
        self.queued = {complexity: self.some(30) for complexity in MOST_COMPLEX_FIRST}
        self.waiting = {complexity: self.some(3) for complexity in MOST_COMPLEX_FIRST}
        self.twins, cached, self.failed = self.some(9), self.some(5), self.some(4)
        done, refused = cached + self.some(6), self.some(self.failed)
        parts = [sum(self.queued.values()), self.twins, sum(self.waiting.values()), done, self.failed]
        counts = JobCounts(sum(parts), *parts, from_cache=cached, refused=refused)
        codes = {Code.INPUT: refused, Code.SERVER: self.failed - refused}
        self.failed -= refused
        self.events.append(
            opened(dict(self.queued), waiting=dict(self.waiting), counts=counts, failed_codes=codes, resumed=done > 0)
        )
        self.events.append(running())

    def step(self) -> None:
        self.at += self.some(40) / 10
        complexity = MOST_COMPLEX_FIRST[self.some(2)]
        steps = [self.send, self.send, self.settle, self.settle, self.due, self.cancel, self.retry, self.check]
        steps[self.some(len(steps) - 1)](complexity)

    def send(self, complexity: Complexity) -> None:
        if size := self.some(min(20, self.queued[complexity])):
            self.queued[complexity] -= size
            self.flights.append((complexity, size))
            self.events.append(sent(size, complexity, self.at))

    def settle(self, _: Complexity) -> None:
        if not self.flights:
            return
        complexity, size = self.flights.pop(self.some(len(self.flights) - 1))
        done = self.some(size)
        waiting = self.some(size - done)
        failed = self.some(size - done - waiting)
        requeued = size - done - waiting - failed
        twins_done = self.some(self.twins) if done else 0
        self.twins -= twins_done
        self.waiting[complexity] += waiting
        self.queued[complexity] += requeued
        latency_ms = self.some(60_000)
        self.events.append(
            settled(
                done,
                complexity,
                self.at,
                waiting=waiting,
                failed=failed,
                requeued=requeued,
                twins_done=twins_done,
                latency_ms=latency_ms,
                code=None if done == size else Code.SCHEMA,
                again_in_s=2.0 if waiting else None,
            )
        )
        for _unused in range(failed):
            twins = self.some(min(2, self.twins))
            self.twins -= twins
            self.failed += 1 + twins
            self.events.append(ticket_failed(complexity, self.at, twins=twins))

    def due(self, complexity: Complexity) -> None:
        if count := self.some(self.waiting[complexity]):
            self.waiting[complexity] -= count
            self.queued[complexity] += count
            self.events.append(TicketsDue(self.at, 42, complexity, count))

    def cancel(self, complexity: Complexity) -> None:
        queued, waiting = self.some(self.queued[complexity]), self.some(self.waiting[complexity])
        twins = self.some(self.twins)
        self.queued[complexity] -= queued
        self.waiting[complexity] -= waiting
        self.twins -= twins
        self.cancelled += queued + waiting + twins
        self.events.append(TicketsCancelled(self.at, 42, complexity, queued, waiting, twins))

    def check(self, complexity: Complexity) -> None:
        same = [None, True, False][self.some(2)]
        self.events.append(
            ticket_checked(complexity, self.at, same_category=same, same_priority=same, again=same is None)
        )

    def retry(self, complexity: Complexity) -> None:
        failed, cancelled = self.some(self.failed), self.some(self.cancelled)
        twins = self.some(failed + cancelled)
        cached = self.some(failed + cancelled - twins)
        self.failed -= failed
        self.cancelled -= cancelled
        self.twins += twins
        self.queued[complexity] += failed + cancelled - twins - cached
        ended = (failed, cancelled, twins)
        self.events.append(TicketsRetried(self.at, 42, complexity, *ended, {Code.SCHEMA: failed}, cached))
