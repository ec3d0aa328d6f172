"""Mode 4: the classified tickets, counted by category and priority as bars, and listed under a filter."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.content import Content

from forge_tui.console.filters import result_filter
from forge_tui.console.hub import RowSource
from forge_tui.console.presentation import Tone, foreign, joined, line
from forge_tui.console.screens.answers import Question
from forge_tui.console.screens.row_list import REREAD_AFTER_S, RowList
from forge_tui.console.screens.rows_screen import RowsScreen
from forge_tui.console.view import View
from forge_tui.console.widgets.frame import Pane
from forge_tui.console.widgets.virtual_list import Column
from forge_tui.core.errors import ForgeError
from forge_tui.core.snapshot import Snapshot
from forge_tui.core.taxonomy import SUPPORT_TAXONOMY
from forge_tui.core.text import one_line
from forge_tui.core.ticket import Source, ticket_label
from forge_tui.storage.filters import Order
from forge_tui.storage.rows import LabelCounts, ResultRow
from forge_tui.telemetry import figures

_NAME_CELLS = 15
_SHARE_CELLS, _SHARE_FROM = 5, 32
_TEXT_NAME_CELLS = 6
_PRIORITY_TONES = {"critical": Tone.BAD, "high": Tone.WARN, "medium": Tone.PLAIN, "low": Tone.DIM}


class CountsPane(Pane):
    """How many of each label the whole job has, whatever the filter."""

    NAME = "Counts"
    _counts: LabelCounts | None = None
    _read_for: tuple[int, int] = (0, -1)
    _read_at = float("-inf")

    def show(self, view: View) -> None:
        wanted = (view.job.job_id, view.job.results_version)
        screen = self.screen
        if (
            wanted != self._read_for
            and view.now_mono - self._read_at >= REREAD_AFTER_S
            and isinstance(screen, ResultsScreen)
        ):
            self._read_for, self._read_at = wanted, view.now_mono
            self._read(view.job.job_id, screen.forge.hub.rows)
        self.caption(f"Counts · all {figures.count(view.job.done)} done")
        super().show(view)

    def lines(self, view: View, width: int, height: int) -> list[Content]:  # noqa: ARG002 - five categories at any height
        if self._counts is None or not view.job.done:
            return [line((none_yet(view.job), Tone.DIM))]
        half = (width - 3) // 2
        left = [_bar(name, self._counts.categories, half, Tone.LEAD) for name in SUPPORT_TAXONOMY.category_names]
        urgent_first = tuple(reversed(SUPPORT_TAXONOMY.priority_names))
        right = [
            _bar(name, self._counts.priorities, half, _PRIORITY_TONES.get(name, Tone.PLAIN)) for name in urgent_first
        ]
        sources = [
            line((f"{source} {figures.count(self._counts.sources.get(source, 0))}", Tone.DIM)) for source in Source
        ]
        right += [joined(sources, " · ", half)] * (len(left) > len(right))
        return [line(a, " " * (half + 3 - a.cell_length), b) for a, b in zip(left, right, strict=False)]

    @work(thread=True, exclusive=True, group="counts", exit_on_error=False)
    def _read(self, job_id: int, rows: RowSource) -> None:
        try:
            counts = rows.counts_by_label(job_id) if job_id else None
        except ForgeError:
            return
        self.app.call_from_thread(self._put, counts)

    def _put(self, counts: LabelCounts | None) -> None:
        self._counts = counts
        super().show(self._view)


def _bar(name: str, counts: dict[str, int], width: int, tone: str) -> Content:
    number, whole, most = counts.get(name, 0), sum(counts.values()), max(counts.values(), default=0)
    digits = len(figures.count(most)) + 2
    share = figures.percent(number, whole).rjust(_SHARE_CELLS) if width >= _SHARE_FROM else ""
    room = max(1, width - _NAME_CELLS - digits - len(share))
    bar = figures.eighths_bar(number / most if most else 0.0, room)
    return line(
        (f"{name:<{_NAME_CELLS}}", Tone.PLAIN),
        (f"{bar:<{room}}", tone),
        f"{figures.count(number):>{digits}}{share}",
    )


class ResultList(RowList):
    """Classified tickets; below them the text of the one under the cursor."""

    NAME = "Results"
    ROWS_ID = "result-rows"
    WITH_MARKS = False
    FOOT_FROM = 8
    COLUMNS = (
        Column("ticket", 8),
        Column("category", 14),
        Column("priority", 8),
        Column("from", 6, from_width=72),
        Column("class", 7, from_width=100),
        Column("summary", 0, from_width=56),
    )
    ORDERS = (Order.TICKET, Order.CATEGORY, Order.PRIORITY, Order.CLASS, Order.SOURCE)

    def filter_example(self) -> str:
        return "category:billing priority:high words"

    def version(self, view: View) -> int:
        return view.job.results_version

    def wrong_in(self, typed: str) -> str:
        return result_filter(typed)[1]

    def positions(self, rows: RowSource, asked: Question) -> Sequence[int]:
        found = rows.result_positions(asked.job_id, asked.sorting.order, **result_filter(asked.typed)[0])
        return found[::-1] if asked.sorting.backwards else found

    def page(self, rows: RowSource, job_id: int, positions: Sequence[int]) -> Sequence[ResultRow]:
        return rows.results(job_id, positions=positions)

    def cells(self, row: ResultRow) -> Sequence[Content]:
        came = f"b-{row.batch:04d}" if row.batch is not None else str(row.source)
        cut = "cut " if row.truncated or "cut" in row.flags else ""
        return (
            Content(ticket_label(row.position)),
            Content(row.category),
            line((row.priority, _PRIORITY_TONES.get(row.priority, Tone.PLAIN))),
            line((came, Tone.DIM)),
            line((row.complexity, Tone.DIM)),
            line((cut, Tone.WARN), foreign(row.summary, 300)),
        )

    def name_shown(self, shown: int) -> Content:
        done = self.view.job.done
        of = f" {figures.count(shown)} of {figures.count(done)}" if shown != done else f" {figures.count(done)}"
        nothing = " match. esc clears" if self.typed and not shown else ""
        return line("Results", of, nothing, (f" · {self.sorting}", Tone.DIM))

    def nothing_shown(self) -> str:
        job = self.view.job
        if not job.job_id:
            return "No job yet. n picks a file"
        if self.typed:
            return f"0 of {figures.count(job.done)} match. esc clears"
        return "What is classified stands here at once"

    def foot(self, width: int, height: int) -> Sequence[Content]:
        """The text of the ticket under the cursor, as much as there is room for."""
        row: ResultRow | None = self.list.row(self.list.current)
        if row is None:
            return ()
        text = one_line(row.text, (width - _TEXT_NAME_CELLS) * height)
        lines = Content(text).wrap(width - _TEXT_NAME_CELLS)[:height]
        names = ("text", *[""] * (len(lines) - 1))
        return [line((f"{name:<{_TEXT_NAME_CELLS}}", Tone.DIM), part) for name, part in zip(names, lines, strict=True)]


class ResultsScreen(RowsScreen):
    """Bars above, rows below."""

    FOOTER: ClassVar[tuple[str, ...]] = (
        "list.open",
        "list.filter",
        "list.sort",
        "export.filter",
        "copy.id",
        "copy.row",
    )
    AUTO_FOCUS = "#result-rows"

    def body(self) -> ComposeResult:
        yield CountsPane(id="counts")
        yield ResultList(id="results")


def none_yet(job: Snapshot) -> str:
    """Why a job has no result."""
    if job.in_flight:
        return f"No results yet. {figures.count(job.in_flight)} tickets in flight"
    return "No results yet"
