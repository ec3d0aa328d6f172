"""The queue stage: which ticket goes next; complex first, FIFO inside a class, fair by count, retries in a delay heap.

window of the store ──add──▶ ready, one heap by position per class ──take──▶ batch
                               ▲                                              │
                release_due    └───────── delay heap ◀────────postpone────────┘
"""

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator

from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity, QueuedTicket

Form = Callable[[Iterator[QueuedTicket]], tuple[QueuedTicket, ...]]


class TicketQueue:
    """Tickets that may be sent now, and those that wait for their instant.

    `fair_every` n gives every nth batch to the waiting class that was served longest ago (0: strictly the most
    complex first). A retried ticket returns to its own place in the line, which is the front.
    """

    def __init__(self, fair_every: int) -> None:
        self._fair_every = fair_every
        self._ready: dict[Complexity, list[tuple[int, int, QueuedTicket]]] = {c: [] for c in MOST_COMPLEX_FIRST}
        self._delayed: list[tuple[float, int, QueuedTicket]] = []
        self._waiting: dict[Complexity, int] = dict.fromkeys(MOST_COMPLEX_FIRST, 0)
        self._serial = itertools.count()
        self._batches = 0
        self._served_at: dict[Complexity, int] = dict.fromkeys(MOST_COMPLEX_FIRST, 0)

    def __len__(self) -> int:
        return sum(len(heap) for heap in self._ready.values())

    def ready(self, complexity: Complexity) -> int:
        """Tickets of the class that may be sent now."""
        return len(self._ready[complexity])

    def waiting(self, complexity: Complexity) -> int:
        """Tickets of the class in the delay heap."""
        return self._waiting[complexity]

    @property
    def next_due(self) -> float | None:
        """When the next waiting ticket may be sent again (monotonic seconds)."""
        return self._delayed[0][0] if self._delayed else None

    def add(self, tickets: Iterable[QueuedTicket]) -> None:
        """Put tickets into the line, each at its own position."""
        for ticket in tickets:
            heapq.heappush(self._ready[ticket.complexity], (ticket.position, next(self._serial), ticket))

    def postpone(self, ticket: QueuedTicket, due: float) -> None:
        """Keep a ticket out of the line until monotonic `due`; it holds no slot meanwhile."""
        heapq.heappush(self._delayed, (due, next(self._serial), ticket))
        self._waiting[ticket.complexity] += 1

    def release_due(self, now: float) -> list[QueuedTicket]:
        """Move the tickets whose instant has come back into the line, and name them."""
        released: list[QueuedTicket] = []
        while self._delayed and self._delayed[0][0] <= now:
            ticket = heapq.heappop(self._delayed)[2]
            self._waiting[ticket.complexity] -= 1
            released.append(ticket)
        self.add(released)
        return released

    def next_class(self) -> Complexity | None:
        """The class whose turn it is; None when nothing may be sent."""
        standing = [complexity for complexity in MOST_COMPLEX_FIRST if self._ready[complexity]]
        if not standing:
            return None
        if self._fair_every and (self._batches + 1) % self._fair_every == 0:
            return min(standing, key=self._served_at.__getitem__)
        return standing[0]

    def take(self, complexity: Complexity, form: Form) -> tuple[QueuedTicket, ...]:
        """Take from the head of the class's line what `form` chooses of it; the rest keeps its place."""
        heap = self._ready[complexity]
        drawn: list[tuple[int, int, QueuedTicket]] = []

        def line() -> Iterator[QueuedTicket]:
            while heap:
                drawn.append(heapq.heappop(heap))
                yield drawn[-1][2]

        chosen = form(line())
        for entry in drawn[len(chosen) :]:
            heapq.heappush(heap, entry)
        return chosen

    def take_cheapest(self) -> QueuedTicket:
        """Take the ticket that costs least to probe with: fewest tokens, then the most twins waiting on it."""
        entry = min(
            (entry for heap in self._ready.values() for entry in heap),
            key=lambda entry: (entry[2].tokens, -entry[2].twins, entry[0]),
        )
        heap = self._ready[entry[2].complexity]
        heap.remove(entry)
        heapq.heapify(heap)
        return entry[2]

    def served(self, complexity: Complexity) -> None:
        """Hear that a batch of the class left: fairness counts batches, not time."""
        self._batches += 1
        self._served_at[complexity] = self._batches

    def clear(self) -> None:
        """Forget every ticket; what the store holds is untouched."""
        for heap in self._ready.values():
            heap.clear()
        self._delayed.clear()
        self._waiting = dict.fromkeys(MOST_COMPLEX_FIRST, 0)
