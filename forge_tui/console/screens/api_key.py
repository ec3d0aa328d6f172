"""API key."""

from textual.app import ComposeResult

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame


class KeyPromptFrame(Frame):
    """The box."""

    NAME = "API key"


class KeyPrompt(Dialog[str]):
    """API key."""

    def body(self) -> ComposeResult:
        yield KeyPromptFrame()
