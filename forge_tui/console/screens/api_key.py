"""The key prompt: why a key is asked for, its masked input; handed to the engine, kept nowhere else."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Label

from forge_tui.console.presentation import Tone, foreign
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.view import Live, Refused, View
from forge_tui.console.widgets.frame import Frame
from forge_tui.core.failure import Code
from forge_tui.core.job import JobState

_HOW = (
    "The key goes to the engine and is kept for this session only.",
    "To keep it: set SARVAM_API_KEY, or start with --key-file FILE (0600).",
)
_WHY_CELLS = 68


class KeyFrame(Frame):
    """The box around the masked input."""

    NAME = "API key"


class KeyPrompt(Dialog[str]):
    """Answers the key as typed, or None."""

    def body(self) -> ComposeResult:
        why = Label(_why(self.forge.view), id="why")
        hints = [Label(words, markup=False, classes="hint") for words in _HOW]
        frame = KeyFrame(
            why, Input(password=True, placeholder="paste or type it, enter", id="key", compact=True), *hints
        )
        frame.caption(frame.NAME, "esc")
        yield frame

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


def _why(view: View) -> Content:
    """What a key is needed for now."""
    job, engine = view.job, view.engine
    if isinstance(engine, Refused):
        return foreign(engine.message, _WHY_CELLS, Tone.WARN)
    if job.state is JobState.HALTED and job.state_code == Code.AUTH:
        return foreign(f"{job.state_reason}; no ticket was lost", _WHY_CELLS, Tone.WARN)
    if isinstance(engine, Live) and engine.local:
        return Content("no API key: local rules answer, no AI")
    return Content("another key for this session")
