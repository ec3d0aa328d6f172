"""Debug."""

from textual.app import ComposeResult

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame


class DebugDialogFrame(Frame):
    """The box."""

    NAME = "Debug"


class DebugDialog(Dialog[None]):
    """Debug."""

    def body(self) -> ComposeResult:
        yield DebugDialogFrame()
