"""What the five screens share: header above, footer below, the frame handed to every part, and the size classes."""

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from forge_tui.console.keys import BY_ID, Scope, bindings
from forge_tui.console.view import View
from forge_tui.console.widgets.footer import WIDE, Footer, Hint
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.header import Header
from forge_tui.console.widgets.line import Line

# What a screen offers at its foot unless it says otherwise; an entry is shown while its binding is active.
_FIXED = ("app.help", "app.command")


class ConsoleScreen(Screen[None]):
    """One of the five modes. Subclasses compose `body`, name their footer's entries and may take in a frame."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.SCREEN)
    FOOTER: ClassVar[tuple[str, ...]] = ()

    def on_mount(self) -> None:
        self._parts = [part for part in self.query(Widget) if isinstance(part, Frame | Line)]

    def compose(self) -> ComposeResult:
        yield Header(id="header")
        yield from self.body()
        yield Footer(id="footer")

    def body(self) -> ComposeResult:
        """What stands between header and footer."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        """Hand the frame to every part that is on screen."""
        footer = self.query_one(Footer)
        footer.hints, footer.fixed = tuple(self.hints()), tuple(self._fixed_hints())
        for part in self._parts:
            if part.size.width:
                part.show(view)

    def action_step_back(self) -> None:
        """Out of the zoom."""
        self.minimize()

    def label(self, key_id: str, *, wide: bool) -> str:
        """The footer's words for a key; screens put counts into theirs."""
        key = BY_ID[key_id]
        return (key.wide_label if wide else "") or key.label

    def hints(self) -> Iterator[Hint]:
        """The footer's entries, those that work here only."""
        wide = self.size.width >= WIDE
        active = {bound.binding.id: bound for bound in self.active_bindings.values()}
        for key_id in self.FOOTER:
            bound = active.get(key_id)
            if bound is not None:
                shown = BY_ID[key_id].shown if not wide or key_id != "mark.toggle" else "space"
                yield Hint(self._typed(key_id, shown), self.label(key_id, wide=wide), bound.enabled)

    def _fixed_hints(self) -> Iterator[Hint]:
        wide = self.size.width >= WIDE
        for key_id in _FIXED:
            yield Hint(self._typed(key_id, BY_ID[key_id].shown), self.label(key_id, wide=wide))

    def _typed(self, key_id: str, shown: str) -> str:
        """The key as it is typed, the user's own where the keymap names one."""
        own = self.app._keymap.get(key_id)  # noqa: SLF001 - Textual has no reader for the keymap it was given
        return own.split(",")[0] if own else shown
