"""A dialog: a framed box in the middle of the screen below, its keys named inside; escape answers None."""

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

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
        Binding("f1", "app.help", show=False),
        Binding("f8", "app.shot", show=False),
        Binding("f12", "app.debug", show=False),
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
