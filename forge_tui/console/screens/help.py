"""Help."""

from textual.app import ComposeResult

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame


class HelpDialogFrame(Frame):
    """The box."""

    NAME = "Help"


class HelpDialog(Dialog[None]):
    """Help."""

    def body(self) -> ComposeResult:
        yield HelpDialogFrame()
