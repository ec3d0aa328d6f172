"""A framed list of a job's rows from the store: positions and pages read in workers, a filter line, an order, copies."""

import json
from asyncio import wrap_future
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from forge_tui.console.hub import RowSource
from forge_tui.console.kept_back import KeptBack
from forge_tui.console.presentation import Tone, line
from forge_tui.console.screens.answers import Answer, Question
from forge_tui.console.screens.sort import AS_IN_THE_INPUT, SortDialog, Sorting
from forge_tui.console.screens.ticket import TicketDialog, ticket_json
from forge_tui.console.view import View
from forge_tui.console.widgets.foot import Foot
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.list_messages import Asked, Moved, Opened, Wanted
from forge_tui.console.widgets.virtual_list import PAGE, Column, VirtualList
from forge_tui.core.errors import ForgeError
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.filters import Order

if TYPE_CHECKING:
    from forge_tui.console.desk import Desk

REREAD_AFTER_S = 1.0
ANSWER_WITHIN_S = 0.1  # so long a list's old rows stand there unseen; then it is drawn as it is
_READING = line(("reading …", Tone.DIM))
# Of its own: a worker thread of Textual's starts with the next free moment of the loop.
_READERS = ThreadPoolExecutor(4, thread_name_prefix="forge-rows")

_Rows = Mapping[int, Any]


class FilterInput(Input):
    """The filter line; escape clears it."""

    # A user's own key for `app.back` may be a letter, which the line would take.
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "clear_filter", "Clear", show=False)]

    def action_clear_filter(self) -> None:
        self.value = ""
        self.post_message(self.Submitted(self, ""))


