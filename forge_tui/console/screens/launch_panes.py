"""The panes of the launch screen that hold files: the path as it is typed, and what is known of them."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input

from forge_tui.console.hub import Preview, refusal
from forge_tui.console.keys import Scope, bindings
from forge_tui.console.launch_lines import preview_lines
from forge_tui.console.paths import completed
from forge_tui.console.presentation import Tone, foreign, line
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Frame, Pane
from forge_tui.core.errors import ColumnUnknown, ForgeError


class PathFrame(Frame):
    """The box around the path."""

    NAME = "File"


class PathInput(Input):
    """Takes paths; tab completes what stands before the cursor's end, and goes on when nothing is left to complete."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.PATH)

    def action_complete(self) -> None:
        longer = completed(self.value)
        if longer == self.value:
            self.screen.focus_next()
        else:
            self.value = longer
            self.cursor_position = len(longer)


class PreviewPane(Pane):
    """What is known of the files; `failed` is why they cannot be read."""

    NAME = "Preview"
    preview: Preview | None = None
    failed: ForgeError | None = None
    reading: bool = False

    @property
    def columns(self) -> tuple[Sequence[str], str | None]:
        """The columns to choose the text from, and the one that is chosen."""
        if self.preview is not None:
            files = self.preview.files
            columns = list(dict.fromkeys(column for file in files for column in file.columns))
            return columns, next((file.text_column for file in files if file.text_column), None)
        return (self.failed.columns if isinstance(self.failed, ColumnUnknown) else ()), None

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - of files, not of the job
        if self.failed:
            return [line(("cannot be read", f"bold {Tone.BAD}")), *_wrapped(refusal(self.failed), width, height - 1)]
        if self.preview is None:
            words = (
                "reading …"
                if self.reading
                else "Type a path, or choose one at the left. Nothing is sent before you start."
            )
            return _wrapped(words, width, height)
        return preview_lines(self.preview, width, height)


def _wrapped(words: str, width: int, height: int) -> list[Content]:
    """Foreign words over as many lines as they need."""
    shown = foreign(words, width * max(1, height))
    return list(shown.wrap(width))[: max(0, height)] if width > 0 else []
