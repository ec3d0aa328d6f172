"""Mode failures."""

from textual.app import ComposeResult

from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.widgets.frame import Frame


class FailuresFrame(Frame):
    """The frame of the mode."""

    NAME = "Failures"


class FailuresScreen(ConsoleScreen):
    """Mode failures."""

    def body(self) -> ComposeResult:
        yield FailuresFrame(id="failures")
