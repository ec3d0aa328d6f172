"""The breaker menu: why it is as it is, its last changes, and the two orders by hand, each asked twice."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from forge_tui.console.keys import Scope, bindings, typed
from forge_tui.console.presentation import Tone, breaker_tone, foreign, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.command import BreakerOrder
from forge_tui.core.snapshot import BreakerChange
from forge_tui.telemetry import figures, frame

_CHANGES_SHOWN = 5
_MEANS = {
    BreakerOrder.TRIP: "open it: nothing is sent, tickets wait for the next probe",
    BreakerOrder.RESET: "close it: requests leave at once, whatever the provider answers",
}


class BreakerPane(Pane):
    """State and reason, what its rules see now, its history, and the two orders."""

    NAME = "Breaker"
    asked: BreakerOrder | None = None

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - the dialog is as high as it is
        breaker = view.job.breaker
        mark = line((frame.breaker_mark(breaker, view.now_mono), f"bold {breaker_tone(breaker)}"))
        shown = [mark, *(line(part) for part in frame.breaker_parts(breaker))]
        shown += [Content("")] + [
            self._change(change.at, change.state, change.reason, width) for change in self._last(view)
        ]
        return [
            *shown,
            Content(""),
            *map(self._order, BreakerOrder),
        ]

    def _last(self, view: View) -> tuple[BreakerChange, ...]:
        return view.job.breaker.history[-_CHANGES_SHOWN:]

    def _change(self, at: float, state: str, reason: str, width: int) -> Content:
        return foreign(f"{figures.time_of_day(at)}  {state:<9}  {reason}", width, Tone.DIM)

    def _order(self, order: BreakerOrder) -> Content:
        key = typed(self.app, f"breaker.{order}")
        sure = (f"{key} again", f"bold {Tone.WARN}") if self.asked is order else (key, f"bold {Tone.ACCENT}")
        return line(("[", Tone.DIM), sure, ("]", Tone.DIM), f" {_MEANS[order]}")


class BreakerMenu(Dialog[BreakerOrder]):
    """Answers the order that was asked for twice, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.BREAKER)

    def body(self) -> ComposeResult:
        yield BreakerPane()

    def action_ask(self, wanted: str) -> None:
        pane, order = self.query_one(BreakerPane), BreakerOrder(wanted)
        if pane.asked is order:
            self.dismiss(order)
        else:
            pane.asked = order
            pane.show(self.forge.view)
