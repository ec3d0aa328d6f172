"""Before the first job: what can be done from here; the first thing the console paints."""

from typing import ClassVar

from textual.app import ComposeResult

from forge_tui.console.screens.base import SCREENS, ConsoleScreen
from forge_tui.console.widgets.start import StartPane


class StartScreen(ConsoleScreen):
    """In the dashboard's place until there is a job."""

    CSS_PATH = None  # the app's own says all
    AUTO_FOCUS = ""  # one pane, nothing to choose in it
    FOOTER: ClassVar[tuple[str, ...]] = ("job.new", SCREENS, "app.quit")

    def body(self) -> ComposeResult:
        yield StartPane(id="start")
