"""The detail of the failure under the cursor, beside the list on wide screens."""

from collections.abc import Sequence

from textual import work
from textual.content import Content

from forge_tui.console.hub import RowSource
from forge_tui.console.presentation import Tone, line
from forge_tui.console.screens.ticket import attempt_lines, facts, text_of
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.errors import ForgeError
from forge_tui.core.text import one_line
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.rows import AttemptRow, TicketRow

_TEXT_LINES = 3


class DetailPane(Pane):
    """Follows the cursor of the failures; reads only while it is on screen."""

    NAME = "Detail"
    _row: TicketRow | None = None
    _attempts: Sequence[AttemptRow] = ()

    def follow(self, job_id: int, position: int | None, rows: RowSource) -> None:
        """Show this ticket of the job."""
        if position is None:
            self._put(None, ())
        elif self.size.width:
            self._read(job_id, position, rows)

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def _read(self, job_id: int, position: int, rows: RowSource) -> None:
        try:
            row, attempts = rows.ticket(job_id, position), rows.attempts(job_id, position)
        except (ForgeError, KeyError):
            return
        self.app.call_from_thread(self._put, row, attempts)

    def _put(self, row: TicketRow | None, attempts: Sequence[AttemptRow]) -> None:
        self._row, self._attempts = row, attempts
        self.caption(f"Detail {ticket_label(row.position)}" if row else "Detail", "⏎ opens" if row else "")
        self.show(self._view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        if self._row is None:
            return [line(("the ticket under the cursor", Tone.FAINT))] if view.job.failed else []
        words = Content(one_line(text_of(self._row).plain, width * _TEXT_LINES)).wrap(width)[:_TEXT_LINES]
        known = [*words, *facts(self._row, self._attempts, view, width)]
        head, *tried = [*attempt_lines(self._attempts, width)] or [Content("")]
        room = height - len(known) - 2
        return [*known, Content(""), head, *tried[-room:]][:height] if room > 0 and tried else known[:height]
