"""One ticket whole: its text, what became of it, its twins, and every request it rode in."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from forge_tui.console.presentation import Tone, foreign, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.widgets.frame import Frame
from forge_tui.core.errors import ForgeError
from forge_tui.core.failure import RULES, RetryHelps
from forge_tui.core.text import clean
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.rows import AttemptRow, TicketRow
from forge_tui.telemetry import figures

_WHY = {
    RetryHelps.NOW: "the cause may be over",
    RetryHelps.UNLIKELY: "the same answer is likely",
    RetryHelps.NO: "the text or a setting must change first",
}
_TEXT_CHARS = 20_000
_TWINS_NAMED = 6


def ticket_lines(row: TicketRow, attempts: Sequence[AttemptRow], currency: str, cells: int) -> Iterator[Content]:
    """Everything that is known of a ticket, in lines; foreign words cleaned, never parsed."""
    yield Content(clean(row.text[:_TEXT_CHARS]))
    yield Content("")
    label = row.classification
    if label is not None:
        yield line(("category  ", Tone.DIM), f"{label.category:<16}", ("priority  ", Tone.DIM), label.priority)
        yield line(("summary   ", Tone.DIM), foreign(label.summary, cells - 10))
    if row.code is not None:
        rule = RULES[row.code]
        yield line(("failed    ", Tone.DIM), (row.code, Tone.BAD), " ", foreign(row.message, cells - 22))
        yield line(("advice    ", Tone.DIM), rule.advice)
        yield line(("retry?    ", Tone.DIM), f"{rule.retry_helps}: {_WHY[rule.retry_helps]}")
    yield line(("from      ", Tone.DIM), _from(row, currency))
    if row.twins:
        named = " ".join(ticket_label(twin) for twin in row.twins[:_TWINS_NAMED])
        yield line(("also for  ", Tone.DIM), f"{len(row.twins)} twins: {named}")
    yield line(
        ("class     ", Tone.DIM),
        f"{row.complexity or figures.UNKNOWN} · {row.words} words · ",
        foreign(str(row.origin), 60),
    )
    for number, attempt in enumerate(attempts, start=1):
        yield _attempt(number, attempt, cells)


def _from(row: TicketRow, currency: str) -> str:
    if row.leader is not None:
        return f"twin of {ticket_label(row.leader)}"
    if row.batch is None:
        return str(row.source or row.state)
    cost = f" · {figures.money(row.cost, currency)}" if currency else ""
    return f"b-{row.batch:04d} · {figures.count(row.tokens)} tokens{cost}"


def _attempt(number: int, attempt: AttemptRow, cells: int) -> Content:
    status = str(attempt.http_status or figures.UNKNOWN)
    words = f"{attempt.code} {attempt.message}" if attempt.code else "valid"
    head = f"{number}  {figures.time_of_day(attempt.started_at)}  b-{attempt.batch:04d} ×{attempt.size}  {status:>3}"
    times = f"{attempt.latency_ms / 1000:.1f} s" + (
        f" after {attempt.wait_ms / 1000:.1f} s" if attempt.wait_ms >= 100 else ""
    )
    tone = Tone.BAD if attempt.code else Tone.GOOD
    return line((f"{head}  {times}  ", Tone.DIM), foreign(words, max(8, cells - len(head) - len(times) - 4), tone))


class TicketFrame(Frame):
    """The box around the scrolling text."""

    NAME = "Ticket"


class TicketDialog(Dialog[None]):
    """Shows the ticket at `index` of `ids`; j and k go through the list it was opened from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "step(1)", "Next", show=False),
        Binding("k", "step(-1)", "Previous", show=False),
        Binding("y", "copy_id", "Copy", show=False),
    ]

    def __init__(self, job_id: int, ids: Sequence[int], index: int) -> None:
        super().__init__()
        self._job_id = job_id
        self._ids = ids
        self._index = index

    def body(self) -> ComposeResult:
        yield TicketFrame(VerticalScroll(Static("", markup=False)))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(VerticalScroll).focus()
        self._read(self._ids[self._index])

    def action_step(self, by: int) -> None:
        self._index = max(0, min(len(self._ids) - 1, self._index + by))
        self._read(self._ids[self._index])

    def action_copy_id(self) -> None:
        self.forge.copy(ticket_label(self._ids[self._index]))

    @work(thread=True, exclusive=True, group="ticket", exit_on_error=False)
    def _read(self, position: int) -> None:
        rows = self.forge.hub.rows
        try:
            row, attempts = rows.ticket(self._job_id, position), rows.attempts(self._job_id, position)
        except ForgeError as error:
            self.app.call_from_thread(self.forge.say, str(error), severity="error")
            return
        self.app.call_from_thread(self._put, row, attempts)

    def _put(self, row: TicketRow, attempts: Sequence[AttemptRow]) -> None:
        frame = self.query_one(TicketFrame)
        frame.caption(ticket_label(row.position), "y copy  j k next prev  esc")
        lines = ticket_lines(row, attempts, self.forge.view.job.currency, max(20, frame.room))
        self.query_one(Static).update(Content("\n").join(list(lines)))
