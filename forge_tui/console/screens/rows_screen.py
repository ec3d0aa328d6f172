"""A screen with a list of rows: what it exports, filters and counts in its footer is that list."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from textual import work
from textual.binding import ActiveBinding

from forge_tui.console.hub import EngineGone
from forge_tui.console.paths import free_name
from forge_tui.console.screens.ask import AskDialog
from forge_tui.console.screens.base import ConsoleScreen
from forge_tui.console.screens.row_list import FilterInput, RowList
from forge_tui.console.widgets.footer import Hint
from forge_tui.core.errors import ForgeError
from forge_tui.telemetry import figures


class RowsScreen(ConsoleScreen):
    """`e` writes the rows that the filter leaves, `:filter` narrows them, escape shows them all again."""

    def filter_by(self, typed: str) -> None:
        """Narrow the list."""
        self.query_one(RowList).filter_by(typed)

    def label(self, key_id: str, *, wide: bool) -> str:
        """The label with the number of rows it is about."""
        words = super().label(key_id, wide=wide)
        rows = self.query_one(RowList).count_of(key_id)
        return f"{words} {figures.count(rows)}" if rows else words

    def offers(self, bound: ActiveBinding) -> bool:
        """An empty list takes a filter, whose letters would be keys otherwise; there is nothing to filter in it."""
        rows = self.query_one(RowList).list
        idle = bound.binding.id == "list.filter" and not rows.ids and not rows.narrowed
        return super().offers(bound) and not idle

    def hints(self) -> Iterator[Hint]:
        """The footer's entries; while a filter is typed, letters are no keys."""
        if isinstance(self.focused, FilterInput):
            yield Hint("⏎", "Filter")
            yield Hint("esc", "Clear")
        else:
            yield from super().hints()

    def can_export(self) -> bool:
        return bool(self.query_one(RowList).list.ids)

    def action_step_back(self) -> None:
        rows = self.query_one(RowList)
        if self.maximized is None and rows.typed:
            rows.filter_by("")
        else:
            super().action_step_back()

    def action_export(self) -> None:
        rows, job = self.query_one(RowList), self.forge.view.job
        positions = tuple(rows.list.ids)
        if not positions:
            self.forge.say("no row to export")
            return
        words = rows.NAME.lower()
        of = max(len(positions), job.done if words == "results" else job.failed)
        dialog = AskDialog(
            f"Export {figures.count(len(positions))} of {figures.count(of)} {words}",
            asked="folder",
            start=free_name(f"{Path(job.file).stem}-{words}-part"),
            hint="CSV and JSON lines, with a report · ⏎ writes them",
        )

        def chosen(folder: str | None) -> None:
            if folder:
                self._export(job.job_id, folder, positions)

        self.app.push_screen(dialog, chosen)

    @work(thread=True, exclusive=True, group="export", exit_on_error=False)
    def _export(self, job_id: int, folder: str, positions: Sequence[int]) -> None:
        try:
            where = self.forge.hub.export(job_id, folder, positions)
        except (ForgeError, EngineGone) as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        told = f"{figures.count(len(positions))} rows as CSV and JSON lines in {where}"
        self.app.call_from_thread(self.forge.say, told)
