"""A dialog: a framed box in the middle of the screen below, its keys named inside; escape answers None."""

from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Frame

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer | None], Generic[Answer]):
    """Subclasses compose their Frame; `show` keeps it live while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_none", "Back", show=False, id="app.back")]

    def compose(self) -> ComposeResult:
        yield from self.body()

    def body(self) -> ComposeResult:
        """The framed box."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        """Take in a new frame."""
        for part in self.query(Frame):
            part.show(view)

    def action_dismiss_none(self) -> None:
        self.dismiss(None)
