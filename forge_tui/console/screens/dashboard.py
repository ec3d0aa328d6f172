"""Mode 1: the pipeline at a glance."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.widgets.progress import ProgressPane


class DashboardScreen(ConsoleScreen):
    """Progress, queue, breaker, latency, failures, events."""

    FOOTER: ClassVar[tuple[str, ...]] = (
        "failures.retry",
        "failures.retry_filter",
        "mark.toggle",
        "mark.all",
        "list.open",
        "list.filter",
        "copy.id",
        "export.filter",
        "job.pause",
        "job.new",
    )

    def body(self) -> ComposeResult:
        with Vertical(id="body"), Horizontal(id="top"):
            yield ProgressPane(id="progress")
