"""The key prompt: masked, handed to the engine, kept nowhere else."""

from textual.app import ComposeResult
from textual.widgets import Input, Label

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame

_HOW = (
    "The key goes to the engine and is kept for this session only.",
    "To keep it: set SARVAM_API_KEY, or start with --key-file FILE (0600).",
)


class KeyFrame(Frame):
    """The box around the masked input."""

    NAME = "API key"


class KeyPrompt(Dialog[str]):
    """Answers the key as typed, or None."""

    def body(self) -> ComposeResult:
        hints = [Label(words, markup=False, classes="hint") for words in _HOW]
        yield KeyFrame(Input(password=True, placeholder="paste or type it, enter", id="key"), *hints)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
