"""What is measured of a job's requests: latency, rates, tokens, cost and how many tickets come back, per class."""

from collections import deque
from dataclasses import dataclass, field

from forge_tui.core.agreement import NOTHING_CHECKED, Agreement
from forge_tui.core.event import BatchSent, BatchSettled, JobOpened, TicketChecked, TicketFailed, TicketsRetried
from forge_tui.core.failure import RULES, Code, Verdict
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity
from forge_tui.telemetry.ewma import Ewma
from forge_tui.telemetry.latency import LatencyChart, LatencySketch, recent_latencies
from forge_tui.telemetry.sliding import SlidingSum

# Each settled batch makes the ones before it count 2 % less: a memory of about fifty.
_KEPT = 0.98


@dataclass(slots=True)
class ClassMeters:
    """The measurements of one class; `answered` are the tickets that ended through a request of this run."""

    ewma: Ewma
    latency: LatencySketch = field(default_factory=LatencySketch)
    recent: deque[float] = field(default_factory=recent_latencies)
    finished: SlidingSum = field(default_factory=SlidingSum)
    requests: SlidingSum = field(default_factory=SlidingSum)
    sent: SlidingSum = field(default_factory=SlidingSum)
    requests_sent: int = 0
    answered: int = 0
    tokens: int = 0
    cost: float = 0.0
    came_back: float = 0.0
    came_home: float = 0.0

    @property
    def again_share(self) -> float:
        """The share of the tickets of the latest batches that have to be sent again."""
        return self.came_back / self.came_home if self.came_home else 0.0


class Meters:
    """All measurements since the job was opened; memory does not grow with the number of events."""

    def __init__(self, alpha: float, default_latency_s: float) -> None:
        self.classes = {c: ClassMeters(Ewma(alpha, default_latency_s)) for c in MOST_COMPLEX_FIRST}
        self.latency = LatencySketch()
        self.chart = LatencyChart()
        self.busy = SlidingSum()
        self.tokens_settled = SlidingSum()
        self.requests = 0
        self.requests_failed = 0
        self.tokens = 0
        self.cost = 0.0
        self.saved_tokens = 0
        self.saved_cost = 0.0
        self.batching_saved_tokens = 0
        self.batching_saved_cost = 0.0
        self.last_due_at = 0.0
        self.agreement = NOTHING_CHECKED

    @property
    def answered(self) -> int:
        """Tickets that ended through a request of this run: what an ETA can be built on."""
        return sum(part.answered for part in self.classes.values())

    def opened(self, event: JobOpened) -> None:
        """Take over what earlier runs of the job used and saved."""
        self.tokens, self.cost = event.tokens, event.cost
        self.saved_tokens, self.saved_cost = event.saved_tokens, event.saved_cost
        self.batching_saved_tokens, self.batching_saved_cost = event.batching_saved_tokens, event.batching_saved_cost
        self.agreement = event.agreement

    def retried(self, event: TicketsRetried) -> None:
        """Some of them were known by now and cost nothing."""
        self.saved_tokens += event.saved_tokens
        self.saved_cost += event.saved_cost

    def sent(self, event: BatchSent) -> None:
        part = self.classes[event.complexity]
        part.requests_sent += 1
        part.requests.add(event.at)
        part.sent.add(event.at, event.size)

    def settled(self, event: BatchSettled) -> None:
        part = self.classes[event.complexity]
        self._came_home(part, event)
        self.saved_tokens += event.saved_tokens
        self.saved_cost += event.saved_cost
        self.batching_saved_tokens += event.batching_saved_tokens
        self.batching_saved_cost += event.batching_saved_cost
        part.came_home = part.came_home * _KEPT + event.size
        part.came_back = part.came_back * _KEPT + event.waiting + event.requeued
        part.answered += event.done
        if event.done or event.twins_done:
            part.finished.add(event.at, event.done + event.twins_done)
        if event.waiting and event.again_in_s is not None:
            self.last_due_at = max(self.last_due_at, event.at + event.again_in_s)

    def checked(self, event: TicketChecked) -> None:
        """A request like any other, whose answer only compares."""
        part = self.classes[event.complexity]
        part.requests.add(event.at)
        self._came_home(part, event)
        if event.same_category is not None and event.same_priority is not None:
            self.agreement += Agreement(1, int(event.same_category), int(event.same_priority))
        elif not event.again:
            self.agreement += Agreement(unanswered=1)

    def _came_home(self, part: ClassMeters, event: BatchSettled | TicketChecked) -> None:
        self.requests += 1
        self.requests_failed += event.code is not None
        self._time(part, event)
        self._pay(part, event)

    def _pay(self, part: ClassMeters, event: BatchSettled | TicketChecked) -> None:
        self.tokens_settled.add(event.at, event.tokens)
        self.tokens += event.tokens
        self.cost += event.cost
        part.tokens += event.tokens
        part.cost += event.cost

    def _time(self, part: ClassMeters, event: BatchSettled | TicketChecked) -> None:
        seconds = event.latency_ms / 1000.0
        self.latency.add(seconds)
        self.chart.add(event.at, seconds)
        self.busy.add(event.at, seconds)
        part.latency.add(seconds)
        part.recent.append(seconds)
        # A refused connection takes a millisecond and a hang a minute: neither says how long an answer takes.
        if event.code is None or RULES[Code(event.code)].breaker is Verdict.SUCCESS:
            part.ewma.add(seconds)

    def failed(self, event: TicketFailed) -> None:
        part = self.classes[event.complexity]
        part.answered += 1
        part.finished.add(event.at, 1 + event.twins)

    def latency_of(self, complexity: Complexity) -> Ewma:
        """The class's own average; before its first answer that of the class measured nearest to it."""
        own = self.classes[complexity].ewma
        if own.seen:
            return own
        at = MOST_COMPLEX_FIRST.index(complexity)
        nearest = sorted(MOST_COMPLEX_FIRST, key=lambda other: abs(MOST_COMPLEX_FIRST.index(other) - at))
        return next((self.classes[c].ewma for c in nearest if self.classes[c].ewma.seen), own)

    def tokens_per_ticket(self, complexity: Complexity) -> float:
        """Billed tokens for each answered ticket of the class, else of all; 0 before there is one."""
        part = self.classes[complexity]
        if part.answered:
            return part.tokens / part.answered
        return sum(p.tokens for p in self.classes.values()) / self.answered if self.answered else 0.0

    def cost_per_ticket(self, complexity: Complexity) -> float:
        """The same for the cost."""
        part = self.classes[complexity]
        if part.answered:
            return part.cost / part.answered
        return sum(p.cost for p in self.classes.values()) / self.answered if self.answered else 0.0
