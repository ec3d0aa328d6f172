"""What is left of a dead engine: where in the code it died, without any value that was there."""

from textual.content import Content

from forge_tui.console.presentation import Tone, line
from forge_tui.console.view import Crashed, View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.text import one_line


class CrashPane(Pane):
    """The end of the traceback; results that were acknowledged are on disk, and can be exported."""

    NAME = "Engine crashed"
    SPEAKS_UP = True

    def show(self, view: View) -> None:
        self.display = isinstance(view.engine, Crashed)
        if isinstance(view.engine, Crashed):
            self.caption(self.NAME, view.engine.log_path)
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        if not isinstance(view.engine, Crashed):
            return []
        told = "What was answered is on disk: e exports, q quits, the job can be resumed."
        traceback = view.engine.traceback.rstrip().split("\n")[-max(1, height - 2) :]
        return [
            Content(one_line(told, width)),
            Content(""),
            *(line((one_line(row, width), Tone.DIM)) for row in traceback),
        ]
