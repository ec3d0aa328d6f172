"""A frame kept back until what it is to show has come: drawn before that, it would be drawn twice."""

from contextlib import ExitStack

from textual.message_pump import MessagePump


class KeptBack:
    """Holds the drawing for one cause; several may hold it at once, and the last to let go has it drawn."""

    def __init__(self, owner: MessagePump) -> None:
        self._owner = owner
        self._holds = ExitStack()

    def hold(self, at_most_s: float) -> None:
        """Draw nothing until `let_go`, for `at_most_s` seconds."""
        self.let_go()
        hold = self._holds
        hold.enter_context(self._owner.app.batch_update())
        self._owner.set_timer(at_most_s, lambda: self._end(hold))

    def let_go(self) -> None:
        """What was waited for is here; nothing happens where nothing is held."""
        before, self._holds = self._holds, ExitStack()
        self._end(before)

    def _end(self, hold: ExitStack) -> None:
        hold.close()
        # Textual draws what is due once the screen has nothing else to do; it does not look by itself.
        for screen in self._owner.app.screen_stack[-1:]:
            screen.check_idle()
