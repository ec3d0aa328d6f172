"""Limits."""

from textual.app import ComposeResult

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame
from forge_tui.core.command import SetLimits


class LimitsMenuFrame(Frame):
    """The box."""

    NAME = "Limits"


class LimitsMenu(Dialog[SetLimits]):
    """Limits."""

    def body(self) -> ComposeResult:
        yield LimitsMenuFrame()
