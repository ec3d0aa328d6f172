"""The window: keeps the queue filled from the store, a bounded number of ready tickets in memory, the rest on disk."""

from forge_tui.core.ticket import MOST_COMPLEX_FIRST, Complexity, QueuedTicket
from forge_tui.pipeline.queue import TicketQueue
from forge_tui.storage.job_store import JobStore

WINDOW_TICKETS = 10_000
PAGE = WINDOW_TICKETS // len(MOST_COMPLEX_FIRST)
LOW = PAGE // 2


class Window:
    """Reads queued leaders of one job page by page, each exactly once, in input order inside a class."""

    def __init__(self, store: JobStore, queue: TicketQueue, job_id: int) -> None:
        self._store = store
        self._queue = queue
        self._job_id = job_id
        self._cursor: dict[Complexity, int] = dict.fromkeys(MOST_COMPLEX_FIRST, 0)
        self._exhausted: dict[Complexity, bool] = dict.fromkeys(MOST_COMPLEX_FIRST, False)
        self._held: set[int] = set()

    @property
    def exhausted(self) -> bool:
        """Every queued ticket of the job has been read."""
        return all(self._exhausted.values())

    async def refill(self) -> None:
        """Read on where a class runs low; a class in plenty costs nothing."""
        for complexity in MOST_COMPLEX_FIRST:
            while not self._exhausted[complexity] and self._queue.ready(complexity) < LOW:
                await self._read_page(complexity)

    def hold(self, ticket: QueuedTicket) -> None:
        """A ticket that came by another way (a waiting retry at start) is in memory already."""
        self._held.add(ticket.position)

    def let_go(self, position: int) -> None:
        """The ticket ended: should it ever be queued again, it is read again."""
        self._held.discard(position)

    def rewind(self) -> None:
        """Ended tickets were queued again on disk: read from the start, but nothing that is in memory."""
        self._cursor = dict.fromkeys(MOST_COMPLEX_FIRST, 0)
        self._exhausted = dict.fromkeys(MOST_COMPLEX_FIRST, False)

    async def _read_page(self, complexity: Complexity) -> None:
        page = await self._store.next_queued(self._job_id, complexity, self._cursor[complexity], PAGE)
        self._exhausted[complexity] = len(page) < PAGE
        if page:
            self._cursor[complexity] = page[-1].position
        fresh = [ticket for ticket in page if ticket.position not in self._held]
        self._held.update(ticket.position for ticket in fresh)
        self._queue.add(fresh)
