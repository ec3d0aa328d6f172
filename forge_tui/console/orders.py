"""Orders given and not yet answered: which wait for the engine's reply, and which is held so that it can be undone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from forge_tui.console.view import Held
from forge_tui.core.snapshot import CommandReply

HOLD_S = 5.0


@dataclass(frozen=True, slots=True)
class _HeldOrder:
    held: Held
    give: Callable[[], None]


class Orders:
    """Pending commands by id and at most one held order; `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._pending: dict[int, str] = {}
        self._held: _HeldOrder | None = None

    @property
    def pending(self) -> tuple[str, ...]:
        """The words of the commands not yet answered."""
        return tuple(self._pending.values())

    @property
    def held(self) -> Held | None:
        return self._held.held if self._held else None

    def sent(self, command_id: int, words: str) -> None:
        self._pending[command_id] = words

    def answered(self, replies: Iterable[CommandReply]) -> list[CommandReply]:
        """Those replies that answer one of ours, each once."""
        ours = [reply for reply in replies if reply.command_id in self._pending]
        for reply in ours:
            self._pending.pop(reply.command_id, None)
        return ours

    def hold(self, words: str, give: Callable[[], None], now: float) -> None:
        """Hold an order for HOLD_S; one that is held already is given first."""
        self.give_now()
        self._held = _HeldOrder(Held(words, now + HOLD_S), give)

    def give_due(self, now: float) -> None:
        """Give the held order once its time is over."""
        if self._held is not None and now >= self._held.held.due_mono:
            self.give_now()

    def give_now(self) -> bool:
        """Give the held order without waiting; False when none is held."""
        order, self._held = self._held, None
        if order is not None:
            order.give()
        return order is not None

    def undo(self) -> str | None:
        """Take the held order back; its words, or None when none is held."""
        order, self._held = self._held, None
        return order.held.words if order else None
