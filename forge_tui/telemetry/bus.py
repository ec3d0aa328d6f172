"""The event bus: publish folds the event and hands it to subscribers, and nothing they do reaches the engine."""

from collections import deque
from collections.abc import Callable

from forge_tui.core.event import Event, Notice
from forge_tui.telemetry.fold import Accumulator

Subscriber = Callable[[Event], None]


class EventBus:
    """Events in the order in which they were published, to the accumulator first and then to each subscriber.

    `publish` never waits: a subscriber that needs time must queue. One that raises is dropped, with a Notice.
    """

    def __init__(self, accumulator: Accumulator) -> None:
        self.accumulator = accumulator
        self._subscribers: list[Subscriber] = []
        self._pending: deque[Event] = deque()
        self._publishing = False

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every later event to `subscriber`."""
        self._subscribers.append(subscriber)

    def publish(self, event: Event) -> None:
        # What a subscriber publishes waits its turn: every subscriber sees the same order.
        self._pending.append(event)
        if self._publishing:
            return
        self._publishing = True
        try:
            while self._pending:
                self._deliver(self._pending.popleft())
        finally:
            self._publishing = False

    def _deliver(self, event: Event) -> None:
        self.accumulator.apply(event)
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(event)
            except Exception as fault:  # noqa: BLE001 - whatever a subscriber raises, the engine goes on
                self._drop(subscriber, event, fault)

    def _drop(self, subscriber: Subscriber, event: Event, fault: Exception) -> None:
        self._subscribers.remove(subscriber)
        owner = getattr(subscriber, "__self__", subscriber)
        name = getattr(owner, "__name__", type(owner).__name__)
        text = f"{name} stopped listening: {type(fault).__name__}: {fault}"
        self._pending.append(Notice(event.at, event.job_id, "warn", text))
