"""A question with one line for an answer: a folder, a model."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame


class AskFrame(Frame):
    """The box around the line."""


class AskDialog(Dialog[str]):
    """Answers what was typed, stripped and not empty, or None. `start` stands in the line to begin with."""

    # A user's own key for `app.back` may be a letter, which the line would take.
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_none", "Back", show=False)]
    AUTO_FOCUS = "Input"

    def __init__(self, title: str, *, asked: str, start: str, hint: str) -> None:
        super().__init__()
        self._title, self._asked, self._start, self._hint = title, asked, start, hint

    def body(self) -> ComposeResult:
        with AskFrame() as frame:
            frame.caption(self._title, "esc")
            yield Label(self._asked, classes="hint", markup=False)
            yield Input(self._start, compact=True)
            yield Label(self._hint, classes="hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if typed := event.value.strip():
            self.dismiss(typed)
