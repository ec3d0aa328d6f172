"""The line that speaks up: a held order with its countdown, a dead engine, a terminal that is too small."""

from math import ceil

from textual.content import Content

from forge_tui.console.presentation import Tone, line, spread
from forge_tui.console.view import Crashed, View
from forge_tui.console.widgets.line import Line
from forge_tui.core.text import one_line


class Notice(Line):
    """Shown only while there is something to say."""

    SPEAKS_UP = True

    def show(self, view: View) -> None:
        self.display = bool(_words(view))
        super().show(view)

    def content(self, view: View, width: int) -> Content:
        words = _words(view)
        self.set_class(isinstance(view.engine, Crashed), "-bad")
        return spread(line(f" {one_line(words, max(1, width - 30))}"), _keys(view), width)


def _words(view: View) -> str:
    if view.held is not None:
        return f"{view.held.words} in {max(0, ceil(view.held.due_mono - view.now_mono))} s"
    if isinstance(view.engine, Crashed):
        return f"engine crashed: {view.engine.summary}"
    return ""


def _keys(view: View) -> Content:
    if view.held is not None:
        return line(("⏎", f"bold {Tone.ACCENT}"), " now  ", ("u", f"bold {Tone.ACCENT}"), " undo ")
    return line(("F12", f"bold {Tone.ACCENT}"), " traceback ")
