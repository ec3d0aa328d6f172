"""A dialog: a framed box in the middle of the screen below, its keys named inside; escape answers None."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from forge_tui.console.keys import as_binding, typed
from forge_tui.console.presentation import Piece, Tone, line
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Frame

if TYPE_CHECKING:
    from forge_tui.console.desk import Desk

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer | None], Generic[Answer]):
    """Subclasses compose their Frame; `show` keeps it live while it is open."""

    CSS_PATH = "../console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Back", show=False, id="app.back"),
        # The app does not hear keys under a dialog; these work there too, also while something is typed.
        Binding("ctrl+c", "app.help_quit", show=False),
        Binding("ctrl+q", "app.quit", show=False),
        Binding("f1", "app.help", show=False, id="app.help"),
        as_binding("app.shot", "app.shot"),
        as_binding("app.debug", "app.debug"),
    ]

    def compose(self) -> ComposeResult:
        yield from self.body()

    def on_mount(self) -> None:
        self.call_after_refresh(lambda: self.show(self.forge.view))

    @property
    def forge(self) -> "Desk":
        """The app, as what it is."""
        return self.app  # type: ignore[return-value]  # the console's dialogs open in no other app

    def body(self) -> ComposeResult:
        """The framed box."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        """Take in a new frame."""
        for part in self.query(Frame):
            part.show(view)

    def action_dismiss_none(self) -> None:
        self.dismiss(None)


def choices(app: App[object], does: Mapping[str, str]) -> Content:
    """One line with what keys do, each by its id and as it is typed here."""
    parts: list[Piece] = []
    for key_id, words in does.items():
        parts += ["   " if parts else "", (f"[{typed(app, key_id)}]", f"bold {Tone.ACCENT}"), f" {words}"]
    return line(*parts)
