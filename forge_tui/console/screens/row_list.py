"""A framed list of a job's rows from the store: positions and pages read in workers, a filter line, copies, the detail."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from forge_tui.console.hub import RowSource
from forge_tui.console.screens.ticket import TicketDialog
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.virtual_list import Column, VirtualList
from forge_tui.core.errors import ForgeError
from forge_tui.core.ticket import ticket_label

if TYPE_CHECKING:
    from forge_tui.console.desk import Desk

REREAD_AFTER_S = 1.0


class FilterInput(Input):
    """The filter line; escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "clear_filter", "Clear", show=False)]

    def action_clear_filter(self) -> None:
        self.value = ""
        self.post_message(self.Submitted(self, ""))


class RowList(Frame):
    """Rows of the job on screen; subclasses say which, and how a row looks."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    ROWS_ID: ClassVar[str] = "rows"
    WITH_MARKS: ClassVar[bool] = True
    DEFAULT_CSS = """
    RowList > VirtualList { margin: 1 2 1 2; }
    RowList > FilterInput { dock: top; display: none; margin: 1 2 0 2; height: 1; border: none; padding: 0; }
    RowList.-filtering > FilterInput { display: block; }
    RowList.-filtering > VirtualList { margin: 0 2 1 2; }
    """

    def compose(self) -> ComposeResult:
        yield FilterInput(placeholder=self.filter_example(), compact=True)
        yield VirtualList(self.COLUMNS, id=self.ROWS_ID, marks=self.WITH_MARKS)

    def on_mount(self) -> None:
        self.list = self.query_one(VirtualList)
        self.typed = ""
        self.last_first = False
        self._shown: tuple[object, ...] = ()
        self._read_at = float("-inf")
        self.view = View()

    @property
    def forge(self) -> "Desk":
        """The app, as what it is."""
        return self.app  # type: ignore[return-value]  # the console runs in no other app

    # -- what subclasses say --------------------------------------------------------------------------------------

    def filter_example(self) -> str:
        """What the empty filter line shows."""
        raise NotImplementedError

    def version(self, view: View) -> int:
        """Grows when the rows have changed."""
        raise NotImplementedError

    def wrong_in(self, typed: str) -> str:
        """What of a filter is not understood."""
        raise NotImplementedError

    def positions(self, rows: RowSource, job_id: int, typed: str) -> Sequence[int]:
        """All positions that the filter leaves; blocks."""
        raise NotImplementedError

    def page(self, rows: RowSource, job_id: int, after: int, limit: int) -> Sequence[Any]:
        """Rows after a position, whatever the filter; blocks."""
        raise NotImplementedError

    def cells(self, row: Any) -> Sequence[Content]:
        """One row as cells."""
        raise NotImplementedError

    def name_shown(self, shown: int) -> Content:
        """The words at the left of the top edge."""
        raise NotImplementedError

    # -- reading --------------------------------------------------------------------------------------------------

    def show(self, view: View) -> None:
        self.view = view
        wanted = (view.job.job_id, self.version(view), self.typed, self.last_first)
        if wanted != self._shown and (self._shown[2:] != wanted[2:] or view.now_mono - self._read_at >= REREAD_AFTER_S):
            if self._shown[:1] != wanted[:1]:
                self.list.marks.clear()
            self._shown, self._read_at = wanted, view.now_mono
            self.list.forget_rows()
            self._read_positions(view.job.job_id, self.typed, self.forge.hub.rows)
        self.draw_caption()

    def draw_caption(self) -> None:
        """The words of the top edge, with the filter at the right."""
        self.caption(self.name_shown(len(self.list.ids)), f"/ {self.typed}" if self.typed else "/ filter")

    @work(thread=True, exclusive=True, group="positions", exit_on_error=False)
    def _read_positions(self, job_id: int, typed: str, rows: RowSource) -> None:
        try:
            positions = self.positions(rows, job_id, typed) if job_id else []
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self._put_ids, positions)

    def _put_ids(self, positions: Sequence[int]) -> None:
        if not self.typed:
            # What is no longer here has ended otherwise: nothing is left to mark.
            self.list.marks.intersection_update(positions)
        self.list.show_ids(list(reversed(positions)) if self.last_first else positions)
        self.draw_caption()

    @work(thread=True, group="pages", exit_on_error=False)
    def _read_page(self, job_id: int, ids: tuple[int, ...], rows: RowSource) -> None:
        wanted, found = set(ids), dict[int, Any]()
        after, last = min(ids) - 1, max(ids)
        try:
            while after < last and len(found) < len(ids):
                page = self.page(rows, job_id, after, len(ids))
                if not page:
                    break
                found |= {row.position: row for row in page if row.position in wanted}
                after = page[-1].position
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self._put_rows, found)

    def _put_rows(self, found: Mapping[int, Any]) -> None:
        self.list.put_rows({position: self.cells(row) for position, row in found.items()})

    # -- keys -----------------------------------------------------------------------------------------------------

    def on_virtual_list_wanted(self, message: VirtualList.Wanted) -> None:
        self._read_page(self.view.job.job_id, message.ids, self.forge.hub.rows)

    def on_virtual_list_marked(self) -> None:
        self.draw_caption()

    def on_virtual_list_opened(self, message: VirtualList.Opened) -> None:
        ids = list(self.list.ids)
        self.app.push_screen(TicketDialog(self.view.job.job_id, ids, ids.index(message.row_id)))

    def on_virtual_list_asked(self, message: VirtualList.Asked) -> None:
        match message.what:
            case "filter":
                self.add_class("-filtering")
                self.query_one(FilterInput).focus()
            case "sort":
                self.last_first = not self.last_first
                self.forge.say("last ticket first" if self.last_first else "first ticket first")
                self.show(self.view)
            case "copy_id" if self.list.current is not None:
                self.forge.copy(ticket_label(self.list.current))
            case "copy_row" if self.list.current is not None:
                self._copy_row(self.view.job.job_id, self.list.current, self.forge.hub.rows)

    @work(thread=True, exclusive=True, group="copy", exit_on_error=False)
    def _copy_row(self, job_id: int, position: int, rows: RowSource) -> None:
        row = rows.ticket(job_id, position)
        label = row.classification
        told = {
            "ticket": ticket_label(row.position),
            "text": row.text,
            "category": label.category if label else None,
            "priority": label.priority if label else None,
            "summary": label.summary if label else None,
            "code": row.code,
            "error": row.message,
        }
        self.app.call_from_thread(self.forge.copy, json.dumps(told, ensure_ascii=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.filter_by(event.value)
        self.list.focus()

    def filter_by(self, typed: str) -> None:
        """Narrow the list; what is not understood is told."""
        self.typed = typed.strip()
        self.query_one(FilterInput).value = self.typed
        self.set_class(bool(self.typed), "-filtering")
        if wrong := self.wrong_in(self.typed):
            self.forge.say(f"not understood: {wrong}", severity="warning")
        self.show(self.view)
