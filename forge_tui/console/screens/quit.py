"""The quit dialog: drain, stop now, or stay."""

from enum import Enum

from textual.app import ComposeResult

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame


class Leave(Enum):
    """How to leave while work is running."""

    DRAIN = "drain"
    NOW = "now"


class QuitFrame(Frame):
    """The box."""

    NAME = "Quit?"


class QuitDialog(Dialog[Leave]):
    """Answers how to leave, or None to stay."""

    def body(self) -> ComposeResult:
        yield QuitFrame()
