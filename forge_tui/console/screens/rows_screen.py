"""A screen with a list of rows: what it exports and filters is that list."""

from collections.abc import Sequence
from pathlib import Path

from textual import work

from forge_tui.console.hub import EngineGone
from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.screens.row_list import RowList
from forge_tui.core.errors import ForgeError


class RowsScreen(ConsoleScreen):
    """`e` writes the rows that the filter leaves, `:filter` narrows them."""

    def filter_by(self, typed: str) -> None:
        """Narrow the list."""
        self.query_one(RowList).filter_by(typed)

    def action_export(self) -> None:
        rows = self.query_one(RowList)
        job = self.forge.view.job
        if not rows.list.ids:
            self.forge.say("no row to export")
            return
        folder = f"./{Path(job.file).stem}-{rows.NAME.lower()}"
        self._export(job.job_id, folder, tuple(rows.list.ids))

    @work(thread=True, exclusive=True, group="export", exit_on_error=False)
    def _export(self, job_id: int, folder: str, positions: Sequence[int]) -> None:
        try:
            where = self.forge.hub.export(job_id, folder, positions)
        except (ForgeError, EngineGone) as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self.forge.say, f"{len(positions)} rows as CSV and JSONL in {where}")
