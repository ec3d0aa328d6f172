"""The quit dialog: drain, stop now, or stay; the job goes on while it is open."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from forge_tui.console.farewell import Leave
from forge_tui.console.keys import Scope, bindings, typed
from forge_tui.console.presentation import Tone, line, spread
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.job import job_label
from forge_tui.telemetry import figures


class QuitPane(Pane):
    """What is under way, and what each way of leaving costs."""

    NAME = "Quit?"

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - four lines at any height
        job = view.job
        requests = sum(part.requests_in_flight for part in job.classes)
        flying = f"{figures.count(job.in_flight)} tickets in flight ({requests} requests)"
        waiting = job.queued + job.waiting + job.twins
        slowest = max((part.latency.p95 for part in job.classes), default=0.0)
        home = f"≈ {figures.clock(slowest)}" if job.in_flight else "at once"
        again = (
            f"{figures.count(job.in_flight)} tickets are paid for again" if job.in_flight else "nothing is paid again"
        )
        return [
            line((job_label(job.job_id), Tone.STRONG), f": {flying}, {figures.count(waiting)} waiting."),
            spread(self._choice("quit.drain", "drain in flight, then quit"), Content(home), width),
            self._choice("quit.now", f"stop now: {again} on resume"),
            self._choice("app.back", "stay"),
        ]

    def _choice(self, key_id: str, words: str) -> Content:
        return line(("[", Tone.DIM), (typed(self.app, key_id), f"bold {Tone.ACCENT}"), ("]", Tone.DIM), f" {words}")


class QuitDialog(Dialog[Leave]):
    """Answers how to leave, or None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.QUIT)

    def body(self) -> ComposeResult:
        yield QuitPane()

    def action_leave(self, how: str) -> None:
        self.dismiss(Leave(how))
