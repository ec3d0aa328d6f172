"""Breaker."""

from textual.app import ComposeResult

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame
from forge_tui.core.command import BreakerOrder


class BreakerMenuFrame(Frame):
    """The box."""

    NAME = "Breaker"


class BreakerMenu(Dialog[BreakerOrder]):
    """Breaker."""

    def body(self) -> ComposeResult:
        yield BreakerMenuFrame()
