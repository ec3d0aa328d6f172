"""Mode 1: the pipeline at a glance; which panes are there follows the terminal's size (console.tcss)."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from forge_tui.console.screens.base import SCREENS
from forge_tui.console.screens.detail_pane import DetailPane
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.rows_screen import RowsScreen
from forge_tui.console.widgets.breaker import BreakerPane
from forge_tui.console.widgets.by_class import ByClassPane
from forge_tui.console.widgets.crash import CrashPane
from forge_tui.console.widgets.events_tail import EventLine, EventsPane
from forge_tui.console.widgets.jobs_list import JobsPane
from forge_tui.console.widgets.latency import LatencyPane
from forge_tui.console.widgets.limits import LimitsPane
from forge_tui.console.widgets.progress import ProgressPane
from forge_tui.console.widgets.queue import QueuePane
from forge_tui.console.widgets.status_line import StatusLine


class DashboardScreen(RowsScreen):
    """Progress, queue, breaker, latency, failures, events."""

    FOOTER: ClassVar[tuple[str, ...]] = (
        "failures.retry",
        "failures.retry_filter",
        "mark.toggle",
        "list.open",
        "list.filter",
        "job.pause",
        "job.new",
        SCREENS,
        "limits.menu",
        "breaker.menu",
        "app.quit",
    )
    FOOTER_WIDE: ClassVar[tuple[str, ...]] = (
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
        SCREENS,
        "job.drain",
        "limits.menu",
        "breaker.menu",
        "app.quit",
    )
    AUTO_FOCUS = "#failure-rows"

    def body(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield JobsPane(id="jobs")
            with Vertical(id="now"):
                yield ProgressPane(id="progress")
                with Horizontal(id="gauges"):
                    yield QueuePane(id="queue")
                    yield BreakerPane(id="breaker")
                    yield LatencyPane(id="latency")
                    yield LimitsPane(id="limits")
        yield StatusLine(id="status")
        with Horizontal(id="charts"):
            yield LatencyPane(id="latency-wide")
            yield ByClassPane(id="by-class")
        yield CrashPane(id="crash")
        with Horizontal(id="lists"):
            yield FailureList(id="failures")
            yield DetailPane(id="detail")
        yield EventsPane(id="events")
        yield EventLine(id="event-line")

    def on_failure_list_current(self, message: FailureList.Current) -> None:
        self.query_one(DetailPane).follow(message.job_id, message.position, self.forge.hub.rows)
