"""New job."""

from textual.app import ComposeResult

from forge_tui.console.hub import Launch
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame


class LaunchScreenFrame(Frame):
    """The box."""

    NAME = "New job"


class LaunchScreen(Dialog[Launch]):
    """New job."""

    def body(self) -> ComposeResult:
        yield LaunchScreenFrame()