class RowList(Frame):
    """Rows of the job on screen; subclasses say which, and how a row looks."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    ORDERS: ClassVar[tuple[Order, ...]] = (Order.TICKET,)
    ROWS_ID: ClassVar[str] = "rows"
    WITH_MARKS: ClassVar[bool] = True
    FOOT_FROM: ClassVar[int] = 12  # lines of the pane: a lower one keeps them all for its rows
    DEFAULT_CSS = """
    RowList > VirtualList { margin: 1 2 1 2; }
    RowList > FilterInput { dock: top; display: none; margin: 1 2 0 2; height: 1; border: none; padding: 0; }
    RowList > Foot { dock: bottom; display: none; margin: 0 2 1 2; }
    RowList.-filtering > FilterInput { display: block; }
    RowList.-filtering > VirtualList { margin: 0 2 1 2; }
    RowList.-foot > Foot { display: block; }
    RowList.-foot > VirtualList { margin: 1 2 0 2; }
    RowList.-filtering.-foot > VirtualList { margin: 0 2 0 2; }
    """

    def compose(self) -> ComposeResult:
        yield FilterInput(placeholder=self.filter_example(), compact=True)
        yield VirtualList(self.COLUMNS, cells=self.cells, id=self.ROWS_ID, marks=self.WITH_MARKS)
        yield Foot()

    def on_mount(self) -> None:
        self.list = self.query_one(VirtualList)
        self.list.say_of_nothing(_READING)
        self.typed = ""
        self.sorting = AS_IN_THE_INPUT
        self._asked, self._answered = Question(), Question()
        self._kept_back = KeptBack(self)
        self._read_at = self._redrawn_at = float("-inf")
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
        """Why what was typed is no filter; empty where it is one."""
        raise NotImplementedError

    def positions(self, rows: RowSource, asked: Question) -> Sequence[int]:
        """All positions that the filter leaves, in the order asked for; blocks."""
        raise NotImplementedError

    def page(self, rows: RowSource, job_id: int, positions: Sequence[int]) -> Sequence[Any]:
        """The rows at these positions, as far as they still are in the list; blocks."""
        raise NotImplementedError

    def cells(self, row: Any) -> Sequence[Content]:
        """One row as cells."""
        raise NotImplementedError

    def name_shown(self, shown: int) -> Content:
        """The words at the left of the top edge."""
        raise NotImplementedError

    def nothing_shown(self) -> str:
        """What a list without a row says."""
        raise NotImplementedError

    def foot(self, width: int, height: int) -> Sequence[Content]:  # noqa: ARG002 - a list may have nothing to add
        """The lines at the foot."""
        return ()

    def count_of(self, key_id: str) -> int:
        """The number behind a key's label in the footer, 0 for none."""
        return len(self.list.ids) if key_id == "export.filter" else 0

    def job_changed(self, job_id: int) -> None:
        """Another job's rows are shown from now on."""

    def moved(self, position: int | None) -> None:
        """The cursor stands on another row."""

    def read_beside(self, rows: RowSource, asked: Question) -> Any:  # noqa: ARG002 - a list may need no more
        """What is read together with the positions; blocks."""
        return None

    def put_beside(self, read: Any) -> None:
        """What was read together with the positions."""

    # -- reading --------------------------------------------------------------------------------------------------

    def show(self, view: View) -> None:
        self.view = view
        before = self._asked
        wanted = Question(view.job.job_id, self.version(view), self.typed, self.sorting)
        rows_only = wanted == replace(before, version=wanted.version)
        if wanted != before and (not rows_only or view.now_mono - self._read_at >= REREAD_AFTER_S):
            self._asked, self._read_at = wanted, view.now_mono
            if wanted.job_id != before.job_id:
                self.list.forget_rows()
                self.list.show_ids(())
                self.list.say_of_nothing(_READING)
                self.job_changed(wanted.job_id)
            elif wanted.version != before.version:
                self.list.expire_rows()
            if not rows_only:
                self._kept_back.hold(ANSWER_WITHIN_S)
            self._ask(wanted, self.forge.hub.rows, with_rows=not rows_only)
        if view.now_mono - self._redrawn_at >= REREAD_AFTER_S:
            self._redrawn_at = view.now_mono
            self.list.redraw_changed()
        self._draw_words()

    def _draw_words(self) -> None:
        """The words of the top edge with the filter at the right, those of an empty list, those of the foot."""
        if self._answered.job_id == self.view.job.job_id:
            self.list.say_of_nothing(line((self.nothing_shown(), Tone.DIM)))
        self.caption(self.name_shown(len(self.list.ids)), f"/ {self.typed}" if self.typed else "/ filter")
        foot = self.query_one(Foot)
        if foot.size.width:
            foot.put(self.foot(*foot.size))

    def on_resize(self) -> None:
        self.set_class(self.size.height >= self.FOOT_FROM, "-foot")
        self.call_after_refresh(self._draw_words)

    def _ask(self, asked: Question, rows: RowSource, *, with_rows: bool) -> None:
        """Begin to read at once: a worker of Textual's begins when all messages are handled, 20 ms later."""
        if asked.job_id:
            known = self.forge.answer_to(type(self), asked)
            found = _READERS.submit(self._read_positions, asked, rows, known, with_rows=with_rows)
            self._await_answer(asked, found, rows, known)
        else:
            self._put_ids(asked, (), {})

    def _read_positions(
        self, asked: Question, rows: RowSource, known: Answer | None, *, with_rows: bool
    ) -> tuple[Sequence[int], _Rows]:
        """An answer to a new question comes with its first rows: asked for after it they would be seen to come."""
        positions = known.positions if known else self.positions(rows, asked)
        unknown = [at for at in positions[:PAGE] if self.list.row(at) is None] if with_rows else []
        first = self.page(rows, asked.job_id, unknown) if unknown else ()
        return positions, {row.position: row for row in first}

    @work(exclusive=True, group="positions", exit_on_error=False)
    async def _await_answer(
        self, asked: Question, found: "Future[tuple[Sequence[int], _Rows]]", rows: RowSource, known: Answer | None
    ) -> None:
        try:
            positions, first = await wrap_future(found)
            self._put_ids(asked, positions, first)
            # After it, not beside it: two that read at once take as long as one after another, and rows come first.
            beside = known.beside if known else await wrap_future(_READERS.submit(self.read_beside, rows, asked))
        except ForgeError as error:
            self._kept_back.let_go()
            self.forge.say(str(error), severity="error")
            return
        if asked == self._asked:
            self.forge.keep_answer(type(self), Answer(asked, positions, beside))
            self.put_beside(beside)
            self._draw_words()

    def _put_ids(self, asked: Question, positions: Sequence[int], first: _Rows) -> None:
        if asked != self._asked:
            return
        self._answered = asked
        self.list.put_rows(first)
        if not asked.typed:
            # What is no longer here has ended otherwise: nothing is left to mark.
            self.list.marks.intersection_update(positions)
        self.list.show_ids(positions)
        self._draw_words()
        self._kept_back.let_go()

    @work(thread=True, group="pages", exit_on_error=False)
    def _read_page(self, asked: Question, ids: tuple[int, ...], rows: RowSource) -> None:
        try:
            page = self.page(rows, asked.job_id, ids)
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self._put_rows, asked, {row.position: row for row in page})

    def _put_rows(self, asked: Question, found: Mapping[int, Any]) -> None:
        if (asked.job_id, asked.version) == (self._asked.job_id, self._asked.version):
            self.list.put_rows(found)
            self._draw_words()

    # -- keys -----------------------------------------------------------------------------------------------------

    def on_virtual_list_wanted(self, message: Wanted) -> None:
        self._read_page(self._asked, message.ids, self.forge.hub.rows)

    def on_virtual_list_marked(self) -> None:
        self._draw_words()

    def on_virtual_list_moved(self, message: Moved) -> None:
        self.moved(message.row_id)
        self._draw_words()

    def on_virtual_list_opened(self, message: Opened) -> None:
        self.app.push_screen(TicketDialog(self._asked.job_id, self.list.ids, self.list.ids.index(message.row_id)))

    def on_virtual_list_asked(self, message: Asked) -> None:
        match message.what:
            case "filter":
                self.add_class("-filtering")
                self.query_one(FilterInput).focus()
            case "sort":
                self.app.push_screen(SortDialog(self.ORDERS, self.sorting), self._sort)
            case "copy_id" if self.list.current is not None:
                self.forge.copy(ticket_label(self.list.current))
            case "copy_row" if self.list.current is not None:
                self._copy_row(self._asked.job_id, self.list.current, self.forge.hub.rows)

    def _sort(self, sorting: Sorting | None) -> None:
        if sorting is not None:
            self.sorting = sorting
            self.show(self.view)

    @work(thread=True, exclusive=True, group="copy", exit_on_error=False)
    def _copy_row(self, job_id: int, position: int, rows: RowSource) -> None:
        try:
            row = rows.ticket(job_id, position)
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self.forge.copy, json.dumps(ticket_json(row), ensure_ascii=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.filter_by(event.value):
            self.remove_class("-filtering")
            self.list.focus()

    def filter_by(self, typed: str) -> bool:
        """Narrow the list; what is no filter is told, changes nothing, and answers False."""
        if wrong := self.wrong_in(typed):
            # Half understood it would leave more rows than were meant, and `R` would ask them all again.
            self.forge.say(wrong, severity="warning")
            return False
        self.typed = " ".join(typed.split())
        self.list.narrowed = bool(self.typed)
        self.query_one(FilterInput).value = self.typed
        self.show(self.view)
        return True
