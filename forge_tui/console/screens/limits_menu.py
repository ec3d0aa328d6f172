"""The limits menu: slots, requests a minute and budget, changed while the job runs."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label

from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Frame
from forge_tui.core.command import SetLimits

_FIELDS = (
    ("slots", "slots", "requests in flight at most"),
    ("rpm", "requests/min", "0 takes the limit off"),
    ("budget", "budget", "0 takes the limit off"),
)
MOST_SLOTS = 2000


class LimitsFrame(Frame):
    """The box around the three inputs."""

    NAME = "Limits"


class LimitsMenu(Dialog[SetLimits]):
    """Answers what is to change; an empty field stays as it is. `start` fills the fields, else the running job does."""

    def __init__(self, start: SetLimits | None = None) -> None:
        super().__init__()
        self._start = start
        self._filled = False

    def body(self) -> ComposeResult:
        rows = [
            Horizontal(
                Label(label, markup=False, classes="field"),
                Input(id=name, select_on_focus=True, compact=True),
                Label(hint, markup=False, classes="hint"),
            )
            for name, label, hint in _FIELDS
        ]
        yield LimitsFrame(*rows, Label("enter sets them, esc leaves them", markup=False, id="limits-say"))

    def show(self, view: View) -> None:
        super().show(view)
        if self._filled:
            return
        self._filled = True
        limits = view.job.limits
        start = self._start or SetLimits(0, limits.slots_cap or None, limits.requests_per_min, view.job.max_cost)
        self.query_one("#slots", Input).value = str(start.concurrency or "")
        self.query_one("#rpm", Input).value = f"{start.requests_per_min:g}" if start.requests_per_min else ""
        self.query_one("#budget", Input).value = f"{start.max_cost:g}" if start.max_cost else ""
        self.query_one("#slots", Input).focus()

    def on_input_submitted(self) -> None:
        try:
            slots, rpm, budget = (self._number(name) for name, _, _ in _FIELDS)
        except ValueError as wrong:
            self.query_one("#limits-say", Label).update(str(wrong))
            return
        if slots is not None and not (1 <= slots <= MOST_SLOTS and slots == int(slots)):
            self.query_one("#limits-say", Label).update(f"slots: a whole number from 1 to {MOST_SLOTS}")
            return
        self.dismiss(SetLimits(0, None if slots is None else int(slots), rpm, budget))

    def _number(self, name: str) -> float | None:
        text = self.query_one(f"#{name}", Input).value.strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{name}: a number is needed") from None
        if not 0 <= value < 1e9:
            raise ValueError(f"{name}: a number from 0")
        return value
