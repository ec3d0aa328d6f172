"""One ticket whole: its text, what became of it, its twins, and every request it rode in."""

import json
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from forge_tui.console.keys import as_binding
from forge_tui.console.presentation import RETRY_TONES, Piece, Tone, foreign, line
from forge_tui.console.screens.dialog import Dialog
from forge_tui.console.verdicts import retry_verdict, tries, wait_of
from forge_tui.console.view import View
from forge_tui.console.widgets.columns import Column, fitted, laid_out
from forge_tui.console.widgets.frame import Frame
from forge_tui.core.errors import ForgeError
from forge_tui.core.failure import RULES, Code
from forge_tui.core.text import clean
from forge_tui.core.ticket import ticket_label
from forge_tui.storage.rows import AttemptRow, TicketRow
from forge_tui.telemetry import figures

_TEXT_CHARS = 20_000
_TWINS_NAMED = 6
_NAME_CELLS = 10
_ANSWER_LINES = 3
_WAIT_WORTH_MS = 100
_ATTEMPTS = (
    Column("#", 2, right=True),
    Column("sent", 8),
    Column("batch", 10),
    Column("http", 4, right=True),
    Column("took", 5, right=True),
    Column("wait", 5, right=True, from_width=60),
    Column("tokens", 6, right=True, from_width=60),
    Column("outcome", 0),
)


def text_of(row: TicketRow) -> Content:
    """The ticket's own words, cleaned."""
    return Content(clean(row.text[:_TEXT_CHARS]))


def facts(
    row: TicketRow, attempts: Sequence[AttemptRow], view: View, cells: int
) -> Iterator[tuple[str, list[Content]]]:
    """What became of a ticket and where it is from: each name with its lines."""
    for name, *value in _facts(row, attempts, view, _ANSWER_LINES * cells):
        yield name, named_lines(name, line(*value), cells)


def named_lines(name: str, value: Content, cells: int) -> list[Content]:
    """A name and its value beside it; a long value goes on below itself."""
    parts = enumerate(value.wrap(max(8, cells - _NAME_CELLS)))
    return [line((f"{'' if number else name:<{_NAME_CELLS}}", Tone.DIM), part) for number, part in parts]


def _facts(
    row: TicketRow, attempts: Sequence[AttemptRow], view: View, answer_cells: int
) -> Iterator[tuple[str, *tuple[Piece, ...]]]:
    label = row.classification
    if label is not None:
        yield ("category", f"{label.category:<16}", ("priority  ", Tone.DIM), label.priority)
        yield ("summary", foreign(label.summary, 1000))
        if label.flags:
            yield ("flags", foreign(", ".join(label.flags), 200))
    if row.truncated:
        yield ("text", ("cut in the middle before it was sent", Tone.WARN))
    if row.code is not None:
        yield from _failure(row, row.code, view)
        if said := next((attempt.answer for attempt in reversed(attempts) if attempt.answer), ""):
            yield ("answer", foreign(said, answer_cells))
    yield ("from", *_from(row, attempts, view))
    if row.twins:
        named = " ".join(ticket_label(twin) for twin in row.twins[:_TWINS_NAMED])
        more = " …" if len(row.twins) > _TWINS_NAMED else ""
        yield ("also for", f"{figures.count(len(row.twins))} twins: {named}{more}")
    own_id = f" · id {row.external_id}" if row.external_id else ""
    yield ("class", f"{row.complexity or figures.UNKNOWN}, {figures.count(row.words)} words")
    yield ("row", foreign(f"{row.origin}{own_id}", 300))


def _failure(row: TicketRow, code: Code, view: View) -> Iterator[tuple[str, *tuple[Piece, ...]]]:
    ago = f", the last {figures.age(view.at - row.settled_at)} ago" if row.settled_at is not None else ""
    yield ("failed", (code, Tone.BAD), " ", foreign(row.message, 1000))
    yield ("tries", f"{tries(row)}{ago}")
    yield ("advice", RULES[code].advice)
    verdict = retry_verdict(code, wait_of(view.job, view.now_mono))
    alike = f" · {figures.count(row.alike)} more like it (c)" if row.alike else ""
    yield ("retry?", (verdict.words, RETRY_TONES[verdict.helps]), f": {verdict.why}{alike}")


def _from(row: TicketRow, attempts: Sequence[AttemptRow], view: View) -> Iterator[Piece]:
    if row.leader is not None:
        yield f"twin of {ticket_label(row.leader)}"
    elif row.batch is None:
        yield str(row.source or row.state)
    else:
        last = attempts[-1] if attempts else None
        place = f", {last.place} of {last.size}" if last is not None and last.batch == row.batch else ""
        cost = f" · {figures.money(row.cost, view.job.currency)}" if view.job.currency else ""
        yield foreign(f"{view.job.model} · " if view.job.model else "", 60)
        yield f"b-{row.batch:04d}{place} · {figures.count(row.tokens)} tokens{cost}"


