"""Mode results."""

from textual.app import ComposeResult

from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.widgets.frame import Frame


class ResultsFrame(Frame):
    """The frame of the mode."""

    NAME = "Results"


class ResultsScreen(ConsoleScreen):
    """Mode results."""

    def body(self) -> ComposeResult:
        yield ResultsFrame(id="results")
