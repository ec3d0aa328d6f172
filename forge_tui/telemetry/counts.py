"""Where every ticket of the job stands: each event moves some, and the sum never changes.

queued → in flight → done | failed | waiting | queued;  waiting → queued;  twin → done | failed
queued | waiting | twin → cancelled;  failed | cancelled → queued | twin | done
"""

from dataclasses import dataclass

from forge_tui.core.event import (
    BatchSent,
    BatchSettled,
    JobOpened,
    TicketFailed,
    TicketsCancelled,
    TicketsDue,
    TicketsRetried,
)
from forge_tui.core.ticket import MOST_COMPLEX_FIRST


@dataclass(slots=True)
class ClassCounts:
    """The leaders of one class: twins and cache hits are counted for the whole job only."""

    queued: int = 0
    in_flight: int = 0
    requests_in_flight: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0


class Counts:
    """All tickets of a job by where they are.

    Law, after every event: queued + in_flight + waiting + twins + done + failed + cancelled == total.
    """

    def __init__(self) -> None:
        self.classes = {complexity: ClassCounts() for complexity in MOST_COMPLEX_FIRST}
        self.total = 0
        self.twins = 0
        self.done = 0
        self.failed = 0
        self.cancelled = 0
        self.from_cache = 0
        self.from_twin = 0
        self.refused = 0
        self.lookups = 0
        self.done_before = 0
        self.asked_again = 0
        self.codes: dict[str, int] = {}

    @property
    def queued(self) -> int:
        return sum(part.queued for part in self.classes.values())

    @property
    def in_flight(self) -> int:
        return sum(part.in_flight for part in self.classes.values())

    @property
    def waiting(self) -> int:
        return sum(part.waiting for part in self.classes.values())

    @property
    def from_model(self) -> int:
        return self.done - self.from_cache - self.from_twin

    @property
    def finished(self) -> int:
        return self.done + self.failed

    def open(self, event: JobOpened) -> None:
        """Take the job over as the store tells it; what was in flight before is queued there."""
        counts = event.counts
        self.total, self.twins = counts.total, counts.twins
        self.done, self.failed, self.cancelled = counts.done, counts.failed, counts.cancelled
        self.from_cache, self.from_twin, self.refused = counts.from_cache, counts.from_twin, counts.refused
        self.lookups = counts.lookups
        self.done_before = counts.done if event.resumed else 0
        self.asked_again = counts.waiting if event.resumed else 0
        self.codes = {str(code): number for code, number in event.failed_codes.items()}
        self.classes = {
            complexity: ClassCounts(
                queued=event.queued.get(complexity, 0),
                waiting=event.waiting.get(complexity, 0),
                done=event.done.get(complexity, 0),
                failed=event.failed.get(complexity, 0),
            )
            for complexity in MOST_COMPLEX_FIRST
        }

    def send(self, event: BatchSent) -> None:
        part = self.classes[event.complexity]
        part.queued -= event.size
        part.in_flight += event.size
        part.requests_in_flight += 1

    def settle(self, event: BatchSettled) -> None:
        """Take a batch home; its failed tickets stay in flight until their TicketFailed."""
        part = self.classes[event.complexity]
        part.requests_in_flight -= 1
        part.in_flight -= event.done + event.waiting + event.requeued
        part.done += event.done
        part.waiting += event.waiting
        part.queued += event.requeued
        self.twins -= event.twins_done
        self.from_twin += event.twins_done
        self.done += event.done + event.twins_done

    def fail(self, event: TicketFailed) -> None:
        part = self.classes[event.complexity]
        part.in_flight -= 1
        part.failed += 1
        self.twins -= event.twins
        self.failed += 1 + event.twins
        self.codes[event.code] = self.codes.get(event.code, 0) + 1 + event.twins

    def become_due(self, event: TicketsDue) -> None:
        part = self.classes[event.complexity]
        part.waiting -= event.count
        part.queued += event.count

    def retry(self, event: TicketsRetried) -> None:
        """Queue ended tickets again; `twins` of them follow a leader instead of being sent, some are known by now."""
        part = self.classes[event.complexity]
        known = event.known_to_cache + event.known_to_twin
        leaders = event.from_failed + event.from_cancelled - event.twins - known
        part.queued += leaders
        part.failed = max(0, part.failed - min(event.from_failed, leaders))
        self.twins += event.twins
        self.done += known
        self.from_cache += event.known_to_cache
        self.from_twin += event.known_to_twin
        self.failed -= event.from_failed
        self.cancelled -= event.from_cancelled
        for code, number in event.codes.items():
            left = self.codes.get(code, 0) - number
            self.codes.pop(code, None)
            if left > 0:
                self.codes[code] = left

    def cancel(self, event: TicketsCancelled) -> None:
        part = self.classes[event.complexity]
        part.queued -= event.queued
        part.waiting -= event.waiting
        self.twins -= event.twins
        self.cancelled += event.queued + event.waiting + event.twins

    def by_code(self) -> tuple[tuple[str, int], ...]:
        """Failure codes, the most frequent first."""
        return tuple(sorted(self.codes.items(), key=lambda item: (-item[1], item[0])))
