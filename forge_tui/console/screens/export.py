"""Where to write the rows that the filter leaves; a folder that holds results is never offered."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame
from forge_tui.telemetry import figures


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be written: so many of `of` rows, in words; `folder` is where, unless another is typed."""

    rows: int
    of: int
    words: str
    folder: str


class ExportFrame(Frame):
    """The box around the folder's name."""

    NAME = "Export"


class ExportDialog(Dialog[str]):
    """Answers the folder, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_none", "Back", show=False)]
    AUTO_FOCUS = "Input"

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._part = part

    def body(self) -> ComposeResult:
        part = self._part
        with ExportFrame() as frame:
            frame.caption(f"Export {figures.count(part.rows)} of {figures.count(part.of)} {part.words}", "esc")
            yield Label("folder", classes="hint", markup=False)
            yield Input(part.folder, compact=True)
            yield Label("CSV and JSON lines, with a report · ⏎ writes them", classes="hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if folder := event.value.strip():
            self.dismiss(folder)


def free_name(stem: str) -> str:
    """`./stem`, or with a number behind it where that is taken."""
    names = (f"./{stem}" if number == 1 else f"./{stem}-{number}" for number in count(1))
    return next(name for name in names if not Path(name).exists())
