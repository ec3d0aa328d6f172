"""Beside the list of failures on wide screens: the one under the cursor; the job itself while nothing has failed."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from textual import work
from textual.content import Content

from forge_tui.console.hub import RowSource
from forge_tui.console.presentation import Tone, foreign, line
from forge_tui.console.screens.ticket import attempt_lines, facts, named_lines, text_of
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.core.errors import ForgeError
from forge_tui.core.job import JobRecord
from forge_tui.core.text import one_line
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.rows import AttemptRow, TicketRow
from forge_tui.telemetry import figures

_TEXT_LINES = 3
_FIRST = ("failed", "retry?")


class DetailPane(Pane):
    """Follows the cursor of the failures; reads only while it is on screen."""

    NAME = "Detail"
    _row: TicketRow | None = None
    _attempts: Sequence[AttemptRow] = ()
    _unread: tuple[int, int, RowSource] | None = None

    def follow(self, job_id: int, position: int | None, rows: RowSource) -> None:
        """Show this ticket of the job, once the pane is on screen."""
        self._unread = None
        if position is None:
            self._put(None, ())
        elif self.size.width:
            self._read(job_id, position, rows)
        else:
            self._unread = (job_id, position, rows)

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def _read(self, job_id: int, position: int, rows: RowSource) -> None:
        try:
            row, attempts = rows.ticket(job_id, position), rows.attempts(job_id, position)
        except (ForgeError, KeyError):
            return
        self.app.call_from_thread(self._put, row, attempts)

    def _put(self, row: TicketRow | None, attempts: Sequence[AttemptRow]) -> None:
        self._row, self._attempts = row, attempts
        self.show(self._view)

    def on_resize(self) -> None:
        super().on_resize()
        if self._unread is not None and self.size.width:
            self.follow(*self._unread)

    def show(self, view: View) -> None:
        if self._row is not None:
            self.caption(f"Detail {ticket_label(self._row.position)}", "⏎ opens")
        else:
            self.caption("This job" if view.job.job_id and not view.job.failed else self.NAME)
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:
        if self._row is not None:
            return _ticket(self._row, self._attempts, view, width, height)
        if view.job.failed:
            return [line(("the ticket under the cursor", Tone.FAINT))]
        return _job(view, width)


def _ticket(row: TicketRow, attempts: Sequence[AttemptRow], view: View, width: int, height: int) -> list[Content]:
    """Why it failed and each try first; where it is from, and more of its text, as far as there is room."""
    text = Content(one_line(text_of(row).plain, width * (_TEXT_LINES + 1))).wrap(width)
    known = list(facts(row, attempts, view, width))
    first = [part for name, lines in known if name in _FIRST for part in lines]
    head, *tries = [*attempt_lines(attempts, width)] or [Content("")]
    room = max(1, height - 1 - len(first) - 1)
    tried = [head, *tries[-room:]] if tries else []
    left = height - 1 - len(first) - len(tried)
    others: list[Content] = []
    for name, lines in known:
        if name not in _FIRST and len(others) + len(lines) <= left:
            others += lines
    shown_text = _first_of(text, min(_TEXT_LINES, 1 + left - len(others)), width)
    gap = [Content("")] * (left - len(others) - (len(shown_text) - 1) >= 2)
    return [*shown_text, *gap, *tried, *gap, *first, *others][:height]


def _first_of(lines: Sequence[Content], count: int, width: int) -> list[Content]:
    """The first so many lines; the last tells that there are more."""
    if len(lines) <= count:
        return list(lines)
    return [*lines[: count - 1], line(lines[count - 1].rstrip().truncate(width - 1), "…")]


def _job(view: View, width: int) -> list[Content]:
    """What runs, as long as no ticket needs to be looked at."""
    if not view.job.job_id:
        return []
    record = next((job for job in view.jobs if job.job_id == view.job.job_id), None)
    known = [part for name, words in _job_facts(view, record) for part in named_lines(name, foreign(words, 400), width)]
    told = "What fails stands at the left; its text, every try and what to do about it stand here."
    return [*known, Content(""), *line((told, Tone.FAINT)).wrap(width)]


def _job_facts(view: View, record: JobRecord | None) -> Iterator[tuple[str, str]]:
    job, spec = view.job, None if record is None else record.spec
    yield "file", f"{job.file} · {figures.count(job.total)} tickets"
    if spec is not None and spec.text_column:
        yield "text", f"column {spec.text_column}"
    host = "" if spec is None or spec.answered_here else urlsplit(spec.base_url).netloc
    yield "answers", " · ".join(part for part in (job.provider, job.model, host) if part)
    if job.started_at is not None:
        yield "started", f"{figures.time_of_day(job.started_at)}Z"
    yield "results", job.exported_to or "written when the job ends; on screen 2, e writes them now"
