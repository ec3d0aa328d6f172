"""Mode events."""

from textual.app import ComposeResult

from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.widgets.frame import Frame


class EventsFrame(Frame):
    """The frame of the mode."""

    NAME = "Events"


class EventsScreen(ConsoleScreen):
    """Mode events."""

    def body(self) -> ComposeResult:
        yield EventsFrame(id="events")