def attempt_lines(attempts: Sequence[AttemptRow], cells: int) -> Iterator[Content]:
    """A head, and a line for each request: when, how long, what it waited and took, and what this ticket got."""
    if not attempts:
        return
    columns = fitted(_ATTEMPTS, cells, 0)
    yield laid_out([line((column.title, Tone.DIM)) for column in _ATTEMPTS], columns)
    for number, attempt in enumerate(attempts, start=1):
        yield laid_out(_attempt(number, attempt), columns)


def _attempt(number: int, attempt: AttemptRow) -> Sequence[Content]:
    tone = Tone.BAD if attempt.code else Tone.GOOD
    words = f"{attempt.code} {attempt.message}".rstrip() if attempt.code else _valid(attempt)
    waited = figures.short_seconds(attempt.wait_ms / 1000) if attempt.wait_ms >= _WAIT_WORTH_MS else figures.UNKNOWN
    return (
        line((str(number), Tone.DIM)),
        Content(figures.time_of_day(attempt.started_at)),
        Content(f"b-{attempt.batch:04d} ×{attempt.size}"),
        Content(str(attempt.http_status or figures.UNKNOWN)),
        Content(figures.short_seconds(attempt.latency_ms / 1000)),
        Content(waited),
        Content(figures.short_count(attempt.tokens) if attempt.tokens else figures.UNKNOWN),
        foreign(words, 300, tone),
    )


def _valid(attempt: AttemptRow) -> str:
    return f"asked again alone: {' '.join(attempt.alone)}" if attempt.alone else "valid"


def ticket_json(row: TicketRow) -> dict[str, object]:
    """What `Y` copies."""
    label = row.classification
    return {
        "ticket": ticket_label(row.position),
        "row": str(row.origin),
        "id": row.external_id,
        "text": row.text,
        "class": row.complexity,
        "category": label.category if label else None,
        "priority": label.priority if label else None,
        "summary": label.summary if label else None,
        "code": row.code,
        "error": row.message or None,
    }


class TicketFrame(Frame):
    """The box around the scrolling text."""

    NAME = "Ticket"


class TicketDialog(Dialog[None]):
    """Shows the ticket at `index` of `ids`; j and k go through the list it was opened from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        as_binding("list.down", "step(1)"),
        as_binding("list.up", "step(-1)"),
        as_binding("copy.id", "copy_id"),
        as_binding("copy.row", "copy_json"),
    ]

    def __init__(self, job_id: int, ids: Sequence[int], index: int) -> None:
        super().__init__()
        self._job_id = job_id
        self._ids = ids
        self._index = index
        self._row: TicketRow | None = None
        self._attempts: Sequence[AttemptRow] = ()

    def body(self) -> ComposeResult:
        with TicketFrame():
            yield VerticalScroll(Static("", markup=False, id="words"), id="text")
            yield VerticalScroll(Static("", markup=False, id="facts"))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#text").focus()
        self._read(self._ids[self._index])

    def action_step(self, by: int) -> None:
        index = max(0, min(len(self._ids) - 1, self._index + by))
        if index != self._index:
            self._index = index
            self._read(self._ids[index])

    def action_copy_id(self) -> None:
        self.forge.copy(ticket_label(self._ids[self._index]))

    def action_copy_json(self) -> None:
        if self._row is not None:
            self.forge.copy(json.dumps(ticket_json(self._row), ensure_ascii=False))

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
        if row.position != self._ids[self._index]:
            return
        self._row, self._attempts = row, attempts
        for part in self.query(VerticalScroll):
            part.scroll_home(animate=False)
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        row, frame = self._row, self.query_one(TicketFrame)
        if row is None:
            return
        place = f"{figures.count(self._index + 1)} of {figures.count(len(self._ids))}"
        frame.caption(
            line((ticket_label(row.position), Tone.STRONG), (f" · {place}", Tone.DIM)),
            "y copy  Y json  j k next prev  esc",
        )
        cells = max(20, frame.room - 1)  # the scrollbar takes one where the text is long
        known = [part for _, lines in facts(row, self._attempts, self.forge.view, cells) for part in lines]
        tried = [*attempt_lines(self._attempts, cells)]
        self.query_one("#words", Static).update(text_of(row))
        self.query_one("#facts", Static).update(Content("\n").join([*known, *([Content("")] if tried else []), *tried]))
