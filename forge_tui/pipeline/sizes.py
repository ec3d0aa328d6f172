"""Batch sizes in use: asks the batcher with what the limits leave now, and tells each change with its reason."""

from collections.abc import Callable, Iterator

from forge_tui.core.outcome import Reply
from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity
from forge_tui.pipeline.batcher import DISTURBED, Batcher, Scarcity, SizeChange
from forge_tui.pipeline.flight import Landing
from forge_tui.pipeline.gates import Gates
from forge_tui.pipeline.queue import Form
from forge_tui.telemetry.ewma import Ewma
from forge_tui.telemetry.live import BatchView

FREE = Scarcity(None, "requests are free")
# Short enough for the top edge of the queue pane.
CANARY = "no answer yet"
HINTED = "headers: few left"
CUT = "429s cut the slots"


class Sizes:
    """Plans each batch; `backlog` answers how many tickets of the job can still be sent.

    `on_change` hears of a new size when what decides it is another: not of each that a shrinking backlog brings.
    """

    def __init__(
        self,
        batcher: Batcher,
        gates: Gates,
        backlog: Callable[[], int],
        on_change: Callable[[SizeChange], None],
        default_latency_s: float,
    ) -> None:
        self._batcher = batcher
        self._gates = gates
        self._backlog = backlog
        self._on_change = on_change
        # Of requests with one ticket: what a request would take if it carried no company.
        self._latency = Ewma(initial=default_latency_s)
        self._views = {c: BatchView(c, 1, batcher.cap(c)) for c in MOST_COMPLEX_FIRST}

    @property
    def views(self) -> tuple[BatchView, ...]:
        """Size in use, cap and reason per class."""
        return tuple(self._views.values())

    def form(self, complexity: Complexity, now: float) -> Form:
        """How the next batch of the class is chosen from its line."""
        size, reason = self._plan(complexity, now)
        before = self._views[complexity]
        self._views[complexity] = BatchView(complexity, size, self._batcher.cap(complexity), reason)
        if size != before.size and reason != before.reason:
            self._on_change(SizeChange(complexity, before.size, size, reason))
        return lambda line: self._batcher.form(line, size)

    def learn(self, landing: Landing) -> None:
        """Hear how a batch came home: only first-time batches in company teach about company."""
        if not isinstance(landing.outcome, Reply):
            return
        tickets = landing.batch.tickets
        if len(tickets) == 1:
            self._latency.add(landing.outcome.latency_s)
        elif all(ticket.company is None and not ticket.ticket_attempts for ticket in tickets):
            change = self._batcher.learn(landing.batch.complexity, usable=landing.classified == len(tickets))
            if change is not None:
                self._on_change(change)

    def ride_alone(self, complexity: Complexity, reason: str) -> None:
        """One ticket per request of this class from now on: company was proven to disturb it."""
        change = self._batcher.ride_alone(complexity, reason)
        if change is not None:
            self._views[complexity] = BatchView(complexity, 1, self._batcher.cap(complexity), DISTURBED)
            self._on_change(change)

    def _plan(self, complexity: Complexity, now: float) -> tuple[int, str]:
        if self._gates.canary is not None:
            return 1, CANARY
        return self._batcher.size(complexity, self._backlog(), self._scarcity(now))

    def _scarcity(self, now: float) -> Scarcity:
        """Requests are scarce when a rate, or slots cut by 429s, allow fewer than the slots could carry."""
        slots = self._gates.slots
        for per_min, reason in self._rates(now):
            within_one_reply = per_min / 60.0 * self._latency.value
            if within_one_reply < slots.limit:
                return Scarcity(1.0 + within_one_reply, reason)
        return Scarcity(float(slots.limit), CUT) if slots.was_cut else FREE

    def _rates(self, now: float) -> Iterator[tuple[float, str]]:
        """The requests a minute that are set, and those that the provider's headers leave."""
        requests = self._gates.requests
        if requests.per_min is not None:
            yield requests.per_min, f"{requests.per_min:g} requests/min"
        if (hinted := requests.hinted_per_min(now)) is not None:
            yield hinted, HINTED
