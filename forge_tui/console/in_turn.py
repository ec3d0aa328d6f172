"""Keys one after another: the next one is looked at when the one before has had its effect.

Textual hands each key to what has the focus at that moment. Of keys that come together (`n` and a path, from a script
or over a slow line) the later ones went to what had it before: a path was lost, and its letters were taken for keys.
"""

from collections import deque
from functools import partial
from weakref import WeakSet

from textual import on
from textual.app import App, ReturnType
from textual.events import DescendantFocus, Event, Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer

# What has gone from the screen never tells that it has heard a key: the next one waits no longer than this. A new screen
# on a busy machine needs a good part of it.
PATIENCE_S = 1.0
# Behind the key, and behind the messages of the action that the app then called.
_LAPS = 2


class Followed(Message):
    """Goes behind what was typed, from where it was heard to the app, so many laps."""

    def __init__(self, typed: Key | Paste, heard_by: MessagePump, laps: int = _LAPS) -> None:
        super().__init__()
        self.typed = typed
        self.heard_by = heard_by
        self.laps = laps


class InTurn(App[ReturnType]):
    """An app that takes in keys and pastes in turn; a new screen hears them once something on it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[Key | Paste] = deque()
        self._hears: WeakSet[Screen[object]] = WeakSet()
        # The key that has not had its effect yet, or the screen that has no focus yet.
        self._waits_for: Key | Paste | Screen[object] | None = None
        self._patience: Timer | None = None

    async def on_event(self, event: Event) -> None:
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        await self._hand_on()

    async def _hand_on(self) -> None:
        """Hand on what was typed, until something must be waited for."""
        while self._typed and self._waits_for is None and (screen := self._on_top()) is not None:
            if self._will_hear(screen):
                self._wait_for(screen)
                return
            event, heard_by = self._typed.popleft(), self.focused or screen
            self._wait_for(event)
            await super().on_event(event)
            if not heard_by.post_message(Followed(event, heard_by)):
                self._waits_for = None

    def _on_top(self) -> Screen[object] | None:
        """The screen in use; none is left when the app ends."""
        return next(iter(self.screen_stack[-1:]), None)

    def _will_hear(self, screen: Screen[object]) -> bool:
        """Whether something on `screen` is to get the focus, and has not yet."""
        return self.focused is None and screen.AUTO_FOCUS != "" and screen not in self._hears

    def _wait_for(self, what: Key | Paste | Screen[object]) -> None:
        self._waits_for = what
        if self._patience is not None:
            self._patience.stop()
        self._patience = self.set_timer(PATIENCE_S, partial(self._go_on, what))

    async def on_followed(self, event: Followed) -> None:
        event.stop()
        # Behind what the key asked for: Textual sets a focus by a message to the app.
        self.call_later(self._arrived, event)

    async def _arrived(self, event: Followed) -> None:
        again = Followed(event.typed, event.heard_by, event.laps - 1)
        if not (again.laps and event.heard_by.post_message(again)):
            await self._go_on(event.typed)

    @on(DescendantFocus)
    async def _screen_hears(self) -> None:
        if (screen := self._on_top()) is not None:
            self._hears.add(screen)
            await self._go_on(screen)

    async def _go_on(self, what: Key | Paste | Screen[object]) -> None:
        if what is not self._waits_for:
            return
        if isinstance(what, Screen):
            self._hears.add(what)
        self._waits_for = None
        await self._hand_on()
