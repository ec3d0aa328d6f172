"""Letters on panes: a key puts one on each, the next key goes to the pane of that letter."""

from collections.abc import Iterable, Mapping
from string import ascii_lowercase
from typing import Any

from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from forge_tui.console.widgets.frame import Frame


class Jumps(Screen[Any]):
    """What screens with several panes share; `panes` names those that can be gone to."""

    _jumps: Mapping[str, Frame] = {}

    def panes(self) -> Iterable[Frame]:
        """The panes on screen, in the order of their letters."""
        return (frame for frame in self.query(Frame) if frame.size.width)

    def action_jump(self) -> None:
        """Put the letters on."""
        self._show_letters(dict(zip(ascii_lowercase, self.panes(), strict=False)))
        if isinstance(self.focused, Input):
            self.set_focus(None)  # it would take the letter

    def on_key(self, event: Key) -> None:
        if self._jumps:
            target = self._jumps.get(event.character or "")
            self._show_letters({})
            event.stop()
            event.prevent_default()
            if target is not None:
                first = target if target.can_focus else next((part for part in target.query() if part.can_focus), None)
                self.set_focus(first)

    def _show_letters(self, jumps: Mapping[str, Frame]) -> None:
        for frame in self._jumps.values():
            frame.letter = ""
            frame.refresh()
        self._jumps = jumps
        for letter, frame in jumps.items():
            frame.letter = letter
            frame.refresh()
