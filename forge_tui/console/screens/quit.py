"""The quit dialog: drain, stop now, or stay; the job goes on while it is open."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from forge_tui.console.farewell import Leave
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
            spread(_choice("d", "drain in flight, then quit"), Content(home), width),
            _choice("k", f"stop now: {again} on resume"),
            _choice("esc", "stay"),
        ]


class QuitDialog(Dialog[Leave]):
    """Answers how to leave, or None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,enter", "leave('drain')", "Drain", show=False),
        Binding("k", "leave('now')", "Stop now", show=False),
    ]

    def body(self) -> ComposeResult:
        yield QuitPane()

    def action_leave(self, how: str) -> None:
        self.dismiss(Leave(how))


def _choice(key: str, words: str) -> Content:
    return line(("[", Tone.DIM), (key, f"bold {Tone.ACCENT}"), ("]", Tone.DIM), f" {words}")
