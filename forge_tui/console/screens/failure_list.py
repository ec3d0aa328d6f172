"""The framed list of failures: the dashboard and mode 3 share it; rows come from the store a page at a time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from forge_tui.console.hub import RowSource
from forge_tui.console.keys import Scope, bindings
from forge_tui.console.presentation import RETRY_TONES, Tone, foreign, line
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Frame
from forge_tui.console.widgets.virtual_list import Column, VirtualList
from forge_tui.core.errors import ForgeError
from forge_tui.core.failure import RULES, Burn
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.rows import FailureRow
from forge_tui.telemetry import figures

if TYPE_CHECKING:
    from forge_tui.console.app import ForgeApp

COLUMNS = (
    Column("ticket", 8),
    Column("class", 7),
    Column("code", 9),
    Column("tries", 5, right=True),
    Column("age", 3, right=True),
    Column("retry?", 8),
    Column("last message", 0),
)
REREAD_AFTER_S = 1.0


class FailureList(Frame):
    """Failed tickets with marks; `job_id` follows the snapshot."""

    NAME = "Failures"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FAILURES)
    DEFAULT_CSS = "FailureList > VirtualList { margin: 1 2 1 2; }"

    def compose(self) -> ComposeResult:
        yield VirtualList(COLUMNS, id="failure-rows")

    def on_mount(self) -> None:
        self._list = self.query_one(VirtualList)
        self._shown: tuple[int, int] = (0, -1)
        self._read_at = float("-inf")
        self._view = View()

    @property
    def forge(self) -> "ForgeApp":
        return self.app  # type: ignore[return-value]  # the console runs in no other app

    def show(self, view: View) -> None:
        self._view = view
        wanted = (view.job.job_id, view.job.failures_version)
        if wanted != self._shown and view.now_mono - self._read_at >= REREAD_AFTER_S:
            self._shown, self._read_at = wanted, view.now_mono
            self._read_positions(view.job.job_id, self.forge.hub.rows)
        self._caption()

    def _caption(self) -> None:
        failed, shown, marked = self._view.job.failed, len(self._list.ids), len(self._list.marks)
        of = f" {shown} of {failed}" if shown != failed else f" {failed}"
        name = line("Failures", of if failed else "", (f" · {marked} selected" if marked else "", Tone.ACCENT))
        self.caption(name, "/ filter")

    @work(thread=True, exclusive=True, group="failure-positions", exit_on_error=False)
    def _read_positions(self, job_id: int, rows: RowSource) -> None:
        positions = rows.failure_positions(job_id) if job_id else []
        self.app.call_from_thread(self._list.show_ids, positions)

    @work(thread=True, exclusive=True, group="failure-rows", exit_on_error=False)
    def _read_rows(self, job_id: int, ids: Sequence[int], rows: RowSource) -> None:
        try:
            page = rows.failures(job_id, after=ids[0] - 1, limit=len(ids))
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self._put, page)

    def on_virtual_list_wanted(self, message: VirtualList.Wanted) -> None:
        self._read_rows(self._view.job.job_id, message.ids, self.forge.hub.rows)

    def on_virtual_list_marked(self) -> None:
        self._caption()

    def _put(self, page: Sequence[FailureRow]) -> None:
        self._list.put_rows(cells_of(page, self._view.at))


def cells_of(page: Sequence[FailureRow], at: float) -> Mapping[int, Sequence[Content]]:
    """The rows of a page as cells."""
    return {row.position: _cells(row, at) for row in page}


def _cells(row: FailureRow, at: float) -> Sequence[Content]:
    rule = RULES[row.code]
    tries = row.service_attempts if rule.burn is Burn.SERVICE else row.ticket_attempts
    return (
        Content(ticket_label(row.position)),
        Content(row.complexity or figures.UNKNOWN),
        line((row.code, Tone.BAD)),
        Content(str(tries) if tries else figures.UNKNOWN),
        Content(figures.age(at - row.failed_at)),
        line((rule.retry_helps, RETRY_TONES[rule.retry_helps])),
        foreign(row.message, 200),
    )
