"""Mode jobs."""

from textual.app import ComposeResult

from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.widgets.frame import Frame


class JobsFrame(Frame):
    """The frame of the mode."""

    NAME = "Jobs"


class JobsScreen(ConsoleScreen):
    """Mode jobs."""

    def body(self) -> ComposeResult:
        yield JobsFrame(id="jobs")
