"""Mode 3: the failures alone, with the detail of the one under the cursor where there is room."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from forge_tui.console.screens.detail_pane import DetailPane
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.rows_screen import RowsScreen


class FailuresScreen(RowsScreen):
    """The list at full height."""

    FOOTER: ClassVar[tuple[str, ...]] = (
        "failures.retry",
        "failures.retry_filter",
        "failures.cluster",
        "mark.toggle",
        "list.open",
        "list.filter",
    )
    FOOTER_WIDE: ClassVar[tuple[str, ...]] = (
        *("failures.retry", "failures.retry_filter", "failures.cluster", "mark.toggle", "mark.range", "mark.all"),
        *("list.open", "list.filter", "list.sort", "copy.id", "export.filter"),
    )
    AUTO_FOCUS = "#failure-rows"

    def body(self) -> ComposeResult:
        with Horizontal(id="lists"):
            yield FailureList(id="failures")
            yield DetailPane(id="detail")

    def on_failure_list_current(self, message: FailureList.Current) -> None:
        self.query_one(DetailPane).follow(message.job_id, message.position, self.forge.hub.rows)
